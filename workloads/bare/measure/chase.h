/* SPDX-License-Identifier: Apache-2.0
 * What translations cost while they are used: a chase and a stream over the linear map, before and after it is
 * repainted (repaint's after=).
 *
 * Chase: dependent loads, one in each 4 KiB of the footprint in a fixed scattered order, so that each needs a
 * translation of its own and nothing overlaps. The next address comes of arithmetic, and of the loaded value times
 * nothing: memory stays as it is, and a page that nobody wrote needs no host memory.
 * Stream: every 64 bytes of the footprint in order.
 *
 * Every core goes over the whole footprint, from a place of its own on; once unmeasured, so that caches and TLBs are as
 * they will stay. Phases of each core's own "chase-before", "stream-before", "chase-after", "stream-after"; results measure.footprint
 * (bytes), measure.chase and measure.stream (accesses of a core in a phase).
 */
#ifndef BARE_CHASE_H
#define BARE_CHASE_H

#include "lib/types.h"

void measure_before(unsigned cpu); /* every core; returns when all are through */
void measure_after(unsigned cpu);

/* The two loops; first: the chase's first unit of 4 KiB, pages a power of two. */
void chase_pages(u64 va, u64 pages, u64 first, u64 accesses);
void stream_lines(u64 va, u64 bytes);

#endif
