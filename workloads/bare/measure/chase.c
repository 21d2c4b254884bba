/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/chase.h"

#include "lib/guest.h"
#include "lib/machine.h"
#include "measure/ladder.h"
#include "mm/mm.h"
#include "smp/smp.h"
#include "verify/verify.h"

enum { UNIT = 4096, LINE = 64, LEAST = 1 << 16 };
enum { CHASE = 1, STREAM = 2 };

/* i -> 5 i + c mod 2^n visits everything once in 2^n steps (Hull and Dobell); c near the golden section scatters it. */
WRITER void chase_pages(u64 va, u64 pages, u64 first, u64 accesses) {
    const u64 step = (pages * 0x9e37 >> 16) | 1, mask = pages - 1;
    u64 i = first & mask, nothing = 0;
    __asm__ volatile("" : "+r"(nothing));
    for (; accesses; --accesses) {
        const u64 value = *(const volatile u64 *)(va + i * UNIT + (scattered(i) & (UNIT / LINE - 1)) * LINE);
        i = ((i * 5 + step) & mask) + (value & nothing);
    }
}

WRITER void stream_lines(u64 va, u64 bytes) {
    for (const u64 end = va + bytes; va < end; va += 4 * LINE) {
        const volatile u64 *p = (const volatile u64 *)va;
        (void)p[0], (void)p[LINE / 8], (void)p[2 * LINE / 8], (void)p[3 * LINE / 8];
    }
}

static u64 largest_power_in(u64 bytes) { return bytes ? 1ULL << (63 - __builtin_clzll(bytes)) : 0; }

/* footprint=, or 64 MiB, or what there is behind the tables. */
static u64 footprint(void) {
    const struct verify_range r = verify_range();
    const u64 most = largest_power_in(r.end - r.begin);
    u64 bytes;
    if (!arg_number(machine.fdt.bootargs, "footprint", 0, &bytes) || (bytes && (bytes < LEAST || bytes & (bytes - 1))))
        fail("footprint: must be a power of two, 64K or more");
    if (most < LEAST) fail("after: no memory left to measure with");
    if (bytes > most) fail("footprint: at most 0x%lx bytes lie behind the tables", most);
    return bytes ? bytes : min_u64(most, 64 << 20);
}

static u64 passes(void) {
    u64 n;
    if (!arg_number(machine.fdt.bootargs, "passes", 4, &n) || !n || n > 1000000) fail("passes: must be a number from 1 to 1000000");
    return n;
}

static void measure(unsigned cpu, const char *chase, const char *stream) {
    const unsigned what = choose("after", 0, "none|chase|stream|both", 4);
    if (!what) return;
    const u64 bytes = footprint(), pages = bytes / UNIT, accesses = pages * passes(), va = pa_to_linear(verify_range().begin);
    const u64 first = pages / machine.cpus * cpu;
    if (what & CHASE) {
        chase_pages(va, pages, first, pages);
        barrier();
        phase_begin(chase);
        chase_pages(va, pages, first, accesses);
        phase_end(chase);
    }
    if (what & STREAM) {
        stream_lines(va, bytes);
        barrier();
        phase_begin(stream);
        stream_lines(va, bytes);
        phase_end(stream);
    }
    barrier();
    if (cpu) return;
    result("measure.footprint", bytes);
    result("measure.chase", what & CHASE ? accesses : 0);
    result("measure.stream", what & STREAM ? bytes / LINE : 0);
}

void measure_before(unsigned cpu) { measure(cpu, "chase-before", "stream-before"); }
void measure_after(unsigned cpu) { measure(cpu, "chase-after", "stream-after"); }
