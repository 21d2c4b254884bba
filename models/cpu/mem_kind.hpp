// SPDX-License-Identifier: Apache-2.0
// What an access is to the caches.
#pragma once

#include "models/mmu/types.hpp"

namespace bbmsim::cpu::fast {

enum class Kind : u8 {
    kRead,
    kWrite,
    kUpdate,  // a store that waits for its line: atomics, exclusives
    kZero     // of a whole line
};

}  // namespace bbmsim::cpu::fast
