// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/regime.hpp"

#include <algorithm>

namespace bbmsim::mmu {
namespace {

constexpr u64 bits(u64 v, unsigned hi, unsigned lo) { return (v >> lo) & ((u64{2} << (hi - lo)) - 1); }

Granule decode_granule(unsigned half, u64 tcr, const MmuConfig& c) {
    const auto smallest = c.granule_4k ? Granule::k4K : c.granule_16k ? Granule::k16K : Granule::k64K;
    // TG0: 00 4K, 01 64K, 10 16K. TG1: 01 16K, 10 4K, 11 64K.
    Granule g = smallest;
    if (half == 0) {
        const u64 tg = bits(tcr, 15, 14);
        if (tg == 3) return smallest;
        g = tg == 0 ? Granule::k4K : tg == 1 ? Granule::k64K : Granule::k16K;
    } else {
        const u64 tg = bits(tcr, 31, 30);
        if (tg == 0) return smallest;
        g = tg == 1 ? Granule::k16K : tg == 2 ? Granule::k4K : Granule::k64K;
    }
    const bool implemented = g == Granule::k4K ? c.granule_4k : g == Granule::k16K ? c.granule_16k : c.granule_64k;
    return implemented ? g : smallest;
}

u8 output_bits(u64 tcr, u32 pa_bits) {
    static constexpr u8 kSizes[8] = {32, 36, 40, 42, 44, 48, 48, 48};
    return std::min<u8>(kSizes[bits(tcr, 34, 32)], static_cast<u8>(pa_bits));
}

HalfRegime decode_half(unsigned half, const Context& ctx, const MmuConfig& config) {
    HalfRegime h;
    const u64 tcr = ctx.tcr;
    const auto size = static_cast<unsigned>(half ? bits(tcr, 21, 16) : bits(tcr, 5, 0));
    h.granule = decode_granule(half, tcr, config);
    h.output_bits = output_bits(tcr, config.pa_bits);
    h.disabled = bits(tcr, half ? 23 : 7, half ? 23 : 7);
    h.hpd = bits(tcr, 41 + half, 41 + half);
    h.e0pd = bits(tcr, 55 + half, 55 + half);
    const bool tbi = bits(tcr, 37 + half, 37 + half);
    const bool tbid = bits(tcr, 51 + half, 51 + half);
    h.tbi[0] = tbi;
    h.tbi[1] = tbi && !tbid;
    const bool size_ok = size >= 16 && size <= 39;
    h.input_bits = static_cast<u8>(size_ok ? 64 - size : 48);
    for (unsigned fetch = 0; fetch < 2; ++fetch) {
        u64 mask = ~u64{0} << h.input_bits;
        if (h.tbi[fetch]) mask &= ~u64{0} >> 8;
        h.range_mask[fetch] = size_ok ? mask : 0;
        h.range_value[fetch] = size_ok ? (half ? mask : 0) : 1;  // 0 == 1 never: every VA faults
    }
    const unsigned page = granule_shift(h.granule);
    const unsigned stride = index_bits(h.granule);
    h.start_level = static_cast<u8>(4 - (h.input_bits - page + stride - 1) / stride);
    const unsigned table_shift = h.input_bits - level_shift(h.granule, h.start_level) + 3;
    const u64 ttbr = half ? ctx.ttbr1 : ctx.ttbr0;
    h.base = bits(ttbr, 47, 0) & ~((u64{1} << table_shift) - 1);
    h.base_fault = (h.base >> h.output_bits) != 0;
    return h;
}

}  // namespace

u16 Context::asid(unsigned asid_bits) const {
    const auto value = static_cast<u16>((a1() ? ttbr1 : ttbr0) >> 48);
    const bool wide = asid_bits == 16 && ((tcr >> 36) & 1);
    return wide ? value : value & 0xff;
}

MemAttr decode_mair(u8 attr) {
    MemAttr m;
    const u8 outer = attr >> 4, inner = attr & 15;
    if (outer == 0) {
        m.type = static_cast<MemType>(inner >> 2);
        m.inner = m.outer = 0;
        m.share = Shareability::kOuter;
        return m;
    }
    if (attr == 0xf0) {
        m.type = MemType::kNormalTagged;
        m.inner = m.outer = 0xf;
    } else {
        m.type = MemType::kNormal;
        m.outer = outer;
        m.inner = inner ? inner : outer;  // 0x40, 0xA0 (FEAT_XS) and the reserved ones
    }
    m.share = Shareability::kOuter;
    return m;
}

MemAttr with_shareability(MemAttr attr, Shareability share) {
    const bool non_cacheable = attr.inner == 4 && attr.outer == 4;
    if (attr.is_device() || non_cacheable)
        attr.share = Shareability::kOuter;
    else
        attr.share = share == Shareability::kReserved ? Shareability::kNon : share;
    return attr;
}

u8 encode_mair(const MemAttr& attr) {
    if (attr.is_device()) return static_cast<u8>(static_cast<u8>(attr.type) << 2);
    if (attr.type == MemType::kNormalTagged) return 0xf0;
    return static_cast<u8>(attr.outer << 4 | attr.inner);
}

Regime decode_regime(const Context& ctx, const MmuConfig& config) {
    Regime r;
    r.on = ctx.mmu_on();
    r.wxn = (ctx.sctlr >> 19) & 1;
    r.access_flag_by_hw = config.hafdbs_af && ((ctx.tcr >> 39) & 1);
    r.dirty_by_hw = r.access_flag_by_hw && config.hafdbs_dirty && ((ctx.tcr >> 40) & 1);
    r.asid = ctx.asid(config.asid_bits);
    r.pa_bits = static_cast<u8>(config.pa_bits);
    for (unsigned i = 0; i < 2; ++i) r.half[i] = decode_half(i, ctx, config);
    for (unsigned i = 0; i < 8; ++i) r.attr[i] = decode_mair(static_cast<u8>(ctx.mair >> (8 * i)));
    return r;
}

}  // namespace bbmsim::mmu
