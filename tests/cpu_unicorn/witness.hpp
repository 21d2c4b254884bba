// SPDX-License-Identifier: Apache-2.0
// Unicorn (MAX model) with the same RAM contents and registers.
#pragma once

#include "tests/cpu_unicorn/machine.hpp"
#include "tests/cpu_unicorn/state.hpp"

#include <unicorn/unicorn.h>

#include <string>
#include <vector>

namespace bbmsim::difftest {

class Witness {
public:
    Witness();
    ~Witness();
    Witness(const Witness&) = delete;
    u8* memory() { return base_; }
    void write_code(u64 pa, const u32* words, unsigned count);
    void forget_code();  // before code addresses are used again
    void set_keys(const Keys& keys, u64 tcr_bits);
    bool run(const State& start, u64 end, State& out, std::string& why);

private:
    void write_system(u32 op0, u32 op1, u32 crn, u32 crm, u32 op2, u64 value);
    uc_engine* uc_ = nullptr;
    std::vector<u8> memory_ = std::vector<u8>(kRamBytes + 0x1000);
    u8* base_ = nullptr;
};

}  // namespace bbmsim::difftest
