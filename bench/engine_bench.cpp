// SPDX-License-Identifier: Apache-2.0
// Guest instructions per second of the bare engine. Targets: 150 M/s in arithmetic, 80 M/s in loads and stores.
#include "tests/engine/machine.hpp"

#include <benchmark/benchmark.h>

namespace bbmsim::cpu::test {
namespace {

void run_loop(benchmark::State& state, const std::string& program, bool filter = true) {
    Machine m({.filter = filter});
    m.build_identity();
    m.load(kCode, "mov x0, #0x40200000; mov x9, #0; 1: " + program + "; b 1b");
    m.reset(0);
    m.enable_mmu(0);
    m.run(0, 10'000);
    const u64 before = m.pe[0]->instructions;
    for (auto _ : state) m.run(0, 1'000'000);
    state.SetItemsProcessed(static_cast<int64_t>(m.pe[0]->instructions - before));
}

void arithmetic(benchmark::State& state) {
    run_loop(
        state,
        "add x1, x1, #1; eor x2, x2, x1; add x3, x3, x2, lsl #3; subs x4, x4, #1; csel x5, x1, x2, eq; lsr x6, x3, #7");
}
BENCHMARK(arithmetic);

void loads_and_stores(benchmark::State& state) {
    run_loop(
        state,
        "ldr x1, [x0]; add x1, x1, #1; str x1, [x0]; ldp x2, x3, [x0, #16]; stp x3, x2, [x0, #32]; ldr w4, [x0, #8]");
}
BENCHMARK(loads_and_stores);

// A descriptor fill: consecutive stores over a table page, as a split does.
void fill_table(benchmark::State& state) {
    run_loop(state, "and x5, x9, #4095; add x6, x0, x5; str x9, [x6]; add x9, x9, #8");
}
BENCHMARK(fill_table);

void over_many_pages(benchmark::State& state) {
    run_loop(state, "and x5, x9, #0xfffff; add x6, x0, x5; ldr x7, [x6]; add x9, x9, #0x1000; add x9, x9, #64");
}
BENCHMARK(over_many_pages);

void exclusives(benchmark::State& state) { run_loop(state, "ldxr x1, [x0]; add x1, x1, #1; stxr w2, x1, [x0]"); }
BENCHMARK(exclusives);

void without_the_filter(benchmark::State& state) {
    run_loop(state, "ldr x1, [x0]; add x1, x1, #1; str x1, [x0]", false);
}
BENCHMARK(without_the_filter);

}  // namespace
}  // namespace bbmsim::cpu::test

BENCHMARK_MAIN();
