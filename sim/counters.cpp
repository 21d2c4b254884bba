// SPDX-License-Identifier: Apache-2.0
#include "sim/counters.hpp"

#include "models/mmu/tlbi.hpp"

#include <algorithm>
#include <map>

namespace bbmsim::sim {

std::vector<std::pair<std::string, u64>> tlbi_by_mnemonic(const decltype(cpu::Pe::tlbi_count)& counts) {
    // Pe::tlbi_count is [scope][range][kind] by Tlbi's enumerators.
    constexpr unsigned kKinds = 6, kRanges = 2, kScopes = 3;
    std::map<std::string, u64> named;
    for (unsigned scope = 0; scope < kScopes; ++scope)
        for (unsigned range = 0; range < kRanges; ++range)
            for (unsigned kind = 0; kind < kKinds; ++kind) {
                const u64 n = counts[(scope * kRanges + range) * kKinds + kind];
                if (n == 0) continue;
                mmu::Tlbi op;
                op.kind = static_cast<mmu::TlbiKind>(kind);
                op.scope = static_cast<mmu::TlbiScope>(scope);
                op.range = range != 0;
                named[op.mnemonic()] += n;
            }
    return {named.begin(), named.end()};
}

PhaseCore difference(const Counters& begin, const Counters& end) {
    PhaseCore d;
    for (unsigned i = 0; i < kCosts; ++i) d.cycles[i] = end.cost[i] - begin.cost[i];
    d.total_cycles = end.cycles - begin.cycles;
    d.instructions = end.instructions - begin.instructions;
    for (unsigned i = 0; i < 4; ++i) d.descriptor_writes[i] = end.descriptor_writes[i] - begin.descriptor_writes[i];
    decltype(cpu::Pe::tlbi_count) tlbi{};
    for (std::size_t i = 0; i < tlbi.size(); ++i) tlbi[i] = end.tlbi[i] - begin.tlbi[i];
    d.tlbi = tlbi_by_mnemonic(tlbi);
    d.dvm_sent = end.dvm_sent - begin.dvm_sent;
    d.dvm_received = end.dvm_received - begin.dvm_received;
    d.dsb = end.dsb - begin.dsb;
    d.l1i_misses = end.tlb.l1i_misses - begin.tlb.l1i_misses;
    d.l1d_misses = end.tlb.l1d_misses - begin.tlb.l1d_misses;
    d.l2_misses = end.tlb.l2_misses - begin.tlb.l2_misses;
    d.walks = end.tlb.walks - begin.tlb.walks;
    d.walk_reads = end.tlb.walk_reads - begin.tlb.walk_reads;
    d.l1d_cache_misses = end.l1d_cache_misses - begin.l1d_cache_misses;
    d.l2_cache_misses = end.l2_cache_misses - begin.l2_cache_misses;
    d.l3_cache_misses = end.l3_cache_misses - begin.l3_cache_misses;
    d.line_transfers = end.line_transfers - begin.line_transfers;
    for (std::size_t i = 0; i < d.cache_cycles.size(); ++i) {
        d.cache_cycles[i] = end.cache_cycles[i] - begin.cache_cycles[i];
        d.walk_cycles[i] = end.walk_cycles[i] - begin.walk_cycles[i];
    }
    return d;
}

void add_to(PhaseCore& sum, const PhaseCore& more) {
    for (unsigned i = 0; i < kCosts; ++i) sum.cycles[i] += more.cycles[i];
    sum.total_cycles += more.total_cycles;
    sum.instructions += more.instructions;
    for (unsigned i = 0; i < 4; ++i) sum.descriptor_writes[i] += more.descriptor_writes[i];
    std::map<std::string, u64> tlbi(sum.tlbi.begin(), sum.tlbi.end());
    for (const auto& [name, n] : more.tlbi) tlbi[name] += n;
    sum.tlbi.assign(tlbi.begin(), tlbi.end());
    sum.dvm_sent += more.dvm_sent;
    sum.dvm_received += more.dvm_received;
    sum.dsb += more.dsb;
    sum.l1i_misses += more.l1i_misses;
    sum.l1d_misses += more.l1d_misses;
    sum.l2_misses += more.l2_misses;
    sum.walks += more.walks;
    sum.walk_reads += more.walk_reads;
    sum.l1d_cache_misses += more.l1d_cache_misses;
    sum.l2_cache_misses += more.l2_cache_misses;
    sum.l3_cache_misses += more.l3_cache_misses;
    sum.line_transfers += more.line_transfers;
    for (std::size_t i = 0; i < sum.cache_cycles.size(); ++i) {
        sum.cache_cycles[i] += more.cache_cycles[i];
        sum.walk_cycles[i] += more.walk_cycles[i];
    }
}

}  // namespace bbmsim::sim
