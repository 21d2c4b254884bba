// SPDX-License-Identifier: Apache-2.0
// Barriers and TLB maintenance: what becomes ordered, issued, complete.
#include "models/mmu/checker/impl.hpp"

#include <algorithm>

namespace bbmsim::mmu {

void BbmChecker::Impl::tlbi(PeId pe, const Tlbi& issued) {
    Tlbi op = issued;
    if (pes[pe].promise.asid_bits < 16 || !((pes[pe].context.tcr >> 36) & 1)) op.operand &= ~(u64{0xff} << 56);
    const PeMask targets = op.broadcast() ? online_mask() | pe_bit(pe) : pe_bit(pe);
    if (op.kind == TlbiKind::kVmall || op.kind == TlbiKind::kAsid)
        for_each_pe(targets, [&](PeId at) {
            roots.flush_issued(at, op.kind == TlbiKind::kAsid ? std::optional(op.asid()) : std::nullopt);
        });
    if (op.kind == TlbiKind::kVmall) {
        ordering.issue_vmall(pe, op.scope, targets);
        return;
    }
    const u64 now = ordering.tick();
    tlbi_log.add(pe, op, targets, now);
    pending.issue(pe, op, targets);
    Outstanding& mine = outstanding[pe][static_cast<unsigned>(op.scope)];
    if (op.kind == TlbiKind::kAsid) {
        mine.asids.push_back({op.asid(), now, targets});
        return;
    }
    // A PE that has left a root it may hold entries of: remember what was flushed.
    PeMask left = 0;
    roots.for_each([&](RootId, Root& r) { left |= (r.residue | r.global) & ~r.reach; });
    if (!(left & targets)) return;
    for (const Granule g : {Granule::k4K, Granule::k16K, Granule::k64K}) {
        const TlbiSpan s = tlbi_span(op, g);
        if (!s.required || !s.bytes) continue;
        mine.spans.push_back(
            {{s.va, s.bytes, now, op.asid(), op.any_asid(), op.last_level_only(), g, s.ttl_level}, left & targets});
    }
}

void BbmChecker::Impl::dsb(PeId pe, BarrierDomain domain_of, BarrierType type) {
    ordering.dsb(pe, domain_of, type);
    for (const TlbiScope scope : {TlbiScope::kLocal, TlbiScope::kInner, TlbiScope::kOuter}) {
        if (!Ordering::completes(scope, domain_of, type)) continue;
        const bool broadcast = scope != TlbiScope::kLocal;
        touched.clear();
        touched_roots.clear();
        pending.complete(pe, scope, touched);
        PeMask flushed = 0;
        ordering.complete_vmall(pe, scope, [&](PeMask targets, u64 issued) {
            flushed |= targets;
            for_each_pe(targets, [&](PeId at) { roots.vmall_completed(at, issued, touched_roots); });
            for_each_pe(targets, [&](PeId at) { reinterpretation_flushed(at, issued); });
        });
        Outstanding& mine = outstanding[pe][static_cast<unsigned>(scope)];
        for (const SpanIssue& s : mine.spans)
            for_each_pe(s.targets, [&](PeId at) { roots.span_completed(at, s.span, ordering.now()); });
        PeMask by_asid = 0;
        for (const AsidIssue& a : mine.asids) by_asid |= a.targets;
        for (const AsidIssue& a : mine.asids)
            for_each_pe(a.targets,
                        [&](PeId at) { roots.asid_completed(at, a.asid, a.issued, ordering.now(), touched_roots); });
        mine.spans.clear();
        mine.asids.clear();
        for (const RootId id : touched_roots)  // PEs that had left, and hold nothing of it any more
            for_each_pe((flushed | by_asid) & ~roots[id].reach & ~roots[id].residue,
                        [&](PeId gone) { pending.forget(id, gone, !(roots[id].global & pe_bit(gone))); });
        for (const PendingId id : touched) pending.drop_if_clean(id);
        if (flushed && !pending.empty()) pending.sweep(broadcast);
        for (const RootId id : touched_roots) release_unheld(id);
        if (waiting.empty() || (touched.empty() && !flushed)) continue;
        touched_roots.clear();
        touched_roots.swap(waiting);
        for (const RootId id : touched_roots) release_unheld(id);
    }
}

}  // namespace bbmsim::mmu
