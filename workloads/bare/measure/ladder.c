/* SPDX-License-Identifier: Apache-2.0 */
#include "measure/ladder.h"

static u64 place(const struct ring *r, u64 k) { return r->va + k * r->unit + (scattered(k) & (r->lines - 1)) * 64; }

u64 ring_first(const struct ring *r) { return place(r, 0); }

static u64 common_divisor(u64 a, u64 b) {
    while (b) {
        const u64 rest = a % b;
        a = b, b = rest;
    }
    return a;
}

/* k -> k + c mod n, c near the golden section of n and without a common divisor, visits every k. */
void ring_write(const struct ring *r) {
    u64 step = (r->count * 0x9e37 >> 16) | 1;
    while (common_divisor(r->count, step) != 1) ++step;
    for (u64 k = 0; k < r->count; ++k) *(volatile u64 *)place(r, k) = place(r, (k + step) % r->count);
}

WRITER u64 ring_follow(u64 at, u64 steps) {
    for (; steps; steps -= 16) {
        __asm__ volatile(
            "ldr %0, [%0]\n ldr %0, [%0]\n ldr %0, [%0]\n ldr %0, [%0]\n"
            "ldr %0, [%0]\n ldr %0, [%0]\n ldr %0, [%0]\n ldr %0, [%0]\n"
            "ldr %0, [%0]\n ldr %0, [%0]\n ldr %0, [%0]\n ldr %0, [%0]\n"
            "ldr %0, [%0]\n ldr %0, [%0]\n ldr %0, [%0]\n ldr %0, [%0]\n"
            : "+r"(at) : : "memory");
    }
    return at;
}
