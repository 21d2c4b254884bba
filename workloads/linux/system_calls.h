// SPDX-License-Identifier: Apache-2.0
// System calls of arm64 Linux for programs without libc. General registers only.
#pragma once

typedef unsigned long word;

// Numbers of include/uapi/asm-generic/unistd.h, which arm64 uses.
enum {
    kOpenAt = 56,
    kLseek = 62,
    kWrite = 64,
    kPread = 67,
    kExit = 93,
    kExitGroup = 94,
    kReboot = 142,
    kGetPid = 172,
    kMunmap = 215,
    kClone = 220,
    kMmap = 222,
    kMprotect = 226,
    kWait4 = 260,
    kBpf = 280,
};

static inline long call(long number, word a, word b, word c, word d, word e, word f) {
    register long x8 __asm__("x8") = number;
    register word x0 __asm__("x0") = a;
    register word x1 __asm__("x1") = b;
    register word x2 __asm__("x2") = c;
    register word x3 __asm__("x3") = d;
    register word x4 __asm__("x4") = e;
    register word x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory", "cc");
    return (long)x0;
}

static inline void say(const char* text) {
    word length = 0;
    while (text[length]) ++length;
    call(kWrite, 1, (word)text, length, 0, 0, 0);
}
