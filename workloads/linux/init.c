// SPDX-License-Identifier: Apache-2.0
// The first program of user space, static and without libc: prints marks, forks, maps and protects memory, powers off.
// General registers only: it runs on a board without FP and Advanced SIMD.

typedef unsigned long word;

// Numbers of include/uapi/asm-generic/unistd.h, which arm64 uses.
enum {
    kWrite = 64,
    kExit = 93,
    kExitGroup = 94,
    kReboot = 142,
    kGetPid = 172,
    kMunmap = 215,
    kClone = 220,
    kMmap = 222,
    kMprotect = 226,
    kWait4 = 260,
};

enum { kProtRead = 1, kProtWrite = 2, kMapPrivate = 2, kMapAnonymous = 0x20, kSigChld = 17 };
enum { kPage = 4096, kMiB = 1 << 20 };

static long call(long number, word a, word b, word c, word d, word e, word f) {
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

static void say(const char* text) {
    word length = 0;
    while (text[length]) ++length;
    call(kWrite, 1, (word)text, length, 0, 0, 0);
}

static void power_off(void) {
    call(kReboot, 0xfee1dead, 672274793, 0x4321fedc, 0, 0, 0);  // LINUX_REBOOT_CMD_POWER_OFF
    call(kExitGroup, 1, 0, 0, 0, 0, 0);
}

static void fail(const char* what) {
    say("init: failed: ");
    say(what);
    say("\n");
    power_off();
}

static volatile word shared_by_copy = 1;

// A child changes its copy of a page; the parent's stays.
static void forks(void) {
    for (int i = 0; i < 4; ++i) {
        const long child = call(kClone, kSigChld, 0, 0, 0, 0, 0);
        if (child == 0) {
            shared_by_copy = 2;
            call(kExit, call(kGetPid, 0, 0, 0, 0, 0, 0) > 1 && shared_by_copy == 2 ? 42 : 1, 0, 0, 0, 0, 0);
        }
        int status = 0;
        if (child < 0 || call(kWait4, (word)child, (word)&status, 0, 0, 0, 0) != child) fail("clone");
        if (status != 42 << 8 || shared_by_copy != 1) fail("a child's exit");
    }
    say("init: forked\n");
}

// Small pages and, where the kernel likes, huge ones; read-only and back; unmapped.
static void maps(void) {
    const word size = 4 * kMiB;
    const long at = call(kMmap, 0, size, kProtRead | kProtWrite, kMapPrivate | kMapAnonymous, ~0UL, 0);
    if (at < 0 && at > -4096) fail("mmap");
    volatile word* memory = (volatile word*)at;
    for (word i = 0; i < size / sizeof(word); i += kPage / sizeof(word)) memory[i] = i;
    if (call(kMprotect, (word)at, kMiB, kProtRead, 0, 0, 0) != 0) fail("mprotect");
    word sum = 0;
    for (word i = 0; i < size / sizeof(word); i += kPage / sizeof(word)) sum += memory[i];
    if (call(kMprotect, (word)at, kMiB, kProtRead | kProtWrite, 0, 0, 0) != 0) fail("mprotect back");
    memory[0] = sum;
    const word pages = size / kPage, step = kPage / sizeof(word);
    if (memory[0] != step * (pages * (pages - 1) / 2)) fail("the sum over a mapping");
    if (call(kMunmap, (word)at, size, 0, 0, 0, 0) != 0) fail("munmap");
    say("init: mapped\n");
}

void _start(void) {
    say("init: user space\n");
    forks();
    maps();
    say("init: power off\n");
    power_off();
    for (;;) {
    }
}
