// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/census.hpp"

#include "models/mmu/walk.hpp"

#include <algorithm>
#include <tuple>

namespace bbmsim::mmu {

namespace {

class Counter {
public:
    Counter(const RamView& ram, const Regime& regime, const HalfRegime& half, Census& out)
        : ram_(ram), regime_(regime), half_(half), out_(out) {}

    // `base`: the first VA that the table maps.
    void table(const WalkCursor& at, u64 base) {
        ++out_.table_pages;
        const Granule g = half_.granule;
        const unsigned shift = level_shift(g, at.level);
        const unsigned width = at.level == half_.start_level ? half_.input_bits - shift : index_bits(g);
        const u64 last = (u64{1} << width) - 1;
        const u64 lo = std::max(out_.va_first, base), hi = std::min(out_.va_last, base + (last << shift | mask(shift)));
        if (lo > hi) return;
        for (u64 i = (lo - base) >> shift; i <= (hi - base) >> shift && out_.complete; ++i) {
            const u64 pa = at.table + 8 * i;
            if (!ram_.contains(PhysAddr(pa), 8)) return;
            if (++reads_ > Census::kMostReads) out_.complete = false;
            descriptor(at, ram_.read64(PhysAddr(pa)), base + (i << shift));
        }
    }

private:
    static constexpr u64 mask(unsigned bits) { return (u64{1} << bits) - 1; }

    void descriptor(const WalkCursor& at, u64 value, u64 va) {
        const Descriptor d{value};
        const Granule g = half_.granule;
        switch (d.kind(g, at.level)) {
            case DescriptorKind::kInvalid: return;
            case DescriptorKind::kTable: {
                WalkCursor next{d.next_table(g), static_cast<u8>(at.level + 1), at.restriction};
                if (next.table >> half_.output_bits) return;
                if (!half_.hpd) {
                    next.restriction.no_el0 |= d.no_el0_table();
                    next.restriction.read_only |= d.read_only_table();
                    next.restriction.uxn |= d.uxn_table();
                    next.restriction.pxn |= d.pxn_table();
                }
                table(next, va);
                return;
            }
            case DescriptorKind::kBlock:
            case DescriptorKind::kPage:
                if (d.output_address(g, at.level) >> half_.output_bits) return;
                leaf(at, value, va);
        }
    }

    void leaf(const WalkCursor& at, u64 value, u64 va) {
        const Granule g = half_.granule;
        const u64 span = u64{1} << level_shift(g, at.level);
        const unsigned members = contiguous_members(g, at.level);
        const bool contiguous = Descriptor{value}.contiguous() && members;
        if (out_.rows.empty()) out_.mapped_first = va;
        out_.mapped_last = va + span - 1;
        if (contiguous) {
            const u64 group = va / (span * members) + 1;
            if (last_group_[at.level] != group) ++out_.groups[at.level];
            last_group_[at.level] = group;
        }
        if (at.level < 3) block(va, span, at.level, contiguous);
        if (!row_ || value_key(value) != row_key_ || row_->level != at.level || !(restriction_ == at.restriction))
            find_row(at, value, va, contiguous);
        if (row_) ++row_->descriptors;
    }

    // What of a descriptor decides its row: everything but the output address and what software keeps there.
    static u64 value_key(u64 value) {
        constexpr u64 kAttributes = (u64{0x7f} << 48) | 0x3ff;  // GP, DBM, Contiguous, PXN, UXN; SH to type
        return value & kAttributes & ~(u64{3} << 48);
    }

    void find_row(const WalkCursor& at, u64 value, u64 va, bool contiguous) {
        const Leaf leaf = decode_leaf(regime_, half_, at.restriction, value, at.level, va);
        auto same = [&](const CensusRow& r) {
            return r.level == at.level && r.contiguous == contiguous && r.attr == leaf.attr && r.perms == leaf.perms;
        };
        auto found = std::ranges::find_if(out_.rows, same);
        if (found == out_.rows.end()) {
            if (out_.rows.size() == Census::kMostRows) {
                out_.complete = false;
                row_ = nullptr;
                return;
            }
            found = out_.rows.insert(found, CensusRow{at.level, contiguous, leaf.attr, leaf.perms, 0});
        }
        row_ = &*found;
        row_key_ = value_key(value);
        restriction_ = at.restriction;
    }

    void block(u64 va, u64 span, u8 level, bool contiguous) {
        auto& runs = out_.block_runs;
        if (!runs.empty() && out_.more_block_runs == 0) {
            BlockRun& last = runs.back();
            if (last.va_last + 1 == va && last.level == level && last.contiguous == contiguous) {
                last.va_last = va + span - 1;
                return;
            }
        }
        if (runs.size() < Census::kMostRuns)
            runs.push_back({va, va + span - 1, level, contiguous});
        else
            ++out_.more_block_runs;
    }

    const RamView& ram_;
    const Regime& regime_;
    const HalfRegime& half_;
    Census& out_;
    u64 reads_ = 0;
    std::array<u64, 4> last_group_{};
    CensusRow* row_ = nullptr;  // of the leaf before
    u64 row_key_ = 0;
    Restriction restriction_;
};

// The first VA of a half.
u64 half_base(const HalfRegime& half, unsigned which) { return which ? ~u64{0} << half.input_bits : 0; }

}  // namespace

Census census(const RamView& ram, const Context& context, const MmuConfig& config, u64 va_first, u64 va_last) {
    Census out;
    const Regime regime = decode_regime(context, config);
    const unsigned which = (va_first >> 55) & 1;
    const HalfRegime& half = regime.half[which];
    const u64 base = half_base(half, which);
    out.granule = half.granule;
    out.va_first = std::max(va_first, base);
    out.va_last = std::min(va_last, base + ((u64{1} << half.input_bits) - 1));
    WalkCursor cursor;
    const bool size_ok = half.range_mask[0] != 0;  // of TxSZ
    if (!regime.on || !size_ok || out.va_first > out.va_last || walk_start(half, cursor)) return out;
    Counter(ram, regime, half, out).table(cursor, base);
    std::ranges::stable_sort(out.rows, {}, [](const CensusRow& r) { return std::tuple(r.level, !r.contiguous); });
    return out;
}

VaRange linear_map_range(const Context& context, const MmuConfig& config) {
    const HalfRegime half = decode_regime(context, config).half[1];
    const u64 base = half_base(half, 1);
    return {base, base + ((u64{1} << (half.input_bits - 1)) - 1)};
}

}  // namespace bbmsim::mmu
