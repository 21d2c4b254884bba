// SPDX-License-Identifier: Apache-2.0
// What one translation and one descriptor store cost the host. Targets: L1 hit 40 ns, L2 hit 80 ns, walk 150 ns,
// marking a descriptor that nobody holds 10 ns a PE.
#include "tests/mmu/machine.hpp"

#include <benchmark/benchmark.h>

namespace {

using namespace bbmsim;
using namespace bbmsim::mmu;
using namespace bbmsim::mmu::testing;

constexpr unsigned kPages = 4096;

struct Mapped {
    explicit Mapped(const MmuConfig& config = {}) : m(config, 1, 32 << 20) {
        root = m.table();
        for (u64 i = 0; i < kPages; ++i)
            m.map(root, i << 12, 3, (kBase + (i << 12)) | bits::kPage | bits::attr(kNormal));
        m.mmu().set_context(context(root));
    }
    Machine m;
    u64 root = 0;
};

void translate_over(benchmark::State& state, Mapped& x, u64 pages) {
    u64 i = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(x.m.mmu().translate(read(i << 12)));
        if (++i == pages) i = 0;
    }
    const MmuStats& s = x.m.mmu().stats;
    state.counters["l1_miss"] = static_cast<double>(s.l1d_misses) / static_cast<double>(s.l1d_accesses);
    state.counters["l2_miss"] = static_cast<double>(s.l2_misses) / static_cast<double>(s.l1d_accesses);
}

void l1_hit(benchmark::State& state) {
    MmuConfig c;
    c.l1d_tlb = {static_cast<u32>(state.range(0)), static_cast<u32>(state.range(0)), Policy::kLru, 0, 48};
    Mapped x(c);
    translate_over(state, x, static_cast<u64>(state.range(0)));
}
BENCHMARK(l1_hit)->Arg(16)->Arg(48)->Arg(96);

void l2_hit(benchmark::State& state) {
    MmuConfig c;
    c.l1d_tlb = {static_cast<u32>(state.range(0)), static_cast<u32>(state.range(0)), Policy::kLru, 0, 48};
    c.l2_tlb = {2048, 8, Policy::kPlru, 5, 48};
    Mapped x(c);
    translate_over(state, x, 1024);
}
BENCHMARK(l2_hit)->Arg(48)->Arg(96);

void walk_last_level(benchmark::State& state) {  // walk cache hits, one descriptor read
    MmuConfig c;
    c.l2_tlb = {64, 4, Policy::kPlru, 5, 48};
    Mapped x(c);
    translate_over(state, x, kPages);
}
BENCHMARK(walk_last_level);

void walk_four_levels(benchmark::State& state) {
    MmuConfig c;
    c.l2_tlb = {64, 4, Policy::kPlru, 5, 48};
    c.walk_cache.entries = 0;
    Mapped x(c);
    translate_over(state, x, kPages);
}
BENCHMARK(walk_four_levels);

void mark_stale_nobody_holds(benchmark::State& state) {
    MmuConfig c;
    c.l2_tlb = {2048, 8, Policy::kPlru, 5, 48};
    Mapped x(c);
    for (u64 i = 0; i < static_cast<u64>(state.range(0)); ++i) x.m.mmu().translate(read(i << 12));
    u64 pa = kBase + (16 << 20);
    for (auto _ : state) benchmark::DoNotOptimize(x.m.mmu().mark_stale(pa += 8, 0));
}
BENCHMARK(mark_stale_nobody_holds)->Arg(16)->Arg(2048);

void mark_stale_held(benchmark::State& state) {
    MmuConfig c;
    c.l2_tlb = {2048, 8, Policy::kPlru, 5, 48};
    Mapped x(c);
    for (u64 i = 0; i < 2048; ++i) x.m.mmu().translate(read(i << 12));
    const u64 desc = x.m.descriptor(x.root, 0, 3);
    u64 value = x.m.get(desc);
    for (auto _ : state) benchmark::DoNotOptimize(x.m.mmu().mark_stale(desc, value ^= bits::kRo));
}
BENCHMARK(mark_stale_held);

void tlbi_vaale1(benchmark::State& state) {
    MmuConfig c;
    c.l2_tlb = {2048, 8, Policy::kPlru, 5, 48};
    Mapped x(c);
    for (u64 i = 0; i < 2048; ++i) x.m.mmu().translate(read(i << 12));
    u64 page = 1 << 20;
    for (auto _ : state) benchmark::DoNotOptimize(x.m.mmu().invalidate(*decode_tlbi(0, 8, 3, 7, ++page)));
}
BENCHMARK(tlbi_vaale1);

void store_to_watched_page(benchmark::State& state) {
    Mapped x;
    const u64 desc = x.m.descriptor(x.root, 0x5000, 3);
    x.m.domain->flag_page(PhysAddr(desc), kWatched);
    u64 value = x.m.get(desc);
    for (auto _ : state) x.m.put(desc, value ^= bits::kRo);
}
BENCHMARK(store_to_watched_page);

}  // namespace

BENCHMARK_MAIN();
