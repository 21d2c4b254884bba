/* SPDX-License-Identifier: Apache-2.0
 * What the guest knows of its machine and of the user's wishes: filled once, with the MMU off, then read only.
 */
#ifndef BARE_MACHINE_H
#define BARE_MACHINE_H

#include "lib/args.h"
#include "lib/fdt.h"
#include "lib/types.h"

enum sabotage {
    SABOTAGE_NONE,
    SABOTAGE_NO_RENDEZVOUS,        /* the boot core splits before it has waited for the others' count-in */
    SABOTAGE_SECONDARIES_IN_MAP,   /* the others wait in the kernel map: TTBR1 is never switched */
    SABOTAGE_RELEASE_BEFORE_SPLIT, /* the others are released first */
    SABOTAGE_NO_FLUSH,             /* no TLBI after the split */
    SABOTAGE_LOCAL_FLUSH,          /* the boot core's own TLB only */
    SABOTAGE_NO_DSB_BEFORE_TLBI,
    SABOTAGE_NO_DSB_AFTER_TLBI,
    SABOTAGE_COUNT
};

/* What a flush names. AUTO: what Linux does, pages one by one, or everything above a table's worth of them. */
enum tlbi_unit { TLBI_AUTO, TLBI_PAGE, TLBI_RANGE, TLBI_LEVEL, TLBI_ALL };
/* ENTRY: DSB and ISB behind each live descriptor, as set_pmd() has them. BATCHED: only where order needs one. */
enum dsb_use { DSB_AS_STRATEGY, DSB_ENTRY, DSB_BATCHED };
enum table_pages { TABLES_POOL, TABLES_ZEROED };
enum zeroing { ZERO_STORES, ZERO_ZVA };

enum verify_mode { VERIFY_FULL, VERIFY_SAMPLE, VERIFY_NONE };

/* How a new table is filled: eight descriptors a turn, or each on its own (mm/set_descriptors.c). */
enum fill { FILL_AS_STRATEGY, FILL_GROUP, FILL_ENTRY };

struct strategy;

struct machine {
    struct fdt_info fdt; /* banks sorted and cut to what is mapped; boot core first in mpidr[] */
    u64 fdt_pa;
    unsigned cpus; /* cores in use, the boot core included */
    u64 ram_base, ram_end;

    unsigned granule_shift;   /* 12, 14, 16 */
    unsigned max_block_level; /* the lowest level number at which blocks are painted: 1 or 2 */
    enum sabotage sabotage;
    bool in_map;              /* secondaries=in-map or reading, or the sabotage of that name */
    bool reading;             /* secondaries=reading: they don't wait, they use the linear map until they are released */
    bool panic_on_conflict;
    enum tlbi_unit tlbi;
    enum dsb_use dsb;
    unsigned paint_flags; /* of the linear map at boot: the strategy's, or what map= says */
    bool dsb_entry; /* what dsb= comes to with this strategy */
    bool fill_entry; /* what fill= comes to with this strategy */
    enum table_pages tables; /* a new table's page: as it comes, or zeroed first (it is filled completely anyway) */
    enum zeroing zeroing;
    enum verify_mode verify;
    bool verify_everywhere;   /* every core reads everything */
    u64 verify_stride;        /* bytes between places that are read: verify/verify.h */
    const struct strategy *strategy;
    char variant[ARG_BYTES];  /* merge and migrate: correct, broken, ... */
};

extern struct machine machine;

/* Reads device tree and command line. Returns on success; fails the run with a reason otherwise. */
void machine_read(u64 fdt_pa);
/* The index of key's value among `count` names, `names` being "first|second"; `fallback` if the key is absent. */
unsigned choose(const char *key, unsigned fallback, const char *names, unsigned count);
/* ID_AA64MMFR0_EL1 of this core: can it translate with the granule asked for? */
bool core_has_granule(void);

#endif
