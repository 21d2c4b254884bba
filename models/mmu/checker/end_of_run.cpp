// SPDX-License-Identifier: Apache-2.0
// What is owed still when the run, or its phase, ends: replacements that a FEAT_BBM level permits and that no TLBI
// followed.
#include "models/mmu/checker/impl.hpp"

#include <utility>

namespace bbmsim::mmu {

void BbmChecker::Impl::end_of_run(u64 now_ps) {
    pending.sweep(true);
    pending.for_each([&](PendingId, Pending& p) {
        const PeMask open = pending.unclean(p) & p.permitted & ~p.violated & awake_mask();
        if (!open || p.finished) return;
        p.finished = true;
        const u64 memory = domain.ram.read64(PhysAddr(p.desc_pa));
        ByRule broken{};
        PeMask all = 0, quiet = 0;
        std::string why;
        memo.clear();
        Site site{p.writer, p.pc, p.now_ps, p.desc_pa, p.va, p.root, p.level, p.granule, p.before, memory};
        const PeMask walkers = p.kind == DescKind::kTable ? pending.unclean_walk(p) : ~PeMask{0};
        for_each_pe(open, [&](PeId pe) {
            const bool itself = (walkers & pe_bit(pe)) && old_meets(p, memory, pe, true);
            bool own = itself, other = false;
            for (const LeavesBelow& leaves : p.below)
                if (!(leaves.told & pe_bit(pe)) && left_below(site, p, pe, true, nullptr, &leaves))
                    (leaves.earlier ? other : own) = true;
            if (!own && !other) return;
            if (pes[pe].promise.conflict_free) {
                quiet |= pe_bit(pe);
                return;
            }
            all |= pe_bit(pe);
            const Rule rule = sequence_rule(p, p.writer, pe, why);
            if (own) broken[static_cast<unsigned>(rule)] |= pe_bit(pe);
            for (const LeavesBelow& leaves : p.below) {
                if (!leaves.earlier || (leaves.told & pe_bit(pe))) continue;
                if (!left_below(site, p, pe, true, nullptr, &leaves)) continue;
                Site then = site;
                then.writer = leaves.writer, then.pc = leaves.pc, then.now_ps = leaves.now_ps;
                if (rule == Rule::kWrongTlbi) then.detail = why;
                violate(rule, then, pe_bit(pe));
            }
        });
        if (p.cause_pa) site.desc_pa = p.cause_pa;
        if (quiet) note(site, quiet);
        p.violated |= all;
        if (!p.alike.empty()) {
            const LastAlike& last = p.alike.front();
            Site later = site;
            later.writer = last.writer, later.pc = last.pc, later.now_ps = last.now_ps;
            PeMask of_last = 0;  // who holds that value too, and will be told of it
            for (PendingId id = pending.first_of(p.desc_pa); id != kNone; id = pending[id].next_same_desc) {
                const Pending& q = pending[id];
                if (&q != &p && q.pc == last.pc && q.now_ps == last.now_ps)
                    of_last |= last.told_already & pending.unclean(q) & q.permitted;
            }
            ByRule untold{};
            for (unsigned r = 0; r < broken.size(); ++r) untold[r] = std::exchange(broken[r], 0) & ~of_last;
            violate_all(std::move(later), untold, why);
        }
        for (unsigned r = 0; r < broken.size(); ++r) {
            if (!broken[r]) continue;
            site.detail = static_cast<Rule>(r) == Rule::kWrongTlbi ? why : std::string();
            violate(static_cast<Rule>(r), site, broken[r]);
            late_hazards(p.desc_pa, broken[r], let_in[p.desc_pa].violation);
        }
    });
    for (std::size_t pe = 0; pe < pes.size(); ++pe)
        for (unsigned half = 0; half < 2; ++half) judge_reinterpretation(static_cast<PeId>(pe), half);
    (void)now_ps;
}

}  // namespace bbmsim::mmu
