// SPDX-License-Identifier: Apache-2.0
#include "sim/symbols.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace bbmsim::sim {

namespace {

// "0x4020_0000": groups of four digits, at least two groups.
std::string grouped_hex(u64 address) {
    const std::string digits = fmt::format("{:08x}", address);
    std::string text = "0x";
    for (std::size_t i = 0; i < digits.size(); ++i) {
        if (i != 0 && (digits.size() - i) % 4 == 0) text.push_back('_');
        text.push_back(digits[i]);
    }
    return text;
}

constexpr u64 kUnsizedReach = 1 << 20;  // an assembly label without a size names at most the MiB behind it

}  // namespace

void SymbolTable::set(std::vector<Symbol> symbols) {
    symbols_ = std::move(symbols);
    entries_.clear();
    entries_.reserve(2 * symbols_.size());
    for (u32 i = 0; i < symbols_.size(); ++i) entries_.push_back({symbols_[i].address, symbols_[i].size, i});
    for (u32 i = 0; i < symbols_.size(); ++i) {
        const Symbol& s = symbols_[i];
        if (s.physical != kNoPhysical && s.physical != s.address) entries_.push_back({s.physical, s.size, i});
    }
    // Of several symbols at one address the sized one and then the first given is the last, which find() takes.
    std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
        if (a.address != b.address) return a.address < b.address;
        if ((a.size != 0) != (b.size != 0)) return a.size == 0;
        return a.symbol > b.symbol;
    });
}

const SymbolTable::Entry* SymbolTable::find(u64 address) const {
    auto it = std::upper_bound(entries_.begin(), entries_.end(), address,
                               [](u64 a, const Entry& e) { return a < e.address; });
    // A label inside a sized function hides it only for its own extent; look a few entries back.
    for (int tries = 0; it != entries_.begin() && tries < 16; ++tries) {
        --it;
        const u64 reach = it->size ? it->size : kUnsizedReach;
        if (address - it->address < reach) return &*it;
    }
    return nullptr;
}

std::string SymbolTable::symbolize(u64 address) const {
    const Entry* e = find(address);
    if (!e) return grouped_hex(address);
    const std::string& name = symbols_[e->symbol].name;
    return address == e->address ? name : fmt::format("{}+{:#x}", name, address - e->address);
}

const std::string* SymbolTable::function_at(u64 address) const {
    const Entry* e = find(address);
    return e ? &symbols_[e->symbol].name : nullptr;
}

std::vector<u64> SymbolTable::addresses_of(const std::string& name) const {
    std::vector<u64> found;
    for (const Symbol& s : symbols_) {
        if (s.name != name) continue;
        found.push_back(s.address);
        if (s.physical != kNoPhysical && s.physical != s.address) found.push_back(s.physical);
    }
    return found;
}

}  // namespace bbmsim::sim
