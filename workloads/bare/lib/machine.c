/* SPDX-License-Identifier: Apache-2.0
 * Runs with the MMU off: no pointers in static data (they would be virtual addresses).
 */
#include "lib/machine.h"

#include "lib/guest.h"
#include "lib/string.h"
#include "lib/sysreg.h"
#include "mm/mm.h"
#include "scenarios/scenario.h"
#include "strategies/strategy.h"

struct machine machine;

static const char known_keys[] =
    "strategy sabotage tlbi dsb tables zero fill granule blocks secondaries on_conflict verify verify_by verify_stride cpus variant "
    "step after footprint passes probe map";

/* In the order of enum sabotage. */
static const char sabotages[SABOTAGE_COUNT][24] = {
    "none",     "no-rendezvous", "secondaries-in-map", "release-before-split",
    "no-flush", "local-flush",   "no-dsb-before-tlbi", "no-dsb-after-tlbi",
};

unsigned choose(const char *key, unsigned fallback, const char *names, unsigned count) {
    char value[ARG_BYTES];
    if (!arg_text(machine.fdt.bootargs, key, "", value)) return fallback;
    const char *p = names;
    for (unsigned i = 0; i < count; ++i) {
        const size_t n = strlen(value);
        if (str_starts(p, value) && (p[n] == '|' || p[n] == 0)) return i;
        while (*p && *p != '|') ++p;
        if (*p) ++p;
    }
    fail("%s=%s: must be one of %s", key, value, names);
}

static enum sabotage choose_sabotage(void) {
    char value[ARG_BYTES];
    arg_text(machine.fdt.bootargs, "sabotage", "none", value);
    for (unsigned i = 0; i < SABOTAGE_COUNT; ++i)
        if (str_equal(value, sabotages[i])) return (enum sabotage)i;
    fail("sabotage=%s: unknown", value);
}

static bool is_stride(u64 bytes) { return bytes >= 8 && (4096 % bytes == 0 || bytes % 4096 == 0); }

static void read_options(void) {
    struct machine *m = &machine;
    char text[ARG_BYTES];
    u64 limit;
    if (arg_unknown(m->fdt.bootargs, known_keys, text)) fail("unknown argument '%s'; known: %s", text, known_keys);
    m->granule_shift = 12 + 2 * choose("granule", 0, "4k|16k|64k", 3);
    const unsigned blocks = choose("blocks", 0, "2m|1g", 2);
    if (blocks == 1 && m->granule_shift != 12) fail("blocks=1g needs granule=4k");
    m->max_block_level = 2 - blocks;
    m->sabotage = choose_sabotage();
    m->tlbi = (enum tlbi_unit)choose("tlbi", TLBI_AUTO, "auto|page|range|level|all", 5);
    m->dsb = (enum dsb_use)choose("dsb", DSB_AS_STRATEGY, "auto|entry|batched", 3);
    m->tables = (enum table_pages)choose("tables", TABLES_POOL, "pool|zeroed", 2);
    m->zeroing = (enum zeroing)choose("zero", ZERO_STORES, "stores|zva", 2);
    const enum fill fill = (enum fill)choose("fill", FILL_AS_STRATEGY, "auto|group|entry", 3);
    const unsigned secondaries = choose("secondaries", 0, "parked|in-map|reading", 3);
    m->reading = secondaries == 2;
    m->in_map = secondaries || m->sabotage == SABOTAGE_SECONDARIES_IN_MAP;
    m->panic_on_conflict = choose("on_conflict", 0, "recover|panic", 2) == 1;
    m->verify = (enum verify_mode)choose("verify", 0, "full|sample|none", 3);
    m->verify_everywhere = choose("verify_by", 0, "divided|every-core", 2) == 1;
    if (!arg_number(m->fdt.bootargs, "verify_stride", m->verify == VERIFY_SAMPLE ? 1 << 20 : 512, &m->verify_stride) ||
        !is_stride(m->verify_stride))
        fail("verify_stride: must be a power of two from 8 to 4096 bytes, or a multiple of 4096");
    if (!arg_number(m->fdt.bootargs, "cpus", m->fdt.cpu_count, &limit) || !limit) fail("cpus: must be a number above 0");
    m->cpus = (unsigned)min_u64(limit, m->fdt.cpu_count);
    arg_text(m->fdt.bootargs, "strategy", scenario.default_strategy, text);
    m->strategy = strategy_find(text);
    if (!m->strategy) fail("strategy=%s: unknown", text);
    static const u8 flags[4] = {0, NO_BLOCK | NO_CONT, NO_BLOCK, 0};
    const unsigned map = choose("map", 0, "auto|pages|contiguous|blocks", 4);
    m->paint_flags = map ? flags[map] : m->strategy->paint_flags;
    m->dsb_entry = m->dsb == DSB_ENTRY || (m->dsb == DSB_AS_STRATEGY && m->strategy->dsb_entry);
    m->fill_entry = fill == FILL_ENTRY || (fill == FILL_AS_STRATEGY && m->strategy->fill_entry);
    if (m->sabotage >= SABOTAGE_NO_FLUSH && m->strategy->repaint && !m->strategy->flushes)
        fail("strategy=%s: has not the flush that sabotage= leaves out", text);
    if (m->strategy->secondary && (m->in_map || m->sabotage == SABOTAGE_NO_RENDEZVOUS || m->sabotage == SABOTAGE_RELEASE_BEFORE_SPLIT))
        fail("strategy=%s parks nobody: secondaries= and the sabotages of the rendezvous mean nothing to it", text);
    arg_text(m->fdt.bootargs, "variant", scenario.default_variant, m->variant);
}

