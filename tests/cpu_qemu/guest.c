/* SPDX-License-Identifier: Apache-2.0 */
/* A static program for qemu-aarch64: runs blocks of instructions from standard input, see protocol.h. No C library. */
#include "tests/cpu_qemu/protocol.h"

#include <stddef.h>

#define CODE 0x40180000UL
#define CODE_BYTES 0x40000UL
#define DATA 0x40200000UL
#define DATA_BYTES 0x10000UL

static long call(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 asm("x8") = number;
    register long x0 asm("x0") = a;
    register long x1 asm("x1") = b;
    register long x2 asm("x2") = c;
    register long x3 asm("x3") = d;
    register long x4 asm("x4") = e;
    register long x5 asm("x5") = f;
    asm volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
static void leave(int status) {
    for (;;) call(93, status, 0, 0, 0, 0, 0);
}
/* 0: the input ended before the first byte. */
static int get(void* to, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        const long n = call(63, 0, (long)((char*)to + done), (long)(bytes - done), 0, 0, 0);
        if (n == 0 && done == 0) return 0;
        if (n <= 0) leave(3);
        done += (size_t)n;
    }
    return 1;
}
static void put(const void* from, size_t bytes) {
    for (size_t done = 0; done < bytes;) {
        const long n = call(64, 1, (long)((const char*)from + done), (long)(bytes - done), 0, 0, 0);
        if (n <= 0) leave(4);
        done += (size_t)n;
    }
}
static void map(unsigned long at, unsigned long bytes) {
    if (call(222, (long)at, (long)bytes, 7, 0x32, -1, 0) != (long)at) leave(5); /* RWX, private fixed anonymous */
}

static void make_executable(const uint32_t* first, const uint32_t* last) {
    for (const uint32_t* w = first; w <= last; ++w) asm volatile("dc cvau, %0" ::"r"(w) : "memory");
    asm volatile("dsb ish" ::: "memory");
    for (const uint32_t* w = first; w <= last; ++w) asm volatile("ic ivau, %0" ::"r"(w) : "memory");
    asm volatile("dsb ish; isb" ::: "memory");
}

/* Loads every register from `in` and jumps to the word before the block, which fetches X0 from TPIDR_EL0. */
void enter(const struct BlockIn* in, unsigned long code);
void block_end(void);
struct BlockOut out;
unsigned long kept[24];

