// SPDX-License-Identifier: Apache-2.0
// What the architecture lets a TLB do and hardware rarely does (design: mechanism 6): speculative walks of whatever is
// reachable, Access flags that they set, entries that leave L1 for no reason, TLBIs that take effect only where they
// must.
#include "models/mmu/mmu_impl.hpp"

#include <algorithm>
#include <cstring>

namespace bbmsim::mmu {

namespace {
constexpr u64 low_bits(unsigned n) { return (u64{1} << n) - 1; }
constexpr u64 kNtBit = u64{1} << 16;                          // of blocks
constexpr u64 kLeafFields = ~(low_bits(48) & ~low_bits(12));  // all of a descriptor but its output address

// How many entries of a table are valid at its level, and which is the nth. At most 8192 entries (64K granule), in RAM.
class ValidEntries {
public:
    ValidEntries(const RamView& ram, u64 table, u32 entries, Granule granule, unsigned level)
        : ram_(ram), table_(table), shift_(level < 3 && block_allowed(granule, level) ? 0 : 1) {
        for (u32 first = 0; first < entries; first += kPart) {
            u32 here = 0;
            const u32 some = std::min(entries - first, kPart);
            if (const u8* host = host_of(first))
                for (u32 i = 0; i < some; ++i) {
                    u64 value;
                    std::memcpy(&value, host + 8 * u64{i}, 8);
                    here += static_cast<u32>(valid(value));
                }
            else
                for (u32 i = 0; i < some; ++i) here += static_cast<u32>(valid(read(first + i)));
            part_[first / kPart] = here;
            count_ += here;
        }
    }
    [[nodiscard]] u32 count() const { return count_; }
    [[nodiscard]] u64 nth(u32 n) const {  // n < count()
        u32 at = 0;
        for (; n >= part_[at / kPart]; at += kPart) n -= part_[at / kPart];
        for (;; ++at)
            if (valid(read(at)) && n-- == 0) return at;
    }

private:
    static constexpr u32 kPart = 128;
    // Bit 0, and bit 1 where 0b01 is no block.
    [[nodiscard]] u64 valid(u64 value) const { return value & (value >> shift_) & 1; }
    [[nodiscard]] u64 read(u32 i) const { return ram_.read64(PhysAddr(table_ + 8 * u64{i})); }
    [[nodiscard]] const u8* host_of(u32 i) const {  // a part never crosses a page
        const PhysAddr pa(table_ + 8 * u64{i});
        return ram_.page_flags(pa) & kBacked ? ram_.at(pa) : nullptr;
    }

