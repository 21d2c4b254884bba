// SPDX-License-Identifier: Apache-2.0
// Violations and notes: equal ones are merged, and explained in the field's words. Symbols are added above.
#include "models/mmu/checker/impl.hpp"

#include "models/mmu/event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>

namespace bbmsim::mmu {

namespace {

std::string size_text(u64 bytes) {
    if (bytes >= u64{1} << 30) return fmt::format("{} GiB", bytes >> 30);
    if (bytes >= u64{1} << 20) return fmt::format("{} MiB", bytes >> 20);
    return fmt::format("{} KiB", bytes >> 10);
}

std::string value_text(u64 value, unsigned level, Granule g) {
    switch (desc_kind(value, level, g)) {
        case DescKind::kInvalid: return fmt::format("an invalid entry ({:#x})", value);
        case DescKind::kTable: return fmt::format("a table descriptor ({:#x})", value);
        case DescKind::kLeaf: break;
    }
    return fmt::format("a {} {} ({:#x})", size_text(level_span(g, level)), level == 3 ? "page" : "block", value);
}

std::string holder_text(const Holder& h, bool half) {
    std::string text = fmt::format("core {} (BBM level {})", h.pe, h.bbml);
    text += h.reaches ? fmt::format(" reaches it through TTBR{}", half ? 1 : 0)
                      : " may still hold it: it left the table without a TLBI that covers it";
    if (h.holds) text += " and has it in its TLBs now";
    return text;
}

bool is_event_rule(Rule rule) { return rule >= Rule::kTableReuse; }
bool is_sequence_rule(Rule rule) { return rule >= Rule::kNoTlbi && !is_event_rule(rule); }

}  // namespace

Holder BbmChecker::Impl::describe_holder(PeId pe, const Site& s) const {
    Holder h;
    h.pe = pe;
    h.bbml = pes[pe].promise.bbml;
    h.reaches = (roots[s.root].reach >> pe) & 1;
    h.may_hold = !h.reaches;
    if (pe >= domain.pes.size() || !domain.pes[pe] || !domain.pes[pe]->holds_origin(s.desc_pa)) return h;
    for (const Structure which : {Structure::kL1D, Structure::kL1I, Structure::kL2, Structure::kWalkCache})
        for (const TlbEntry& e : domain.pes[pe]->entries(which))
            for (unsigned i = 0; i < e.origin.depth; ++i)
                if (e.origin.desc_pa[i] == s.desc_pa && e.origin.desc_value[i] == s.before) {
                    h.holds = true;
                    h.filled_ps = e.origin.filled_ps;
                    return h;
                }
    return h;
}

void BbmChecker::Impl::explain(Violation& v, RootId root) const {
    const RootKey& key = roots[root].key;
    const RuleInfo& info = rule_info(v.rule);
    std::string who;
    for (const Holder& h : v.holders) who += (who.empty() ? "" : "; ") + holder_text(h, key.half);
    const std::string by = v.pe < pes.size() ? fmt::format("Core {}", v.pe) : "A write from outside the cores";
    if (is_event_rule(v.rule)) {
        v.text = fmt::format("{} {}: {}.", by, v.detail, info.title);
    } else if (is_sequence_rule(v.rule)) {
        v.text = fmt::format("{} wrote {} at level {} where {} is not yet clean: {}.", by,
                             value_text(v.new_value, v.level, key.granule), v.level,
                             value_text(v.old_value, v.level, key.granule), info.title);
        if (!v.detail.empty()) v.text += fmt::format(" It was meant to be: {}.", v.detail);
    } else {
        v.text = fmt::format("{} replaced {} at level {} by {} while it was live: {}.", by,
                             value_text(v.old_value, v.level, key.granule), v.level,
                             value_text(v.new_value, v.level, key.granule), info.title);
    }
    const bool by_id = info.arm_rule[1] == '_';  // else a register, whose description is broken
    v.text += fmt::format(" This breaks {}{} because {}. {}", by_id ? "" : "what DDI 0487 says of ", info.arm_rule, who,
                          info.mend);
}

void BbmChecker::Impl::violate(Rule rule, const Site& s, PeMask mask) {
    ++broken_rules;
    const u64 end = s.va + level_span(s.granule, s.level);
    const auto [at, fresh] = violation_at.try_emplace({static_cast<u8>(rule), s.writer, s.pc}, violations.size());
    if (fresh) {
        Violation v;
        v.rule = rule;
        v.pe = s.writer;
        v.pc = s.pc;
        v.first_ps = v.last_ps = s.now_ps;
        v.va_lo = s.va;
        v.va_hi = end;
        v.desc_pa = s.desc_pa;
        v.level = s.level;
        v.old_value = s.before;
        v.new_value = s.after;
        v.detail = s.detail;
        v.count = 0;
        violations.push_back(std::move(v));
    }
    Violation& v = violations[at->second];
    ++v.count;
    v.last_ps = std::max(v.last_ps, s.now_ps);
    v.va_lo = std::min(v.va_lo, s.va);
    v.va_hi = std::max(v.va_hi - 1, end - 1) + 1;
    bool changed_holders = false;
    // Asking the TLBs is slow; after the first occurrences a sample of them is enough to learn who really holds it.
    const bool ask = v.count <= 16 || std::has_single_bit(v.count);
    for (PeMask m = mask; m; m &= m - 1) {
        const auto pe = static_cast<PeId>(std::countr_zero(m));
        auto known = std::find_if(v.holders.begin(), v.holders.end(), [&](const Holder& h) { return h.pe == pe; });
        if (known != v.holders.end() && (known->holds || !ask)) continue;
        Holder h = describe_holder(pe, s);
        if (rule == Rule::kCnp)
            h.reaches = true, h.may_hold = false;  // each has CnP set, and reaches what the other does
        if (known == v.holders.end()) {
            v.holders.insert(
                std::find_if(v.holders.begin(), v.holders.end(), [&](const Holder& o) { return o.pe > pe; }), h);
            changed_holders = true;
        } else if (h.holds) {
            known->holds = true;
            known->filled_ps = h.filled_ps;
            changed_holders = true;
        }
    }
    if (changed_holders) explain(v, s.root);
    if (rule == Rule::kHwUpdate) return;  // it lets no translation in
    LetIn& cause = let_in[s.desc_pa];
    cause.pes = (cause.pes && cause.violation != static_cast<int>(at->second)) ? cause.pes | mask : mask | cause.pes;
    cause.violation = static_cast<int>(at->second);
    if (fresh && domain.bus.wants(EventKind::kViolation))
        domain.bus.emit({.kind = EventKind::kViolation,
                         .pe = s.writer,
                         .level = s.level,
                         .sub = static_cast<u8>(rule),
                         .time_ps = s.now_ps,
                         .pc = s.pc,
                         .va = s.va,
                         .pa = s.desc_pa,
                         .a = at->second});
}

void BbmChecker::Impl::note(const Site& s, PeMask mask) {
    const auto [at, fresh] = note_at.try_emplace({s.writer, s.pc}, notes.size());
    if (!fresh) {
        ++notes[at->second].count;
        return;
    }
    std::string who;
    for (PeMask m = mask; m; m &= m - 1) who += fmt::format("{}{}", who.empty() ? "" : ", ", std::countr_zero(m));
    notes.push_back(
        {fmt::format("{} at level {} was replaced directly by {} and never flushed; core {} may still hold it, "
                     "which is conflict-free and so may use either.",
                     value_text(s.before, s.level, s.granule), s.level, value_text(s.after, s.level, s.granule), who),
         s.writer, s.pc, s.va, 1});
}

}  // namespace bbmsim::mmu
