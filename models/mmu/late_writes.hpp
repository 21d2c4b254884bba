// SPDX-License-Identifier: Apache-2.0
// Descriptor writes that walkers may not have seen yet: until the writer's DSB, or a bounded time (design: mechanism
// 6). Part of the nasty TLB; empty and never asked without it.
#pragma once

#include "models/mmu/types.hpp"

#include <array>

namespace bbmsim::mmu {

class LateWrites {
public:
    u64 window_ps = 0;  // 0: every write is seen at once

    void add(PeId writer, u64 desc_pa, u64 before, u64 now_ps) {
        writes_[next_++ % writes_.size()] = {desc_pa, before, now_ps + window_ps, writer};
    }
    void ordered(PeId writer) {
        for (Write& w : writes_)
            if (w.writer == writer) w = {};
    }
    // An earlier value that a walk at this time may still read; null: memory's only.
    [[nodiscard]] const u64* earlier(u64 desc_pa, u64 now_ps) const {
        for (const Write& w : writes_)
            if (w.desc_pa == desc_pa && now_ps < w.until_ps) return &w.before;
        return nullptr;
    }

private:
    struct Write {
        u64 desc_pa = ~u64{0}, before = 0, until_ps = 0;
        PeId writer = kNoPe;
    };
    std::array<Write, 64> writes_{};
    std::size_t next_ = 0;
};

}  // namespace bbmsim::mmu
