/* SPDX-License-Identifier: Apache-2.0
 * Pointer chases through memory of growing size: the price of a load by where its data or its translation is found.
 */
#ifndef BARE_LADDER_H
#define BARE_LADDER_H

#include "lib/types.h"

/* Numbers for neighbouring k that fall evenly into any power of two of slots (Fibonacci hashing): which line of page k
 * is used, or the lines of all pages would compete for a few sets of the caches. */
static inline u64 scattered(u64 k) { return k * 0x9e3779b97f4a7c15ULL >> 48; }

/* Makes a ring of `count` pointers, that of unit k lying at va + k * unit + place(k), visited in a scattered order. */
struct ring {
    u64 va, unit, count;
    u64 lines;           /* place(k) = (scattered(k) mod lines) * 64; a power of two */
};
void ring_write(const struct ring *r);
u64 ring_first(const struct ring *r);
u64 ring_follow(u64 at, u64 steps); /* steps: a multiple of 16; returns where it ends */

#endif
