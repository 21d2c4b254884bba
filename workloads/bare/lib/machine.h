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

enum verify_mode { VERIFY_FULL, VERIFY_SAMPLE, VERIFY_NONE };

struct strategy;

struct machine {
    struct fdt_info fdt; /* banks sorted and cut to what is mapped; boot core first in mpidr[] */
    u64 fdt_pa;
    unsigned cpus; /* cores in use, the boot core included */
    u64 ram_base, ram_end;

    unsigned granule_shift;   /* 12, 14, 16 */
    unsigned max_block_level; /* the lowest level number at which blocks are painted: 1 or 2 */
    enum sabotage sabotage;
    bool in_map;              /* secondaries=in-map, or the sabotage of that name */
    bool panic_on_conflict;
    enum verify_mode verify;
    u64 verify_stride;        /* bytes between places that are read: verify/verify.h */
    const struct strategy *strategy;
    char variant[ARG_BYTES];  /* merge and migrate: correct, broken, ... */
};

extern struct machine machine;

/* Reads device tree and command line. Returns on success; fails the run with a reason otherwise. */
void machine_read(u64 fdt_pa);
/* ID_AA64MMFR0_EL1 of this core: can it translate with the granule asked for? */
bool core_has_granule(void);

#endif
