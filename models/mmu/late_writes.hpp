// SPDX-License-Identifier: Apache-2.0
// Descriptor writes that walkers may not have seen yet: until the writer's DSB, or a bounded time, or until a PE that
// may have observed them has said by a barrier or a TLBI that it goes by what it saw (design: mechanism 6). Part of the
// nasty TLB; empty and never asked without it.
#pragma once

#include "models/mmu/types.hpp"

#include <array>
#include <bitset>

namespace bbmsim {
class Archive;
}

namespace bbmsim::mmu {

class LateWrites {
public:
    u64 window_ps = 0;  // 0: every write is seen at once

    void add(PeId writer, u64 desc_pa, u64 before, u64 now_ps) {
        writes_[next_++ % writes_.size()] = {desc_pa, before, now_ps + window_ps, writer, {}};
    }
    void ordered(PeId writer) {  // its DSB
        for (Write& w : writes_)
            if (w.writer == writer) w = {};
    }
    // A DSB of this PE that orders loads: what others wrote before, and it may have read, its walks see from now on.
    void observed(PeId pe) {
        for (Write& w : writes_)
            if (w.writer != pe) w.seen_by.set(pe);
    }
    // A TLBI of this PE: whoever walks after it sees at least what others wrote before; its own writes need its DSB.
    void invalidating(PeId issuer) {
        for (Write& w : writes_)
            if (w.writer != issuer) w = {};
    }
    // An earlier value that a walk of this PE may still read; null: memory's only.
    [[nodiscard]] const u64* earlier(PeId pe, u64 desc_pa, u64 now_ps) const {
        for (const Write& w : writes_)
            if (w.desc_pa == desc_pa && now_ps < w.until_ps && !w.seen_by[pe]) return &w.before;
        return nullptr;
    }
    void archive(Archive& ar);

private:
    struct Write {
        u64 desc_pa = ~u64{0}, before = 0, until_ps = 0;
        PeId writer = kNoPe;
        std::bitset<256> seen_by;
    };
    std::array<Write, 64> writes_{};
    std::size_t next_ = 0;
};

}  // namespace bbmsim::mmu
