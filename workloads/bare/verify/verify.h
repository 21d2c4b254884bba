/* SPDX-License-Identifier: Apache-2.0
 * Do all cores see the right memory through the linear map?
 *
 * Verified range: RAM from behind the table pool to the end of its bank, without the part up to or from the device
 * tree if that lies inside (the larger part is kept). Reported as verify.begin, verify.end (physical, end exclusive)
 * and verify.stride (bytes: a power of two from 8 to 4096, or a multiple of 4096). It is divided into T = (end - begin)
 * / stride units; core c of n owns the units [T * c / n, T * (c + 1) / n), with verify_by=every-core it reads all T, and
 * reports
 *
 *   checksum.coreC = sum over the units k that it reads of rotl64(load64(begin + k * stride), k & 63) mod 2^64
 *   places.coreC   = how many that were
 *   written.coreC  = locations that it then wrote (half a stride, rounded down to 8, into some of its units), and that
 *                    it and another core read back
 *
 * Nothing but those written locations changes in the range, so a host recomputes the sum from RAM's initial contents.
 */
#ifndef BARE_VERIFY_H
#define BARE_VERIFY_H

#include "lib/types.h"

struct verify_range {
    u64 begin, end; /* physical */
};

struct verify_range verify_range(void);
void warm_up(void);               /* this core reads all over the linear map, so that its TLBs hold some of it */
void read_around(unsigned reads); /* a number of reads of the linear map */
void verify_on_boot_core(void);   /* all cores together; reports; fails the run if written data is wrong */
void verify_on_secondary(unsigned cpu);

#endif