    const RamView& ram_;
    const u64 table_;
    const unsigned shift_;
    std::array<u32, 8192 / kPart> part_;
    u32 count_ = 0;
};
}  // namespace

MmuConfig nasty_structures(MmuConfig c) {
    if (c.nasty.retain) {  // nothing leaves but by TLBI, as far as 64 Ki entries go
        c.l2_tlb = {65536, 16, Policy::kRandom, c.l2_tlb.hit_cycles, c.l2_tlb.max_block_shift};
        c.walk_cache = {4096, 16, Policy::kRandom, c.walk_cache.hit_cycles, c.walk_cache.max_block_shift};
    }
    if (c.nasty.conflicts) c.conflict_across_structures = true;
    return c;
}

// A valid descriptor at each level, each as likely as the others: some VA that the tables map now. False: none found.
bool Mmu::Impl::pick_mapped(const HalfRegime& half, unsigned upper, u64& va) {
    WalkCursor cursor;
    if (walk_start(half, cursor)) return false;
    va = upper ? ~u64{0} << half.input_bits : 0;
    for (u64 table = cursor.table; cursor.level <= 3; ++cursor.level) {
        const unsigned shift = level_shift(half.granule, cursor.level);
        const unsigned width = cursor.level == half.start_level ? half.input_bits - shift : index_bits(half.granule);
        const u32 entries = u32{1} << width;
        if (!ram.contains(PhysAddr(table), 8 * u64{entries})) return false;
        u64 index = 0, value = 0;
        const auto valid = [&](u64 i) {
            value = ram.read64(PhysAddr(table + 8 * i));
            return Descriptor{value}.kind(half.granule, cursor.level) != DescriptorKind::kInvalid;
        };
        constexpr unsigned kTries = 4;  // a full table is not read as a whole
        unsigned tries = 0;
        while (tries < kTries && !valid(index = rng.below(entries))) ++tries;
        if (tries == kTries) {
            const ValidEntries some(ram, table, entries, half.granule, cursor.level);
            if (!some.count()) return false;
            (void)valid(index = some.nth(rng.below(some.count())));
        }
        va |= index << shift;
        const Descriptor d{value};
        if (d.kind(half.granule, cursor.level) != DescriptorKind::kTable) {
            va |= (rng.next() & ((u64{1} << shift) - 1)) & ~kPageMask;
            return true;
        }
        table = d.next_table(half.granule);
    }
    return false;
}

// Whether memory now translates va to another place, with other attributes or in another size than the entry.
bool Mmu::Impl::moved(const TlbEntry& e, u64 va) const {
    const WalkResult now = inspect_walk(ram, context, mmu.config, va);
    return !now.fault &&
           (now.pa != e.translate(va) || now.attr != e.attr || now.level != e.level || now.contiguous != e.contiguous);
}

// A walk that no instruction asked for: it fills like any other and faults for nobody.
void Mmu::Impl::speculate() {
    const unsigned upper = rng.below(2);
    u64 va = 0;
    if (rng.below(2) && recent_count) {  // near what was walked or changed lately
        const u64 near = recent[rng.below(std::min<u32>(recent_count, recent.size()))];
        va = near + (u64{rng.below(3)} - 1) * kPageBytes * (rng.below(2) ? 1 : 16);
    } else if (!pick_mapped(regime.half[upper], upper, va)) {
        return;
    }
    const HalfRegime& half = regime.half[(va >> 55) & 1];
    const bool fetch = rng.below(4) == 0;
    if (!in_range(half, va, fetch)) return;
    // What is held already is not walked again, but where memory says something else by now (R_WHZWS: that needs a
    // broken rule, or FEAT_BBM); a change of permissions alone makes no second entry (R_GPPYH).
    MatchSet held;
    (fetch ? l1i : l1d).lookup(va, regime.asid, held);
    l2.lookup(va, regime.asid, held);
    for (unsigned i = 0; i < held.count; ++i)
        if (!held.entry[i]->stale || !moved(*held.entry[i], va)) return;
    const Request q{
        .va = va, .access = fetch ? Access::kFetch : Access::kRead, .maintenance = true, .speculative = true};
    ++mmu.stats.speculative_walks;
    (void)walk_and_fill(q, va, {});
}

// Makes the entry of a page or block that of two or four, now and then: aligned in VA and output address, with
// descriptors that say the same in memory now. A walk may read them at any time (R_SQBCS). What is held of the
// neighbours, in this structure and in those that are looked at with it, must say the same too, or the wide entry would
// be a second match where software is right; their entries of this structure leave. Within a neighbouring block there
// may be smaller entries, so it must be held itself: then nothing new meets them. Blocks with nT=1 stay as they are:
// FEAT_BBM level 1 promises something about them (R_MRRPW).
bool Mmu::Impl::coalesce(Structure which, TlbEntry& e, u64 va) {
    if (e.table || e.contiguous || e.stale || e.level == 0 || e.origin.depth == 0 || e.perms.dirty_managed)
        return false;
    const bool second = which == Structure::kL2;
    const unsigned shift = level_shift(e.granule, e.level), extra = rng.below(second ? 8 : 3);
    if (extra == 0 || extra > 2 || Tlb::shift_of(e) != shift) return false;
    if (shift + extra > tlb(which).config().max_block_shift) return false;
    const u64 members = u64{1} << extra, mask = (members << shift) - 1;
    const u64 own_pa = e.origin.desc_pa[e.origin.depth - 1u], own = e.origin.desc_value[e.origin.depth - 1u];
    const u64 first_pa = own_pa & ~(8 * members - 1), first = own - ((own_pa - first_pa) >> 3 << shift);
    const u64 va_base = va & ~mask, pa_base = e.translate(va & ~low_bits(shift)) - ((va & ~low_bits(shift)) - va_base);
    if ((pa_base & mask) || ((first ^ own) & kLeafFields) || (e.level < 3 && (own & kNtBit))) return false;
    for (u64 i = 0; i < members; ++i)
        if (ram.read64(PhysAddr(first_pa + 8 * i)) != first + (i << shift)) return false;
    TlbEntry wide = e;
    wide.va_base = va_base;
    wide.va_mask = mask;
    wide.pa_base = pa_base;
    MatchSet leave;
    for (u64 i = 0; i < members; ++i) {
        const u64 at = va_base + (i << shift);
        MatchSet held, beside;
        tlb(which).lookup(at, regime.asid, held);
        if (second) {
            l1i.lookup(at, regime.asid, beside);
            l1d.lookup(at, regime.asid, beside);
        } else {
            l2.lookup(at, regime.asid, beside);
        }
        bool whole = e.level == 3 || at == (va & ~low_bits(shift));
        for (const MatchSet* matches : {&held, &beside})
            for (unsigned k = 0; k < matches->count; ++k) {
                if (matches->entry[k]->stale || !same_source(*matches->entry[k], wide, at)) return false;
                whole |= Tlb::shift_of(*matches->entry[k]) >= shift;
            }
        if (!whole) return false;
        for (unsigned k = 0; k < held.count; ++k) leave.add(held.entry[k]);
    }
    for (unsigned k = 0; k < leave.count; ++k) {
        if (!leave.entry[k]->valid) continue;
        ++mmu.stats.evictions;
        emit_fill(EventKind::kEvict, *leave.entry[k], which, 0);
        tlb(which).remove(leave.entry[k]);
    }
    e = wide;
    return true;
}

// What a coalesced entry says of va, as an entry of its own: made from the descriptor for va.
TlbEntry Mmu::Impl::member_of(const TlbEntry& wide, u64 va) const {
    TlbEntry e = wide;
    const unsigned shift = level_shift(e.granule, e.level);
    const u64 members = coalesced_members(wide), at = e.origin.depth - 1u;
    const u64 from = (e.origin.desc_pa[at] >> 3) & (members - 1), to = (va >> shift) & (members - 1);
    e.origin.desc_pa[at] += (to - from) * 8;
    e.origin.desc_value[at] += (to - from) << shift;
    e.va_mask = low_bits(shift);
    e.va_base = va & ~e.va_mask;
    e.pa_base = wide.translate(e.va_base);
    e.stale = wide.stale && !origin_is_current(e);
    return e;
}

// What a speculative walk found has AF=0: whether hardware sets it now. It may where the access would be translated, at
// one of the privileges (R_LHQRX). A descriptor that memory no longer holds stays as it is: the update is an atomic
// read-modify-write (R_LFTXR). The dirty state is for accesses that happen (R_DYCFD).
bool Mmu::Impl::sets_access_flag(const Request& q, const TlbEntry& walked_to, const WalkEnd& end) {
    if (!mmu.config.nasty.access_flags || !regime.access_flag_by_hw || rng.below(2)) return false;
    Request user = q;
    user.privileged = false;
    if (check_permission(walked_to.perms, regime.wxn, q) == Allowed::kNo &&
        check_permission(walked_to.perms, regime.wxn, user) == Allowed::kNo)
        return false;
    return ram.read64(PhysAddr(end.desc_pa)) == end.value;
}

void Mmu::disturb() {
    Impl& m = *impl_;
    if (!m.regime.on) return;
    if (config.nasty.walks()) m.speculate();
    if (config.nasty.retain && m.rng.below(4) == 0) {  // the next access asks the larger structures
        Tlb& l1 = m.rng.below(4) == 0 ? m.l1i : m.l1d;
        if (TlbEntry* e = l1.any_valid(m.rng)) {
            ++stats.evictions;
            l1.remove(e);
        }
    }
}

bool Mmu::Impl::postpone(const Tlbi& op) {
    constexpr std::size_t kMost = 64;
    if (postponed.size() == kMost) mmu.complete_maintenance();
    postponed.push_back(op);
    return true;
}

void Mmu::complete_maintenance() {
    Impl& m = *impl_;
    if (m.postponed.empty()) return;
    std::vector<Tlbi> due;
    due.swap(m.postponed);
    for (const Tlbi& op : due) m.invalidate_now(op);
}

}  // namespace bbmsim::mmu
