/* SPDX-License-Identifier: Apache-2.0
 * VMSAv8-64 stage 1 descriptors (DDI 0487 D8.3) and the geometry of the three granules, for 48-bit VA.
 */
#ifndef BARE_DESCRIPTOR_H
#define BARE_DESCRIPTOR_H

#include "lib/machine.h"

#define DESC_VALID 1ULL
#define DESC_BLOCK 1ULL
#define DESC_TABLE 3ULL /* levels 0 to 2 */
#define DESC_PAGE 3ULL  /* level 3 */
#define DESC_TYPE 3ULL
#define DESC_ATTR(n) ((u64)(n) << 2)
#define DESC_USER (1ULL << 6)
#define DESC_RO (1ULL << 7)
#define DESC_SH_INNER (3ULL << 8)
#define DESC_AF (1ULL << 10)
#define DESC_NG (1ULL << 11)
#define DESC_NT (1ULL << 16) /* block descriptors only (I_PJZBK) */
#define DESC_CONT (1ULL << 52)
#define DESC_PXN (1ULL << 53)
#define DESC_UXN (1ULL << 54)
#define DESC_PXN_TABLE (1ULL << 59) /* of table descriptors: no privileged execution below */
#define DESC_UXN_TABLE (1ULL << 60)
#define DESC_ADDRESS 0x0000fffffffff000ULL

enum { MAIR_DEVICE, MAIR_NORMAL, MAIR_NC };
#define MAIR_VALUE 0x44ff00ULL /* Attr0 Device-nGnRnE, Attr1 Normal write-back, Attr2 Normal Non-cacheable */

#define ATTR_DATA (DESC_ATTR(MAIR_NORMAL) | DESC_SH_INNER | DESC_AF | DESC_PXN | DESC_UXN)
#define ATTR_TEXT (DESC_ATTR(MAIR_NORMAL) | DESC_SH_INNER | DESC_AF | DESC_RO | DESC_UXN)
#define ATTR_RODATA (ATTR_DATA | DESC_RO)
#define ATTR_DEVICE (DESC_ATTR(MAIR_DEVICE) | DESC_AF | DESC_PXN | DESC_UXN)

static inline unsigned index_bits(void) { return machine.granule_shift - 3; }
static inline unsigned table_entries(void) { return 1u << index_bits(); }
static inline u64 table_bytes(void) { return 1ULL << machine.granule_shift; }
static inline unsigned root_level(void) { return machine.granule_shift == 16 ? 1 : 0; }
static inline unsigned level_shift(unsigned level) { return machine.granule_shift + (3 - level) * index_bits(); }
static inline u64 level_span(unsigned level) { return 1ULL << level_shift(level); } /* of one entry */
static inline unsigned level_index(u64 va, unsigned level) {
    return (unsigned)((va & 0xffffffffffffULL) >> level_shift(level)) & (table_entries() - 1);
}
/* Where [va, end) leaves the entry of va: never beyond end, nor round the end of the address space. */
static inline u64 level_next(u64 va, u64 end, unsigned level) {
    const u64 left = level_span(level) - (va & (level_span(level) - 1));
    return end - va <= left ? end : va + left;
}

/* Members of a contiguous group (D8.7.1), as Linux uses them: levels 2 and 3 only. 0: the level has none. */
static inline unsigned group_members(unsigned level) {
    if (level < 2) return 0;
    return machine.granule_shift == 12 ? 16 : machine.granule_shift == 16 ? 32 : level == 2 ? 32 : 128;
}

static inline bool is_valid(u64 d) { return d & DESC_VALID; }
static inline bool is_leaf(u64 d, unsigned level) { return (d & DESC_TYPE) == (level == 3 ? DESC_PAGE : DESC_BLOCK); }
static inline bool is_table(u64 d, unsigned level) { return level < 3 && (d & DESC_TYPE) == DESC_TABLE; }
static inline u64 leaf_type(unsigned level) { return level == 3 ? DESC_PAGE : DESC_BLOCK; }

#endif
