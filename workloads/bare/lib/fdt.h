/* SPDX-License-Identifier: Apache-2.0
 * Reads what the guest needs from a flattened device tree: RAM, cores, command line. Everything in the blob is
 * untrusted: a broken one gives an error text, never an access outside [blob, blob + totalsize).
 */
#ifndef BARE_FDT_H
#define BARE_FDT_H

#include "lib/types.h"

struct bank {
    u64 begin, end; /* physical, end exclusive */
};

struct fdt_info {
    struct bank banks[MAX_BANKS];
    unsigned bank_count;
    u64 mpidr[MAX_CPUS];
    unsigned cpu_count;
    char bootargs[512];
    u64 bytes; /* totalsize */
};

bool fdt_plausible(const void *blob);
/* Returns null, or what is wrong. */
const char *fdt_read(const void *blob, struct fdt_info *info);

#endif