asm(".text\n.global enter, block_end\n"
    "enter:\n"
    "  adrp x9, kept\n  add x9, x9, :lo12:kept\n"
    "  stp x19, x20, [x9]\n  stp x21, x22, [x9, #16]\n  stp x23, x24, [x9, #32]\n  stp x25, x26, [x9, #48]\n"
    "  stp x27, x28, [x9, #64]\n  stp x29, x30, [x9, #80]\n  mov x10, sp\n  str x10, [x9, #96]\n"
    "  stp d8, d9, [x9, #104]\n  stp d10, d11, [x9, #120]\n  stp d12, d13, [x9, #136]\n  stp d14, d15, [x9, #152]\n"
    "  ldr x9, [x0, #248]\n  mov sp, x9\n"
    "  ldr x9, [x0, #264]\n  msr nzcv, x9\n  ldr x9, [x0, #272]\n  msr fpcr, x9\n  ldr x9, [x0, #280]\n  msr fpsr, x9\n"
    "  ldr x9, [x0]\n  msr tpidr_el0, x9\n  str x1, [x0]\n"
    "  add x9, x0, #304\n"
    "  ldp q0, q1, [x9]\n  ldp q2, q3, [x9, #32]\n  ldp q4, q5, [x9, #64]\n  ldp q6, q7, [x9, #96]\n"
    "  ldp q8, q9, [x9, #128]\n  ldp q10, q11, [x9, #160]\n  ldp q12, q13, [x9, #192]\n  ldp q14, q15, [x9, #224]\n"
    "  add x9, x9, #256\n"
    "  ldp q16, q17, [x9]\n  ldp q18, q19, [x9, #32]\n  ldp q20, q21, [x9, #64]\n  ldp q22, q23, [x9, #96]\n"
    "  ldp q24, q25, [x9, #128]\n  ldp q26, q27, [x9, #160]\n  ldp q28, q29, [x9, #192]\n  ldp q30, q31, [x9, #224]\n"
    "  ldp x1, x2, [x0, #8]\n  ldp x3, x4, [x0, #24]\n  ldp x5, x6, [x0, #40]\n  ldp x7, x8, [x0, #56]\n"
    "  ldp x9, x10, [x0, #72]\n  ldp x11, x12, [x0, #88]\n  ldp x13, x14, [x0, #104]\n  ldp x15, x16, [x0, #120]\n"
    "  ldp x17, x18, [x0, #136]\n  ldp x19, x20, [x0, #152]\n  ldp x21, x22, [x0, #168]\n  ldp x23, x24, [x0, #184]\n"
    "  ldp x25, x26, [x0, #200]\n  ldp x27, x28, [x0, #216]\n  ldp x29, x30, [x0, #232]\n"
    "  ldr x0, [x0]\n  br x0\n"
    "block_end:\n"
    "  msr tpidr_el0, x0\n  adrp x0, out\n  add x0, x0, :lo12:out\n"
    "  stp x1, x2, [x0, #8]\n  stp x3, x4, [x0, #24]\n  stp x5, x6, [x0, #40]\n  stp x7, x8, [x0, #56]\n"
    "  stp x9, x10, [x0, #72]\n  stp x11, x12, [x0, #88]\n  stp x13, x14, [x0, #104]\n  stp x15, x16, [x0, #120]\n"
    "  stp x17, x18, [x0, #136]\n  stp x19, x20, [x0, #152]\n  stp x21, x22, [x0, #168]\n  stp x23, x24, [x0, #184]\n"
    "  stp x25, x26, [x0, #200]\n  stp x27, x28, [x0, #216]\n  stp x29, x30, [x0, #232]\n"
    "  mrs x1, tpidr_el0\n  str x1, [x0]\n  mov x1, sp\n  str x1, [x0, #248]\n"
    "  mrs x1, nzcv\n  str x1, [x0, #256]\n  mrs x1, fpsr\n  str x1, [x0, #264]\n"
    "  add x9, x0, #272\n"
    "  stp q0, q1, [x9]\n  stp q2, q3, [x9, #32]\n  stp q4, q5, [x9, #64]\n  stp q6, q7, [x9, #96]\n"
    "  stp q8, q9, [x9, #128]\n  stp q10, q11, [x9, #160]\n  stp q12, q13, [x9, #192]\n  stp q14, q15, [x9, #224]\n"
    "  add x9, x9, #256\n"
    "  stp q16, q17, [x9]\n  stp q18, q19, [x9, #32]\n  stp q20, q21, [x9, #64]\n  stp q22, q23, [x9, #96]\n"
    "  stp q24, q25, [x9, #128]\n  stp q26, q27, [x9, #160]\n  stp q28, q29, [x9, #192]\n  stp q30, q31, [x9, #224]\n"
    "  adrp x9, kept\n  add x9, x9, :lo12:kept\n"
    "  ldp x19, x20, [x9]\n  ldp x21, x22, [x9, #16]\n  ldp x23, x24, [x9, #32]\n  ldp x25, x26, [x9, #48]\n"
    "  ldp x27, x28, [x9, #64]\n  ldp x29, x30, [x9, #80]\n  ldr x10, [x9, #96]\n  mov sp, x10\n"
    "  ldp d8, d9, [x9, #104]\n  ldp d10, d11, [x9, #120]\n  ldp d12, d13, [x9, #136]\n  ldp d14, d15, [x9, #152]\n"
    "  msr fpcr, xzr\n  ret\n");

_Static_assert(offsetof(struct BlockIn, v) == 304 && offsetof(struct BlockOut, v) == 272, "as the assembly has it");

void _start(void) {
    map(CODE - 0x1000, CODE_BYTES + 0x1000);
    map(DATA, DATA_BYTES);
    if (!get((void*)DATA, DATA_BYTES)) leave(6);
    static struct BlockIn in;
    while (get(&in, sizeof in)) {
        if (in.pc < CODE || in.words == 0 || in.pc + 4 * in.words > CODE + CODE_BYTES) leave(7);
        uint32_t* words = (uint32_t*)in.pc;
        if (!get(words, 4 * in.words)) leave(8);
        words[-1] = 0xd53bd040; /* MRS X0, TPIDR_EL0 */
        uint32_t* last = words + in.words - 1;
        *last = 0x14000000 | (uint32_t)(((unsigned long)&block_end - (unsigned long)last) / 4 & 0x3ffffff);
        make_executable(words - 1, last);
        enter(&in, in.pc - 4);
        uint64_t h = 0;
        for (const uint64_t* w = (const uint64_t*)DATA; w < (const uint64_t*)(DATA + DATA_BYTES); ++w)
            h = h * 0x100000001b3UL + *w;
        out.data_sum = h;
        put(&out, sizeof out);
    }
    leave(0);
}
