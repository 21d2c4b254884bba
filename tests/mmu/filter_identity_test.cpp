// SPDX-License-Identifier: Apache-2.0
// The filter changes nothing (design: mechanism 7): random accesses, table stores, TLBIs and context switches, with
// the filter used as the engine uses it, give the same outcomes and the same figures with it on and off.
#include "models/mmu/rng.hpp"
#include "tests/mmu/machine.hpp"

#include <gtest/gtest.h>

namespace bbmsim::mmu::testing {
namespace {

struct Figures {
    std::vector<u64> trace;  // of each access: fault and physical address
    std::vector<u64> stats;
    u64 cycles = 0, filter_hits = 0;
};

class Harness {
public:
    Harness(const MmuConfig& config, u64 seed, bool filter) : m_(config, 2, 8 << 20, 99), rng_(seed) {
        for (auto& mmu : m_.mmus) mmu->filter.enabled = filter;
        for (u64& root : roots_) {
            root = m_.table();
            for (u64 page = 0; page < 24; ++page) m_.map(root, page << 12, 3, random_leaf(3));
            for (u64 block = 1; block < 4; ++block) m_.map(root, block << 21, 2, random_leaf(2));
        }
    }
    Figures run(unsigned steps) {
        switch_context(0);
        switch_context(1);
        for (unsigned i = 0; i < steps; ++i) {
            const unsigned pe = rng_.below(2);
            const u32 what = rng_.below(1000);
            if (what < 960)
                access_once(pe);
            else if (what < 985)
                store_descriptor(pe);
            else if (what < 995)
                tlbi();
            else
                switch_context(pe);
        }
        for (unsigned pe = 0; pe < 2; ++pe) {
            const MmuStats& s = m_.mmu(pe).stats;
            figures_.stats.insert(figures_.stats.end(),
                                  {s.l1i_accesses, s.l1i_misses, s.l1d_accesses, s.l1d_misses, s.l2_accesses,
                                   s.l2_misses, s.walk_cache_hits, s.walks, s.walk_reads, s.walk_cycles, s.fills,
                                   s.evictions, s.conflicts, s.conflict_aborts, s.stale_uses, s.hw_af_updates,
                                   s.hw_dirty_updates, s.entries_invalidated, s.tlbis_received});
        }
        return figures_;
    }

private:
    u64 random_leaf(unsigned level) {
        u64 v = (level == 3 ? bits::kPage : bits::kBlock) | bits::kInnerShare;
        v |= kBase + (u64{rng_.below(level == 3 ? 1024 : 4)} << (level == 3 ? 12 : 21));
        v |= bits::attr(rng_.below(8) ? kNormal : 1);
        if (rng_.below(4) == 0) v |= bits::kRo;
        if (rng_.below(2)) v |= bits::kDbm;
        if (rng_.below(2)) v |= bits::kNg;
        if (rng_.below(2)) v |= bits::kEl0;
        if (rng_.below(6) == 0) v &= ~bits::kAf;
        if (level == 3 && rng_.below(6) == 0) v |= bits::kCont;
        return v;
    }
    u64 random_va() {
        // Mostly a few pages, so that hits are common.
        if (rng_.below(5)) return u64{rng_.below(6)} << 12 | rng_.below(4096 / 8) * 8;
        return rng_.below(2) ? u64{rng_.below(28)} << 12 : (u64{rng_.below(4)} << 21) + (u64{rng_.below(8)} << 12);
    }
    void switch_context(unsigned pe) {
        const u32 which = rng_.below(4);
        u64 extra = tcr::kAs | (rng_.below(3) ? tcr::kHa | tcr::kHd : 0);
        Context c = context(roots_[which & 1] | u64{which} << 48, 0, Granule::k4K, extra);
        if (rng_.below(8) == 0) c.sctlr = 0;
        m_.mmu(pe).set_context(c);
    }
    void store_descriptor(unsigned pe) {
        const u64 root = roots_[rng_.below(2)];
        const bool page = rng_.below(3);
        const u64 va = page ? u64{rng_.below(24)} << 12 : u64{1 + rng_.below(3)} << 21;
        const u64 value = rng_.below(4) ? random_leaf(page ? 3 : 2) : 0;
        // Now and then a block over the pages' table, or the table again: sizes overlap.
        if (rng_.below(12) == 0) {
            const u64 desc = m_.descriptor(root, 0, 2);
            u64& saved = saved_[root == roots_[1]];
            const u64 now = m_.get(desc);
            const bool table = (now & 3) == 3;
            if (table) saved = now;
            const u64 next = table ? random_leaf(2) : saved;
            m_.domain->store(static_cast<PeId>(pe), PhysAddr(desc), &next, 8, 0);
            return;
        }
        if (page && (m_.get(m_.descriptor(root, 0, 2)) & 3) != 3) return;
        m_.domain->store(static_cast<PeId>(pe), PhysAddr(m_.descriptor(root, va, page ? 3 : 2)), &value, 8, 0);
    }
    void tlbi() {
        static constexpr u8 kOps[] = {0, 1, 2, 3, 5, 7};
        const Tlbi op = *decode_tlbi(0, 8, 3, kOps[rng_.below(20) ? 1 + rng_.below(5) : 0],
                                     (random_va() >> 12) | u64{rng_.below(4)} << 48);
        for (auto& mmu : m_.mmus) mmu->invalidate(op);
    }
    // As the engine does it: filter, touch and count, or translate and insert.
    void access_once(unsigned pe) {
        Mmu& mmu = m_.mmu(pe);
        const u64 va = random_va();
        const auto kind = static_cast<Access>(rng_.below(3));
        const bool privileged = rng_.below(2);
        const auto bank =
            static_cast<TranslationFilter::BankId>((kind == Access::kFetch  ? TranslationFilter::kFetchEl0
                                                    : kind == Access::kRead ? TranslationFilter::kReadEl0
                                                                            : TranslationFilter::kWriteEl0) +
                                                   (privileged ? 1 : 0));
        if (FilterSlot* slot = mmu.filter.find(bank, va)) {
            ++figures_.filter_hits;
            if (kind == Access::kFetch) {
                if (mmu.touch_needed_fetch()) mmu.touch_fetch(slot->entry);
            } else if (mmu.touch_needed_data()) {
                mmu.touch_data(slot->entry);
            }
            if (mmu.counts_tlb_accesses()) ++(kind == Access::kFetch ? mmu.stats.l1i_accesses : mmu.stats.l1d_accesses);
            figures_.trace.push_back(u64{slot->page} << 12 | (va & 0xfff));
            return;
        }
        const Outcome out = mmu.translate(access(va, kind, privileged));
        figures_.cycles += out.cycles;
        figures_.trace.push_back(out.fault ? u64{out.fault.fsc()} << 56 : out.pa);
        if (!out.fault && out.filterable && m_.ram.contains(PhysAddr(out.pa)) &&
            (kind != Access::kWrite || out.writable))
            mmu.filter.insert(bank, va, m_.ram.at(PhysAddr(out.pa & ~kPageMask)), out.entry, out.pa);
    }

