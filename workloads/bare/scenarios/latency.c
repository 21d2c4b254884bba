/* SPDX-License-Identifier: Apache-2.0
 * latency: what a dependent load costs, by where it is answered. A pointer chase on the boot core over footprints that
 * grow: cycles per load jump where a structure is full.
 *
 *   probe=tlb       one line in each 4 KiB page, 16 pages to 28672: L1 TLB, L2 TLB, walks. (The lines outgrow L1D too;
 *                   a run's causes keep that apart: `cache`, `walk`.)
 *   probe=cache     every line, 4 KiB to 64 MiB, best with map=blocks: L1D, L2, L3, memory
 *   probe=transfer  lines that core 1 has just written: a transfer between cores
 *
 * A phase for each footprint, "tlb 64 pages", "cache 32 KiB", "transfer 256 lines"; each begins when one round has been
 * made. The result of its name: its loads. Pages of 16 and 64 KiB: one line in each of them.
 */
#include "lib/console.h"
#include "lib/guest.h"
#include "lib/machine.h"
#include "measure/ladder.h"
#include "mm/mm.h"
#include "scenarios/scenario.h"
#include "smp/smp.h"
#include "verify/verify.h"

enum { TLB, CACHE, TRANSFER };
enum { LOADS = 1 << 15, LINE = 64 };

static unsigned probe(void) { return choose("probe", TLB, "tlb|cache|transfer", 3); }

static u64 region(void) { return pa_to_linear(verify_range().begin); }
static u64 region_bytes(void) {
    const struct verify_range r = verify_range();
    return r.end - r.begin;
}

/* At least one round, and enough loads that what stands around them does not count. */
static u64 loads(u64 count) { return max_u64(count, LOADS); }

static void measure(const struct ring *r, const char *name) {
    ring_write(r);
    u64 at = ring_follow(ring_first(r), round_up(r->count, 16));
    phase_begin(name);
    at = ring_follow(at, loads(r->count));
    phase_end(name);
    if (!at) fail("a ring with an end");
    result(name, loads(r->count));
}

static void tlb_probe(void) {
    char name[48];
    for (u64 pages = 16; pages <= 16384; pages *= 2)
        for (u64 part = 4; part < 8; ++part) { /* 1, 1 1/4, 1 1/2, 1 3/4 */
            const struct ring r = {region(), table_bytes(), pages * part / 4, table_bytes() / LINE};
            if (r.count * r.unit > region_bytes()) return;
            format_to(name, sizeof name, "tlb %lu pages", r.count);
            measure(&r, name);
        }
}

static void cache_probe(void) {
    char name[48];
    for (u64 kib = 4; kib <= 65536; kib *= 2) {
        const struct ring r = {region(), LINE, kib * 1024 / LINE, 1};
        if (kib * 1024 > region_bytes()) return;
        format_to(name, sizeof name, "cache %lu KiB", kib);
        measure(&r, name);
    }
}

/* Core 1 writes the ring anew each round; few enough lines for its L1D. */
static void transfer_probe(unsigned cpu) {
    const struct ring r = {region(), LINE, 256, 1};
    for (unsigned round = 0; round < 16; ++round) {
        if (cpu == 1) ring_write(&r);
        barrier();
        if (cpu == 0) {
            phase_begin("transfer 256 lines");
            if (!ring_follow(ring_first(&r), r.count)) fail("a ring with an end");
            phase_end("transfer 256 lines");
        }
        barrier();
    }
    if (cpu == 0) result("transfer 256 lines", 16 * r.count);
}

static void boot(void) {
    if (probe() == TLB) tlb_probe();
    if (probe() == CACHE) cache_probe();
    if (probe() != TRANSFER) return;
    if (machine.cpus < 2) fail("probe=transfer needs two cores");
    transfer_probe(0);
}

static void secondary(unsigned cpu) {
    if (probe() == TRANSFER) transfer_probe(cpu);
    sleep_forever();
}

const struct scenario scenario = {
    .name = "latency", .default_strategy = "page-from-boot", .default_variant = "none", .boot = boot, .secondary = secondary};
