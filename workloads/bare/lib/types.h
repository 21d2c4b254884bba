/* SPDX-License-Identifier: Apache-2.0
 * Integer types, attributes and the two address conversions that everybody needs.
 */
#ifndef BARE_TYPES_H
#define BARE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define MAX_CPUS 64
#define MAX_BANKS 8

/* A function that writes live descriptors: kept whole, so that findings name it ("split_block+0x54"). */
#define WRITER __attribute__((noipa))

static inline u64 min_u64(u64 a, u64 b) { return a < b ? a : b; }
static inline u64 max_u64(u64 a, u64 b) { return a > b ? a : b; }
static inline u64 round_up(u64 v, u64 unit) { return (v + unit - 1) & ~(unit - 1); }
static inline u64 round_down(u64 v, u64 unit) { return v & ~(unit - 1); }

#endif
