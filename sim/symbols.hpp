// SPDX-License-Identifier: Apache-2.0
// Names for addresses. Code may run at a symbol's virtual address or, with the MMU off or through an identity map, at
// its physical one: both are known.
#pragma once

#include "sim/session.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bbmsim {
class Archive;
}

namespace bbmsim::sim {

class SymbolTable {
public:
    void set(std::vector<Symbol> symbols);
    // "split_pmd+0x1c", or "0x4020_0000" if nothing is known there.
    [[nodiscard]] std::string symbolize(u64 address) const;
    // Every address at which the named symbol's first instruction may execute; empty: no such symbol.
    [[nodiscard]] std::vector<u64> addresses_of(const std::string& name) const;
    // The name of the symbol that the address is in; null: nothing is known there.
    [[nodiscard]] const std::string* function_at(u64 address) const;
    [[nodiscard]] bool known(u64 address) const { return find(address) != nullptr; }
    [[nodiscard]] bool empty() const { return symbols_.empty(); }
    void archive(Archive& ar);

private:
    struct Entry {
        u64 address;
        u64 size;
        u32 symbol;
    };
    [[nodiscard]] const Entry* find(u64 address) const;

    std::vector<Symbol> symbols_;
    std::vector<Entry> entries_;  // by address; physical aliases among them
};

}  // namespace bbmsim::sim
