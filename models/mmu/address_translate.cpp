// SPDX-License-Identifier: Apache-2.0
// AT S1E0R/W, S1E1R/W(P): PAR_EL1 as D17.2 and C5.4 give it.
#include "models/mmu/mmu_impl.hpp"

namespace bbmsim::mmu {

u64 Mmu::address_translate(u64 va, bool write, bool el0, bool pan_variant_denies_user) {
    Request q;
    q.va = va;
    q.access = write ? Access::kWrite : Access::kRead;
    q.privileged = !el0;
    q.pan = pan_variant_denies_user;
    q.maintenance = true;
    const Outcome out = translate(q);
    constexpr u64 kRes1 = u64{1} << 11;
    if (out.fault) return kRes1 | static_cast<u64>(out.fault.fsc()) << 1 | 1;
    const auto share = static_cast<u64>(out.attr.share);
    return static_cast<u64>(encode_mair(out.attr)) << 56 | (out.pa & ((u64{1} << 48) - 1) & ~kPageMask) | kRes1 |
           share << 7;
}

}  // namespace bbmsim::mmu
