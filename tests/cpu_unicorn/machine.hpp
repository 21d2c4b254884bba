// SPDX-License-Identifier: Apache-2.0
// One PE of ours with 6 MiB of RAM, MMU on with an identity map, no devices.
#pragma once

#include "tests/cpu_unicorn/state.hpp"

#include <memory>
#include <string>

namespace bbmsim::difftest {

// Pointer authentication keys and the TCR, SCTLR that go with them: the same on both sides.
struct Keys {
    std::array<u64, 10> value{};  // IA, IB, DA, DB, GA: low, high
};

class Machine {
public:
    Machine();
    ~Machine();
    u8* memory();  // kRamBytes from kRamBase
    void write_code(u64 pa, const u32* words, unsigned count);
    void set_keys(const Keys& keys, u64 tcr_bits);
    // Runs from start to `end`, where a WFI is. False: it did not get there; `why` tells.
    bool run(const State& start, u64 end, State& out, std::string& why);
    [[nodiscard]] u64 instructions() const;

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace bbmsim::difftest
