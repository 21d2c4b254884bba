/* SPDX-License-Identifier: Apache-2.0 */
#include "verify/verify.h"

#include "lib/console.h"
#include "lib/guest.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "smp/smp.h"

enum { WARM_READS = 32, WRITES = 8, PIECE = 1 << 18 };

struct verify_range verify_range(void) {
    const u64 fdt_begin = round_down(machine.fdt_pa, 1 << 16);
    const u64 fdt_end = round_up(machine.fdt_pa + machine.fdt.bytes, 1 << 16);
    struct verify_range r = {round_up(pool.end, TEXT_ALIGN), 0};
    for (unsigned i = 0; i < machine.fdt.bank_count; ++i)
        if (image_pa >= machine.fdt.banks[i].begin && image_pa < machine.fdt.banks[i].end) r.end = machine.fdt.banks[i].end;
    if (fdt_end > r.begin && fdt_begin < r.end) {
        if (fdt_begin > r.begin && fdt_begin - r.begin > r.end - min_u64(fdt_end, r.end)) r.end = fdt_begin;
        else r.begin = min_u64(fdt_end, r.end);
    }
    if (r.begin >= r.end) r.begin = r.end;
    return r;
}

static u64 load(u64 pa) { return *(const volatile u64 *)pa_to_linear(pa); }

void read_around(unsigned reads) {
    const struct verify_range r = verify_range();
    const u64 pages = (r.end - r.begin) >> 12;
    if (!pages) return;
    for (u64 i = 0, page = 0; i < reads; ++i, page = (page + 0x25f1) % pages) load(r.begin + (page << 12));
}

void warm_up(void) {
    const struct verify_range r = verify_range();
    const u64 step = round_down((r.end - r.begin) / WARM_READS, 4096);
    for (u64 i = 0; i < WARM_READS && step; ++i) load(r.begin + i * step);
}

struct share {
    u64 begin, first, units; /* physical; index of the first unit, count */
};

static struct share share_of(unsigned cpu) {
    const struct verify_range r = verify_range();
    const u64 total = (r.end - r.begin) / machine.verify_stride;
    const u64 first = total * cpu / machine.cpus, next = total * (cpu + 1) / machine.cpus;
    return (struct share){r.begin + first * machine.verify_stride, first, next - first};
}

static struct share to_read(unsigned cpu) {
    const struct verify_range r = verify_range();
    if (!machine.verify_everywhere) return share_of(cpu);
    return (struct share){r.begin, 0, (r.end - r.begin) / machine.verify_stride};
}

static u64 partial_sum(struct share s) {
    const u64 stride = machine.verify_stride;
    const volatile u64 *p = (const volatile u64 *)pa_to_linear(s.begin);
    u64 sum = 0, right = -s.first; /* rotl by n is ror by -n */
    for (u64 n = s.units; n; --n) {
        const u64 v = *p;
        sum += v >> (right & 63) | v << (-right & 63);
        --right;
        p += stride / 8;
    }
    return sum;
}

/* The sum of a share, in pieces: the boot core says how far it has come, for the progress display. */
static u64 checksum(struct share s, unsigned cpu) {
    u64 sum = 0;
    for (u64 done = 0; done < s.units; done += PIECE) {
        if (cpu == 0) progress(done, s.units);
        sum += partial_sum((struct share){s.begin + done * machine.verify_stride, s.first + done, min_u64(PIECE, s.units - done)});
    }
    if (cpu == 0) progress(s.units, s.units);
    return sum;
}

static u64 place(struct share s, unsigned i) {
    return s.begin + s.units * i / WRITES * machine.verify_stride + round_down(machine.verify_stride / 2, 8);
}
static u64 written_value(u64 pa, unsigned owner) { return (pa * 0xd6e8feb86659fd93ULL) ^ (owner + 1); }

static void write_share(unsigned cpu) {
    const struct share s = share_of(cpu);
    if (s.units < WRITES) return;
    for (unsigned i = 0; i < WRITES; ++i)
        *(volatile u64 *)pa_to_linear(place(s, i)) = written_value(place(s, i), cpu);
    percpu[cpu].written = WRITES;
}

/* How many of owner's locations do not hold what the owner wrote. */
static u64 wrong_in_share(unsigned owner) {
    const struct share s = share_of(owner);
    u64 wrong = 0;
    if (s.units < WRITES) return 0;
    for (unsigned i = 0; i < WRITES; ++i) wrong += load(place(s, i)) != written_value(place(s, i), owner);
    return wrong;
}

static void verify(unsigned cpu) {
    const struct share s = to_read(cpu);
    percpu[cpu].places = s.units;
    percpu[cpu].checksum = checksum(s, cpu);
    if (machine.verify_everywhere) barrier(); /* nobody still reads what is written now */
    write_share(cpu);
    percpu[cpu].wrong += wrong_in_share(cpu);
    barrier();
    percpu[cpu].wrong += wrong_in_share((cpu + 1) % machine.cpus);
    barrier();
}

void verify_on_secondary(unsigned cpu) {
    if (machine.verify != VERIFY_NONE) verify(cpu);
}

void verify_on_boot_core(void) {
    const struct verify_range r = verify_range();
    if (machine.verify == VERIFY_NONE) return;
    phase_begin("verify");
    verify(0);
    phase_end("verify");
    result("verify.begin", r.begin);
    result("verify.end", r.end);
    result("verify.stride", machine.verify_stride);
    for (unsigned cpu = 0; cpu < machine.cpus; ++cpu) {
        const struct percpu *p = &percpu[cpu];
        core_result("checksum", cpu, p->checksum);
        core_result("places", cpu, p->places);
        core_result("written", cpu, p->written);
        print("core %u: read %lu places, checksum 0x%016lx\n", cpu, p->places, p->checksum);
    }
    for (unsigned cpu = 0; cpu < machine.cpus; ++cpu)
        if (percpu[cpu].wrong) fail("core %u read wrong data in %lu places", cpu, percpu[cpu].wrong);
}
