// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/walk.hpp"

namespace bbmsim::mmu {

Permissions to_permissions(const Restriction& r) {
    Permissions p;
    p.read_el0 = !r.no_el0;
    p.write_el0 = !r.no_el0 && !r.read_only;
    p.exec_el0 = !r.uxn;
    p.read_el1 = true;
    p.write_el1 = !r.read_only;
    p.exec_el1 = !r.pxn;
    return p;
}

Restriction to_restriction(const Permissions& p) { return {!p.read_el0, !p.write_el1, !p.exec_el0, !p.exec_el1}; }

Leaf decode_leaf(const Regime& regime, const HalfRegime& half, const Restriction& r, u64 value, unsigned level,
                 u64 va) {
    const Descriptor d{value};
    const Granule g = half.granule;
    Leaf leaf;
    leaf.pa_base = d.output_address(g, level);
    leaf.span = u64{1} << level_shift(g, level);
    // A member whose output address does not fit its place in the group is held alone (R_JQQTC: a programmed value).
    const unsigned members = d.contiguous() ? contiguous_members(g, level) : 0;
    if (members && ((leaf.pa_base ^ va) & (leaf.span * members - 1) & ~(leaf.span - 1)) == 0) {
        leaf.contiguous = true;
        leaf.span *= members;
        leaf.pa_base &= ~(leaf.span - 1);
    }
    leaf.global = !d.not_global();
    leaf.access_flag = d.access_flag();
    leaf.attr = with_shareability(regime.attr[d.attr_index()], d.share());

    // DBM under hardware dirty management makes AP[2] say "clean", not "read-only".
    const bool clean = d.read_only() && d.dirty_modifier() && regime.dirty_by_hw && !r.read_only;
    const bool writable = !r.read_only && (!d.read_only() || clean);
    const bool el0 = d.el0_access() && !r.no_el0;
    Permissions& p = leaf.perms;
    p.read_el1 = true;
    p.write_el1 = writable;
    p.read_el0 = el0;
    p.write_el0 = el0 && writable;
    p.exec_el0 = !d.uxn() && !r.uxn;
    p.exec_el1 = !d.pxn() && !r.pxn && !p.write_el0;  // writable at EL0 is never executable at EL1
    p.guarded = d.guarded();
    p.dirty_managed = clean;
    return leaf;
}

Allowed check_permission(const Permissions& p, bool wxn, const Request& q) {
    bool ok = false;
    switch (q.access) {
        case Access::kFetch:
            ok = q.privileged ? p.exec_el1 && !(wxn && p.write_el1) : p.exec_el0 && !(wxn && p.write_el0);
            return ok ? Allowed::kYes : Allowed::kNo;
        case Access::kRead: ok = q.privileged ? p.read_el1 : p.read_el0; break;
        case Access::kWrite: ok = q.privileged ? p.write_el1 : p.write_el0; break;
    }
    // A read-modify-write needs both; what can be written can be read in this regime.
    if (q.privileged && q.pan && p.read_el0) ok = false;
    if (!ok) return Allowed::kNo;
    return q.access == Access::kWrite && p.dirty_managed ? Allowed::kNeedsDirty : Allowed::kYes;
}

namespace {
struct Recorder {
    std::vector<WalkStep>& steps;
    static u64 seen(u64, u64 value) { return value; }
    void read(u64 pa, u64 value, u8 level) { steps.push_back({pa, value, level}); }
    void table(const WalkCursor&, u64, u64, u8) {}
};
}  // namespace

WalkResult inspect_walk(const RamView& ram, const Context& context, const MmuConfig& config, u64 va) {
    WalkResult result;
    const Regime regime = decode_regime(context, config);
    const unsigned which = (va >> 55) & 1;
    const HalfRegime& half = regime.half[which];
    if (!regime.on) {
        const u64 address = half.tbi[0] ? va & (~u64{0} >> 8) : va;
        result.span_bytes = kPageBytes;
        result.attr = decode_mair(0);
        result.perms = {true, true, true, true, true, true, false, false};
        result.global = true;
        if (address >> regime.pa_bits)
            result.fault = {FaultType::kAddressSize, 0};
        else
            result.pa = address;
        return result;
    }
    if (!in_range(half, va, false)) {
        result.fault = {FaultType::kTranslation, 0};
        return result;
    }
    va = canonical(va, half.tbi[0]);
    WalkCursor cursor;
    result.fault = walk_start(half, cursor);
    if (result.fault) return result;
    Recorder recorder{result.steps};
    const WalkEnd end = walk(ram, half, config.nt_faults, va, cursor, recorder);
    result.level = end.level;
    result.fault = end.fault;
    if (result.fault) return result;
    const Leaf leaf = decode_leaf(regime, half, end.restriction, end.value, end.level, va);
    const u64 bytes = u64{1} << level_shift(half.granule, end.level);
    result.span_bytes = bytes;
    result.pa = Descriptor{end.value}.output_address(half.granule, end.level) | (va & (bytes - 1));
    result.attr = leaf.attr;
    result.perms = leaf.perms;
    result.global = leaf.global;
    result.contiguous = Descriptor{end.value}.contiguous() && contiguous_members(half.granule, end.level) != 0;
    if (!leaf.access_flag && !regime.access_flag_by_hw) result.fault = {FaultType::kAccessFlag, end.level};
    return result;
}

}  // namespace bbmsim::mmu
