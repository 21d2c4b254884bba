// SPDX-License-Identifier: Apache-2.0
#include "sim/probes.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>

namespace bbmsim::sim {

namespace {

std::optional<u64> parse_address(const std::string& text) {
    if (!text.starts_with("0x")) return std::nullopt;
    u64 value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + 2, end, value, 16);
    if (error != std::errc() || stop != end) return std::nullopt;
    return value;
}

}  // namespace

std::vector<u64> Probes::addresses(const SymbolTable& symbols, const std::string& name, const std::string& who) {
    if (const auto address = parse_address(name)) return {*address};
    const std::size_t plus = name.find('+');
    const auto offset = plus == std::string::npos ? std::optional<u64>(0) : parse_address(name.substr(plus + 1));
    auto found = symbols.addresses_of(name.substr(0, plus));
    if (found.empty() || !offset) throw std::invalid_argument(fmt::format("{}: no symbol '{}'", who, name));
    for (u64& address : found) address += *offset;
    return found;
}

constexpr std::string_view kReturn = ":return";

void Probes::require(const SymbolTable& symbols, const std::string& name, const std::string& who) {
    addresses(symbols, name.substr(0, name.size() - (name.ends_with(kReturn) ? kReturn.size() : 0)), who);
}

void Probes::add_phase(const PhaseSpec& spec) {
    if (spec.name.empty() || spec.enter.empty())
        throw std::invalid_argument(fmt::format("phase '{}': name and enter must not be empty", spec.name));
    const bool known = std::ranges::any_of(specs_, [&](const PhaseSpec& s) { return s.name == spec.name; });
    if (std::ranges::any_of(specs_, [&](const PhaseSpec& s) { return s.name == spec.name && s.enter == spec.enter; }))
        throw std::invalid_argument(fmt::format("phase '{}' is declared twice", spec.name));
    specs_.push_back(spec);
    if (!known) phases_.declare(spec.name);
}

void Probes::resolve(const SymbolTable& symbols) {
    std::map<u64, std::vector<Action>> actions;
    for (const PhaseSpec& spec : specs_) {
        const std::string who = fmt::format("phase '{}'", spec.name);
        for (const u64 a : addresses(symbols, spec.enter, who))
            actions[a].push_back({Action::Kind::kEnter, spec.name, spec.leave.empty()});
        if (spec.leave.empty()) continue;
        const auto leave = spec.leave_anywhere ? Action::Kind::kLeaveAnywhere : Action::Kind::kLeave;
        for (const u64 a : addresses(symbols, spec.leave, who)) actions[a].push_back({leave, spec.name});
    }
    for (u32 id = 0; id < maps_.results().size(); ++id) {
        const MapSpec& spec = maps_.results()[id].spec;
        if (spec.when != MapWhen::kEntry && spec.when != MapWhen::kReturn) continue;
        for (const u64 a : addresses(symbols, spec.symbol, "map"))
            actions[a].push_back({Action::Kind::kMap, spec.symbol, false, id});
    }
    for (const std::string& name : injector_.symbols()) {
        const bool returns = name.ends_with(kReturn);
        const std::string symbol = name.substr(0, name.size() - (returns ? kReturn.size() : 0));
        for (const u64 a : addresses(symbols, symbol, "injection.after_symbol"))
            actions[a].push_back({Action::Kind::kArm, name, returns});
    }
    // At one address what ends comes before what begins.
    for (auto& [address, list] : actions)
        std::ranges::stable_sort(list, {}, [](const Action& a) {
            return a.kind != Action::Kind::kLeave && a.kind != Action::Kind::kLeaveAnywhere;
        });
    actions_ = std::move(actions);
    dirty_.assign(dirty_.size(), true);
}

std::vector<u64> Probes::take(PeId pe) {
    dirty_[pe] = false;
    std::vector<u64> out;
    for (const auto& [address, list] : actions_) out.push_back(address);
    out.insert(out.end(), sites_[pe].begin(), sites_[pe].end());
    std::ranges::sort(out);
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

void Probes::enter(cpu::Pe& pe, const Action& action) {
    if (action.until_return) {
        if (phases_.open(action.name, pe.id)) return;  // recursion: the outermost call counts
        expect_return(pe, action);
    }
    phases_.begin(action.name, pe.id, pe.now_ps);
}

void Probes::expect_return(cpu::Pe& pe, const Action& action) {
    auto& sites = sites_[pe.id];
    returns_[pe.id].push_back({action, pe.r[30], pe.r[cpu::kRegSp]});
    if (sites.contains(pe.r[30])) return;
    if (sites.size() >= kMostSites) sites.clear();
    for (const Return& r : returns_[pe.id]) sites.insert(r.va);
    dirty_[pe.id] = true;
}

void Probes::arm(cpu::Pe& pe, const Action& action) {
    if (!injector_.waits_for(action.name, pe.id)) return;
    if (!action.until_return) return injector_.reached(action.name, pe);
    const auto inside = [&](const Return& r) {
        return r.action.kind == Action::Kind::kArm && r.action.name == action.name;
    };
    if (std::ranges::any_of(returns_[pe.id], inside)) return;  // recursion: the outermost call counts
    expect_return(pe, action);
}

void Probes::reached(cpu::Pe& pe, u64 va) {
    auto& returns = returns_[pe.id];
    for (std::size_t i = returns.size(); i-- > 0;) {
        if (returns[i].va != va || returns[i].sp != pe.r[cpu::kRegSp]) continue;
        const Action action = returns[i].action;
        returns.erase(returns.begin() + static_cast<std::ptrdiff_t>(i));
        if (action.kind == Action::Kind::kMap)
            maps_.returned(action.map, pe.id, pe.now_ps);
        else if (action.kind == Action::Kind::kArm)
            injector_.reached(action.name, pe);
        else
            phases_.end(action.name, pe.id, pe.now_ps);
    }
    const auto found = actions_.find(va);
    if (found == actions_.end()) return;
    for (const Action& action : found->second) {
        switch (action.kind) {
            case Action::Kind::kEnter: enter(pe, action); break;
            case Action::Kind::kLeave: phases_.end(action.name, pe.id, pe.now_ps); break;
            case Action::Kind::kLeaveAnywhere: phases_.end_all(action.name, pe.now_ps); break;
            case Action::Kind::kMap:
                if (maps_.entered(action.map, pe.id, pe.now_ps)) expect_return(pe, action);
                break;
            case Action::Kind::kArm: arm(pe, action); break;
        }
    }
}

}  // namespace bbmsim::sim
