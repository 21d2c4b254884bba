// SPDX-License-Identifier: Apache-2.0
// What of the checker is state (snapshot/archive.hpp): all that it knows of tables, holders, old values and TLBIs, and
// what it has found.
#include "models/mmu/checker/impl.hpp"
#include "models/mmu/snapshot/archive.hpp"

namespace bbmsim::mmu {

void Violation::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o] = *this;
    ar(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o);
}
void Hazard::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = *this;
    ar(a, b, c, d, e, f, g, h, i, j, k, l, m);
}
void Note::archive(Archive& ar) {
    auto& [a, b, c, d, e] = *this;
    ar(a, b, c, d, e);
}

void Ordering::Outstanding::archive(Archive& ar) {
    auto& [to, at, until] = *this;
    ar(to, at, until);
}
void Ordering::State::archive(Archive& ar) {
    auto& [dsbs, chain, acquire, vmall, local_vmall, done, cleaned, sent, open] = *this;
    ar(dsbs, chain, acquire, vmall, local_vmall, done, cleaned, sent, open);
}
void Ordering::archive(Archive& ar) {
    auto& [pes, slots, now] = *this;
    ar(pes, slots, now);
}

void Root::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m] = *this;
    ar(a, b, c, d, e, f, g, h, i, j, k, l, m);
}
void Roots::archive(Archive& ar) {
    auto& [roots, free, by_key, touched, flushed, next_span, current] = *this;
    ar(roots, free, by_key, touched, flushed, next_span, current);
}
void Roots::Current::archive(Archive& ar) {
    auto& [root, as] = *this;
    ar(root, as);
}

void Table::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l] = *this;
    ar(a, b, c, d, e, f, g, h, i, j, k, l);
}
void LiveTables::archive(Archive& ar) {
    auto& [links, unlinks, most, domain, tables, free, pool, by_page, by_page_count] = *this;
    ar(links, unlinks, most, tables, free, by_page, by_page_count);
}

void LeavesBelow::Group::archive(Archive& ar) {
    auto& [holding, remaining, n] = *this;
    ar(holding, remaining, n);
}
void LeavesBelow::archive(Archive& ar) {
    auto& [first, page, at_level, some_global, old, all, before, by, at_pc, at_ps, at, told_to] = *this;
    ar(first, page, at_level, some_global, old, all, before, by, at_pc, at_ps, at, told_to);
}
void LaterWrite::archive(Archive& ar) {
    auto& [by, up, at] = *this;
    ar(by, up, at);
}
void Met::archive(Archive& ar) {
    auto& [at, at_pc, by] = *this;
    ar(at, at_pc, by);
}
void LastAlike::archive(Archive& ar) {
    auto& [by, at_pc, at_ps, value, at, told] = *this;
    ar(by, at_pc, at_ps, value, at, told);
}
void Pending::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, a2, b2, c2, d2, e2, f2, g2, h2,
           i2, j2, k2, l2, m2, n2, o2, p2, q2] = *this;
    ar(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, a2, b2, c2, d2, e2, f2, g2, h2, i2,
       j2, k2, l2, m2, n2, o2, p2, q2);
}
void PendingSet::archive(Archive& ar) {
    auto& [ordering, roots, tables, records, free, count, swept_at, pool, by_desc, by_va, outstanding] = *this;
    ar(records, free, count, swept_at, by_desc, by_va, outstanding);
}

void HardwareUpdate::archive(Archive& ar) {
    auto& [address, result, changed, when, walker] = *this;
    ar(address, result, changed, when, walker);
}
void HardwareUpdates::archive(Archive& ar) {
    auto& [inner, pages] = *this;
    ar(pages);
}

void TlbiLog::archive(Archive& ar) {
    auto& [rings] = *this;
    ar(rings);
}

void BbmChecker::Impl::Site::archive(Archive& ar) {
    auto& [a, b, c, d, e, f, g, h, i, j, k] = *this;
    ar(a, b, c, d, e, f, g, h, i, j, k);
}
void BbmChecker::Impl::Reinterpretation::archive(Archive& ar) {
    auto& [since, where] = *this;
    ar(since, where);
}
void BbmChecker::Impl::Pe::archive(Archive& ar) {
    auto& [promised, as_seen, in_force, is_online, sleeps, reached, written, last_on, open, others, fresh] = *this;
    ar(as_seen, in_force, is_online, sleeps, reached, written, last_on, open);
    ar.fixed(others);
    ar(fresh);
}
void BbmChecker::Impl::Outstanding::archive(Archive& ar) {
    auto& [by_asid, by_span] = *this;
    ar(by_asid, by_span);
}

void BbmChecker::Impl::archive(Archive& ar) {
    auto& [inner, order, all_roots, live, old_values, compare, updates, in_lines, log, each_pe, issued, estranged_pes,
           broken, effects, quiet, figures, judged, strangers, at_violation, at_hazard, at_note, admitted, possible,
           scratch1, scratch2, scratch3, scratch4, scratch5, unheld, scratch6] = *this;
    ar.part("checker");
    ar(order, all_roots, live, old_values, updates, log);
    ar.fixed(each_pe);
    ar(issued, estranged_pes, broken, effects, quiet, figures, judged, strangers, at_violation, at_hazard, at_note,
       admitted, possible, unheld);
}

void BbmChecker::archive(Archive& ar) { impl_->archive(ar); }

}  // namespace bbmsim::mmu
