/* SPDX-License-Identifier: Apache-2.0
 * The calls that strategy lazy replays: what set_memory_*() of a kernel was asked for, in order. The host puts the
 * user's list in place of the default one before the guest starts; without a host's list, a made-up one is used.
 */
#ifndef BARE_SET_MEMORY_H
#define BARE_SET_MEMORY_H

#include "lib/types.h"

enum { MOST_SET_MEMORY_CALLS = 4096 };
enum set_memory_what { SET_RO, SET_RW, SET_X, SET_NX, SET_INVALID, SET_VALID };

struct set_memory_call {
    u64 offset; /* bytes from the start of the linear map, a multiple of the granule */
    u32 pages;  /* of the granule */
    u32 what;
};

struct set_memory_list {
    u64 n;
    struct set_memory_call call[MOST_SET_MEMORY_CALLS];
};
extern struct set_memory_list set_memory_list;

#endif
