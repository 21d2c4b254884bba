// SPDX-License-Identifier: Apache-2.0
// The last TLBIs by address or ASID of each PE, kept to say of a missing one what was wrong with the one that was
// meant: BBM-WRONG-TLBI. Looked at only when a finding is made; keeping it costs one store per TLBI.
#pragma once

#include "models/mmu/checker/pending.hpp"

#include <array>
#include <string>
#include <vector>

namespace bbmsim::mmu {

class TlbiLog {
public:
    void add_pe(PeId pe) {
        if (rings_.size() <= pe) rings_.resize(pe + 1u);
    }
    void add(PeId issuer, const Tlbi& op, PeMask targets, u64 at) {
        Ring& ring = rings_[issuer];
        ring.entries[ring.next++ % kKept] = {op, targets, at};
    }
    // Why a TLBI that `issuer` issued after `since` and that reached `pe` did not remove the old value, if one was
    // meant to: it addresses the entry, or just misses it. Empty: none was.
    [[nodiscard]] std::string near_miss(const Pending& p, const Roots& roots, PeId issuer, PeId pe) const;
    void archive(Archive& ar);

private:
    static constexpr std::size_t kKept = 64;
    struct Logged {
        Tlbi op;
        PeMask targets = 0;
        u64 at = 0;  // sequence number of its issue (ordering.hpp)
    };
    struct Ring {
        std::array<Logged, kKept> entries{};
        std::size_t next = 0;
    };
    std::vector<Ring> rings_;
};

}  // namespace bbmsim::mmu
