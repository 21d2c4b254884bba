/* SPDX-License-Identifier: Apache-2.0
 * Runs with the MMU off: bytewise reads (Device memory allows no unaligned ones), no pointers in static data.
 */
#include "lib/fdt.h"

#include "lib/string.h"

enum { TOKEN_BEGIN = 1, TOKEN_END = 2, TOKEN_PROP = 3, TOKEN_NOP = 4, TOKEN_FINISH = 9 };
enum { MAX_DEPTH = 16, MAX_BLOB = 4 << 20, MAGIC = (int)0xd00dfeed };

struct node {
    unsigned address_cells, size_cells; /* for its children */
    bool is_memory, is_cpu;
    const u8 *reg;
    u32 reg_length;
};

static u32 be32(const u8 *p) { return (u32)p[0] << 24 | (u32)p[1] << 16 | (u32)p[2] << 8 | p[3]; }

static u64 cells(const u8 *p, unsigned n) { return n == 2 ? (u64)be32(p) << 32 | be32(p + 4) : be32(p); }

bool fdt_plausible(const void *blob) {
    return blob && ((u64)blob & 3) == 0 && be32(blob) == (u32)MAGIC && be32((const u8 *)blob + 4) >= 40 &&
           be32((const u8 *)blob + 4) <= MAX_BLOB;
}

static void add_bank(struct fdt_info *info, u64 begin, u64 bytes) {
    if (bytes && begin + bytes > begin && info->bank_count < MAX_BANKS)
        info->banks[info->bank_count++] = (struct bank){begin, begin + bytes};
}

/* A node is complete: its reg means something once device_type has been seen too. */
static void finish_node(struct fdt_info *info, const struct node *n, const struct node *parent) {
    const unsigned a = parent->address_cells, s = parent->size_cells;
    if (!n->reg || a < 1 || a > 2 || s > 2) return;
    if (n->is_memory && s)
        for (u32 at = 0; at + 4 * (a + s) <= n->reg_length; at += 4 * (a + s))
            add_bank(info, cells(n->reg + at, a), cells(n->reg + at + 4 * a, s));
    if (n->is_cpu && n->reg_length >= 4 * a && info->cpu_count < MAX_CPUS)
        info->mpidr[info->cpu_count++] = cells(n->reg, a);
}

static bool value_is(const u8 *value, u32 length, const char *text) {
    const size_t n = strlen(text) + 1;
    if (length != n) return false;
    for (size_t i = 0; i < n; ++i)
        if (value[i] != (u8)text[i]) return false;
    return true;
}

static void property(struct fdt_info *info, struct node *n, bool chosen, const char *name, const u8 *value, u32 length) {
    if (str_equal(name, "#address-cells") && length == 4) n->address_cells = be32(value);
    if (str_equal(name, "#size-cells") && length == 4) n->size_cells = be32(value);
    if (str_equal(name, "reg")) n->reg = value, n->reg_length = length;
    if (str_equal(name, "device_type")) {
        n->is_memory = value_is(value, length, "memory");
        n->is_cpu = value_is(value, length, "cpu");
    }
    if (chosen && str_equal(name, "bootargs")) {
        const u32 kept = (u32)min_u64(length, sizeof info->bootargs - 1);
        for (u32 i = 0; i < kept; ++i) info->bootargs[i] = (char)value[i];
        info->bootargs[kept] = 0;
    }
}

/* A NUL-terminated string at p that ends before `end`; its length, or -1. */
static int string_length(const u8 *p, const u8 *end) {
    for (const u8 *q = p; q < end; ++q)
        if (!*q) return (int)(q - p);
    return -1;
}

const char *fdt_read(const void *blob, struct fdt_info *info) {
    const u8 *b = blob;
    if (!fdt_plausible(blob)) return "no device tree";
    const u64 total = be32(b + 4), at_struct = be32(b + 8), at_strings = be32(b + 12);
    if (at_struct >= total || at_strings >= total || at_struct & 3) return "device tree: offsets outside the blob";
    const u8 *end = b + total, *strings = b + at_strings, *p = b + at_struct;
    struct node stack[MAX_DEPTH];
    int depth = -1;
    bool chosen = false;
    info->bytes = total;
    while (p + 4 <= end) {
        const u32 token = be32(p);
        p += 4;
        if (token == TOKEN_NOP) continue;
        if (token == TOKEN_FINISH) return depth == -1 ? NULL : "device tree: ends inside a node";
        if (token == TOKEN_BEGIN) {
            const int length = string_length(p, end);
            if (length < 0 || ++depth >= MAX_DEPTH) return "device tree: node name runs out, or nested too deeply";
            stack[depth] = (struct node){.address_cells = 2, .size_cells = 1};
            if (depth == 1) chosen = str_equal((const char *)p, "chosen");
            p += (length + 4) & ~3;
        } else if (token == TOKEN_END) {
            if (depth < 0) return "device tree: unbalanced nodes";
            if (depth > 0) finish_node(info, &stack[depth], &stack[depth - 1]);
            if (depth == 1) chosen = false;
            --depth;
        } else if (token == TOKEN_PROP) {
            if (p + 8 > end || depth < 0) return "device tree: property outside a node";
            const u32 length = be32(p), name = be32(p + 4);
            p += 8;
            if (length > (u64)(end - p) || name >= total - at_strings || string_length(strings + name, end) < 0)
                return "device tree: property runs out of the blob";
            property(info, &stack[depth], chosen && depth == 1, (const char *)strings + name, p, length);
            p += (length + 3) & ~3u;
        } else {
            return "device tree: unknown token";
        }
    }
    return "device tree: no end";
}
