// SPDX-License-Identifier: Apache-2.0
// Random instruction sequences from the encoding table that both sides can execute without an exception.
#pragma once

#include "models/cpu/decode.hpp"
#include "tests/cpu_unicorn/state.hpp"

#include <random>
#include <string>

namespace bbmsim::difftest {

// Register roles within a sequence of several instructions; a single instruction may write any register.
//   x0..x16, x30  operands and results
//   x17, x18      index registers for UXTW and SXTW: a small number with garbage above
//   x19           target of BR, BLR, RET
//   x20..x23      bases of pre- and post-indexed accesses
//   x24..x27, sp  bases, aligned to 16
//   x28, x29      small index registers
class Generator {
public:
    Generator(u64 seed, bool pauth, std::string only = {});  // only: lines of these names or features
    // About `length` random instructions at `pc`, and the WFI at which both sides stop.
    Sequence sequence(u64 pc, unsigned length);

private:
    struct Line {
        const cpu::EncodingInfo* info;
        bool memory, writes_back, stack, branch, exclusive, aligned;
    };
    u64 random(u64 n) { return rng_() % n; }
    u64 value();
    u64 number();
    cpu::VReg vector();
    State registers();
    u32 instruction(const Line& line, u64 pc, unsigned after, bool alone);
    void exclusive_pair(std::vector<u32>& words);
    void signed_use(Sequence& q, unsigned& jumps, u32& canonical);
    bool may_sign(u32 raw, u32& canonical) const;
    u32 put(const cpu::EncodingInfo& info, u32 raw, char letter, u64 value) const;

    std::mt19937_64 rng_;
    std::vector<Line> lines_;
    bool pauth_;
};

}  // namespace bbmsim::difftest
