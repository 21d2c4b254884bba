// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/guest.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace bbmsim::sim::test {

Guest read_guest(const std::string& name) {
    std::ifstream file(std::string(GUEST_DIR) + "/" + name + ".elf", std::ios::binary);
    const std::vector<char> elf((std::istreambuf_iterator<char>(file)), {});
    if (elf.size() < sizeof(Elf64_Ehdr)) throw std::runtime_error("no guest " + name);
    Elf64_Ehdr header;
    std::memcpy(&header, elf.data(), sizeof header);
    Guest guest;
    guest.entry = header.e_entry;
    for (unsigned i = 0; i < header.e_phnum; ++i) {
        Elf64_Phdr segment;
        std::memcpy(&segment, elf.data() + header.e_phoff + i * sizeof segment, sizeof segment);
        if (segment.p_type != PT_LOAD || segment.p_paddr < 0x40000000) continue;
        const char* bytes = elf.data() + segment.p_offset;
        guest.segments.push_back({segment.p_paddr, {bytes, bytes + segment.p_filesz}});
    }
    for (unsigned i = 0; i < header.e_shnum; ++i) {
        Elf64_Shdr table, strings;
        std::memcpy(&table, elf.data() + header.e_shoff + i * sizeof table, sizeof table);
        if (table.sh_type != SHT_SYMTAB) continue;
        std::memcpy(&strings, elf.data() + header.e_shoff + table.sh_link * sizeof strings, sizeof strings);
        for (u64 at = 0; at < table.sh_size; at += sizeof(Elf64_Sym)) {
            Elf64_Sym symbol;
            std::memcpy(&symbol, elf.data() + table.sh_offset + at, sizeof symbol);
            const std::string text = elf.data() + strings.sh_offset + symbol.st_name;
            if (!text.empty() && text[0] != '$' && ELF64_ST_BIND(symbol.st_info) == STB_GLOBAL)
                guest.symbols.push_back({text, symbol.st_value, symbol.st_size});
        }
    }
    return guest;
}

BoardConfig board_of(unsigned cores) {
    BoardConfig board;
    board.cores.resize(cores);
    board.memory_bytes = u64{64} << 20;
    return board;
}

void load_guest(Session& session, const Guest& guest) {
    for (const auto& s : guest.segments) session.load(s.pa, s.bytes);
    session.set_entry(guest.entry);
    session.set_symbols(guest.symbols);
}

Outcome run_to_end(Session& session, u64 limit_ps) {
    Outcome outcome = Outcome::kRunning;
    while (outcome == Outcome::kRunning) outcome = session.run({.simulated_ps = limit_ps});
    session.finish();
    return outcome;
}

std::map<std::string, u64> results_of(const Session& session) {
    std::map<std::string, u64> out;
    for (const auto& [name, value] : session.guest_results()) out[name] = value;
    return out;
}

std::string fingerprint(const Session& session, unsigned cores) {
    std::string text = fmt::format("{} {} {}\n{}\n", session.now_ps(), session.detail(), session.console(),
                                   fmt::join(results_of(session), " "));
    for (unsigned i = 0; i < cores; ++i) {
        const CoreStats s = session.core_stats(static_cast<PeId>(i));
        text +=
            fmt::format("{} {} {} {} {} {} {} {} {} {} {} {} {} {}\n", s.cycles, s.instructions, fmt::join(s.cost, ","),
                        s.tlb.l1d_accesses, s.tlb.l1d_misses, s.tlb.l1i_accesses, s.tlb.l1i_misses, s.tlb.walks,
                        s.l1d_cache_misses, s.loads, s.stores, s.dsb, s.dvm_sent, s.dvm_received);
    }
    for (const PhaseResult& p : session.phases())
        text += fmt::format("{} {} {} {} {} {}\n", p.name, p.pe, p.begin_ps, p.end_ps, p.count, p.total_cycles);
    for (const InjectionResult& r : session.injections())
        text += fmt::format("{} {} {} {}\n", r.hits, r.fired, r.first_ps, r.first_va);
    return text;
}

}  // namespace bbmsim::sim::test
