// SPDX-License-Identifier: Apache-2.0
// What the simulator itself costs the host: nothing that a guest could see, and no part of a snapshot.
#pragma once

#include "models/mmu/types.hpp"

namespace bbmsim::sim {

struct HostUsage {
    double wall_s = 0;       // of a monotonic clock
    double cpu_s = 0;        // of all threads of this process
    u64 peak_rss_bytes = 0;  // of this process, so far

    [[nodiscard]] static HostUsage now();
};

}  // namespace bbmsim::sim