/* Ascending, whole pages of any granule, no overlap. */
static void sort_banks(struct fdt_info *f) {
    for (unsigned i = 1; i < f->bank_count; ++i)
        for (unsigned j = i; j && f->banks[j].begin < f->banks[j - 1].begin; --j) {
            const struct bank b = f->banks[j];
            f->banks[j] = f->banks[j - 1];
            f->banks[j - 1] = b;
        }
    for (unsigned i = 0; i < f->bank_count; ++i) {
        struct bank *b = &f->banks[i];
        b->begin = round_up(b->begin, 1 << 16);
        b->end = round_down(b->end, 1 << 16);
        if (b->begin >= b->end || b->end > 1ULL << 48) fail("device tree: memory bank %u is no range of pages", i);
        if (i && b->begin < b[-1].end) fail("device tree: memory banks overlap at 0x%lx", b->begin);
    }
}

/* The boot core becomes index 0. */
static void boot_core_first(struct fdt_info *f) {
    const u64 own = read_sysreg(mpidr_el1) & 0xff00ffffffULL;
    for (unsigned i = 0; i < f->cpu_count; ++i)
        if (f->mpidr[i] == own) {
            f->mpidr[i] = f->mpidr[0];
            f->mpidr[0] = own;
            return;
        }
    fail("device tree: no cpu node for MPIDR 0x%lx", own);
}

bool core_has_granule(void) {
    const u64 mmfr0 = read_sysreg(id_aa64mmfr0_el1);
    if (machine.granule_shift == 14) return (mmfr0 >> 20 & 15) != 0;
    return (mmfr0 >> (machine.granule_shift == 12 ? 28 : 24) & 15) != 15;
}

void machine_read(u64 fdt_pa) {
    struct machine *m = &machine;
    /* QEMU passes no x0 to an ELF file, but leaves the tree at the start of RAM. */
    if (!fdt_plausible((const void *)fdt_pa)) fdt_pa = round_down(image_to_pa(image_begin), 1 << 30);
    const char *problem = fdt_read((const void *)fdt_pa, &m->fdt);
    if (problem) fail("%s", problem);
    if (!m->fdt.bank_count) fail("device tree: no memory");
    if (!m->fdt.cpu_count) fail("device tree: no cpus");
    m->fdt_pa = fdt_pa;
    sort_banks(&m->fdt);
    boot_core_first(&m->fdt);
    read_options();
    if (!core_has_granule()) fail("core 0 has no %uK granule", 1u << (m->granule_shift - 10));
    m->ram_base = m->fdt.banks[0].begin;
    m->ram_end = m->fdt.banks[m->fdt.bank_count - 1].end;
}
