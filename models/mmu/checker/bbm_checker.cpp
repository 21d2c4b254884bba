// SPDX-License-Identifier: Apache-2.0
#include "models/mmu/checker/bbm_checker.hpp"

#include "models/mmu/checker/impl.hpp"

namespace bbmsim::mmu {

BbmChecker::BbmChecker(InnerDomain& domain) : impl_(std::make_unique<Impl>(domain)) {}
BbmChecker::~BbmChecker() = default;

void BbmChecker::add_pe(PeId pe, const CheckerPe& promise) {
    if (pe >= kMaxPes) return;
    if (impl_->pes.size() <= pe) impl_->pes.resize(pe + 1u);
    impl_->pes[pe].promise = promise;
    impl_->pes[pe].view.bbml = promise.bbml;
    impl_->ordering.add_pe(static_cast<PeId>(impl_->pes.size() - 1));
    impl_->roots.add_pe(static_cast<PeId>(impl_->pes.size() - 1));
    impl_->tlbi_log.add_pe(static_cast<PeId>(impl_->pes.size() - 1));
}

void BbmChecker::on_store(PeId writer, PhysAddr pa, const void* new_bytes, u64 size, u64 pc, u64 now_ps,
                          StoreKind kind) {
    impl_->store({writer, pc, now_ps, kind}, pa.raw(), static_cast<const u8*>(new_bytes), size);
}
void BbmChecker::on_load(PhysAddr pa, u64 size) { impl_->unread.read(pa.raw(), size); }
void BbmChecker::time_is_lines() { impl_->lines = true; }
void BbmChecker::on_store_done(PeId, PhysAddr, u64, u64) { impl_->store_done(); }

void BbmChecker::on_context_sync(PeId pe, const Context& context, u64 now_ps, u64 pc) {
    if (pe < impl_->pes.size()) impl_->context_sync(pe, context, now_ps, pc);
}
void BbmChecker::on_dsb(PeId pe, BarrierDomain domain, BarrierType type) {
    if (pe < impl_->pes.size()) impl_->dsb(pe, domain, type);
}
void BbmChecker::on_tlbi(PeId pe, const Tlbi& op) {
    if (pe < impl_->pes.size()) impl_->tlbi(pe, op);
}
void BbmChecker::on_acquire(PeId pe) {
    if (pe < impl_->pes.size()) impl_->ordering.acquire(pe);
}
void BbmChecker::on_power(PeId pe, bool online) {
    if (pe >= impl_->pes.size()) return;
    // A PE that goes off, and one that comes on, has its MMU off; what it holds stays (I_GWZWM).
    Context off = impl_->pes[pe].context;
    off.sctlr &= ~u64{1};
    impl_->context_sync(pe, off, 0, 0);
    impl_->pes[pe].online = online;
    impl_->pes[pe].dormant = true;
}

void BbmChecker::on_fill() { ++impl_->stats.fills; }
void BbmChecker::on_fetch(PeId pe, u64 va, bool privileged, u64 now_ps) {
    if (pe < impl_->pes.size()) impl_->fetched(pe, va, privileged, now_ps);
}
void BbmChecker::on_conflict(PeId pe, u64 va, u64 pc, u64 now_ps, std::span<const TlbEntry* const> matches,
                             ConflictBehaviour taken) {
    if (pe < impl_->pes.size()) impl_->conflict(pe, va, pc, now_ps, matches, taken);
}
void BbmChecker::on_stale_use(PeId pe, u64 va, u64 pc, u64 now_ps, const TlbEntry& entry) {
    if (pe < impl_->pes.size()) impl_->stale_use(pe, va, pc, now_ps, entry);
}

void BbmChecker::finish(u64 now_ps) { impl_->end_of_run(now_ps); }

const std::vector<Violation>& BbmChecker::violations() const { return impl_->violations; }
const std::vector<Hazard>& BbmChecker::hazards() const { return impl_->hazards; }
const std::vector<Note>& BbmChecker::notes() const { return impl_->notes; }

const CheckerStats& BbmChecker::stats() const {
    CheckerStats& s = impl_->stats;
    impl_->pending.sweep(true);
    s.tables_linked = impl_->tables.linked;
    s.tables_unlinked = impl_->tables.unlinked;
    s.live_tables = impl_->tables.count();
    s.peak_live_tables = impl_->tables.peak;
    s.pending = impl_->pending.count();
    return s;
}

const u64 (&BbmChecker::writes_by(PeId pe) const)[4] {
    return pe < impl_->pes.size() ? impl_->pes[pe].writes : impl_->other_writes;
}

}  // namespace bbmsim::mmu
