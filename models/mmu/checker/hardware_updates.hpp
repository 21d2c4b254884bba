// SPDX-License-Identifier: Apache-2.0
// What hardware made of descriptors and no PE has read since: Access flags that walkers set, dirty states. A plain
// store over one of them that puts the bit back loses it for certain (BBM-HW-UPDATE).
//
// Only pages with such an update have their loads looked at (kHwUpdated); a page goes back to the fast path once all of
// its updates were read or written over.
#pragma once

#include "models/mmu/types.hpp"

#include <unordered_map>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::mmu {

class InnerDomain;

struct HardwareUpdate {
    u64 desc_pa = 0;
    u64 value = 0;  // the whole descriptor as hardware left it
    u64 bits = 0;   // AF if it was set, AP[2] if it was cleared
    u64 at_ps = 0;
    PeId pe = kNoPe;
    void archive(Archive& ar);
};

class HardwareUpdates {
public:
    explicit HardwareUpdates(InnerDomain& domain) : domain_(domain) {}

    void add(u64 desc_pa, u64 before, u64 after, PeId pe, u64 now_ps);
    void read(u64 pa, u64 size);             // by any PE
    void written(u64 desc_pa, u64 covered);  // by software: these bits of the descriptor
    [[nodiscard]] const HardwareUpdate* find(u64 desc_pa) const;
    void archive(Archive& ar);

private:
    using Page = std::unordered_map<u64, std::vector<HardwareUpdate>>::iterator;
    void settle(Page page);  // nothing left: loads are fast again

    static constexpr std::size_t kMostPages = 65536;  // updates in more pages than that are forgotten
    InnerDomain& domain_;
    std::unordered_map<u64, std::vector<HardwareUpdate>> pages_;
};

}  // namespace bbmsim::mmu