    Machine m_;
    SplitMix64 rng_;
    std::array<u64, 2> roots_{};
    std::array<u64, 2> saved_{};
    Figures figures_;
};

class FilterIdentity : public ::testing::TestWithParam<Policy> {};

TEST_P(FilterIdentity, FiguresAreTheSameWithAndWithout) {
    for (unsigned variant = 0; variant < 12; ++variant) {
        MmuConfig config;
        config.l1i_tlb = {8, 8, GetParam(), 0, 48};
        config.l1d_tlb = {variant & 1 ? 8u : 16u, variant & 1 ? 8u : 4u, GetParam(), 0, 48};
        config.l2_tlb = {32, 4, GetParam(), 5, 48};
        config.walk_cache = {8, 2, GetParam(), 0, 48};
        config.conflict = static_cast<ConflictBehaviour>(variant % 5);
        config.conflict_across_structures = variant & 2;
        config.conflict_free = variant & 4;
        config.invalidation = variant & 8 ? InvalidationPolicy::kMinimal : InvalidationPolicy::kTypical;
        config.tlbi_empties_l1 = variant == 3;
        if (variant == 5) config.l1d_tlb.max_block_shift = 16;
        const Figures with = Harness(config, 1000 + variant, true).run(20000);
        const Figures without = Harness(config, 1000 + variant, false).run(20000);
        EXPECT_EQ(with.trace, without.trace) << variant;
        EXPECT_EQ(with.stats, without.stats) << variant;
        EXPECT_EQ(with.cycles, without.cycles) << variant;
        EXPECT_GT(with.filter_hits, 2000u) << variant;
        EXPECT_EQ(without.filter_hits, 0u);
        u64 conflicts = 0, stale = 0, dirty = 0;
        for (unsigned pe = 0; pe < 2; ++pe) {
            conflicts += with.stats[pe * 19 + 12];
            stale += with.stats[pe * 19 + 14];
            dirty += with.stats[pe * 19 + 16];
        }
        EXPECT_GT(conflicts, 0u) << variant;  // the sequences do meet what could go wrong
        EXPECT_GT(stale, 0u) << variant;
        EXPECT_GT(dirty, 0u) << variant;
    }
}

INSTANTIATE_TEST_SUITE_P(Policies, FilterIdentity,
                         ::testing::Values(Policy::kFifo, Policy::kRandom, Policy::kNru, Policy::kPlru, Policy::kLru));

}  // namespace
}  // namespace bbmsim::mmu::testing
