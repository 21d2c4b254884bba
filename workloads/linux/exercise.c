// SPDX-License-Identifier: Apache-2.0
// What a shell can't do by itself, for init.sh: `exercise map` maps and protects memory, `exercise bpf` loads a BPF
// program, has the kernel compile it, and runs it once; for work.sh, `exercise reads FILE` reads 64 bytes of each page of
// a file, 4 times, in a scattered order. Exit status 0, or 1 with a line that says what failed.

#include "mapping.h"
#include "system_calls.h"

typedef unsigned char byte;

// include/uapi/linux/bpf.h; the unions' other members are not needed.
struct instruction {
    byte code;
    byte registers;  // destination in bits 3:0
    short offset;
    int immediate;
};

struct load_attributes {
    unsigned type, count;
    const struct instruction* instructions;
    const char* license;
    unsigned log_level, log_size;
    char* log;
    unsigned kernel_version, flags;
};

struct run_attributes {
    unsigned program, result, size_in, size_out;
    const byte *data_in, *data_out;
    unsigned repeat, duration;
};

enum { kProgLoad = 5, kProgTestRun = 10, kSocketFilter = 1, kAnswer = 42 };
enum { kMove = 0xb7, kAdd = 0x07, kReturn = 0x95 };  // BPF_ALU64 with BPF_K; BPF_JMP | BPF_EXIT

static int wrong(const char* what) {
    say("exercise: ");
    say(what);
    say("\n");
    return 1;
}

static int load_bpf(void) {
    static const struct instruction kProgram[] = {{kMove, 0, 0, kAnswer - 1}, {kAdd, 0, 0, 1}, {kReturn, 0, 0, 0}};
    static const byte kPacket[64];
    struct load_attributes load = {kSocketFilter, sizeof kProgram / sizeof kProgram[0], kProgram, "GPL", 0, 0, 0, 0, 0};
    const long program = call(kBpf, kProgLoad, (word)&load, sizeof load, 0, 0, 0);
    if (program < 0) return wrong("BPF_PROG_LOAD refused");
    struct run_attributes run = {(unsigned)program, 0, sizeof kPacket, 0, kPacket, 0, 1, 0};
    if (call(kBpf, kProgTestRun, (word)&run, sizeof run, 0, 0, 0) != 0) return wrong("BPF_PROG_TEST_RUN refused");
    return run.result == kAnswer ? 0 : wrong("the BPF program gave a wrong answer");
}

// The page order of workloads/bare/measure/ladder.c; the kernel copies from the page cache through its linear map.
static int read_pages(const char* path) {
    enum { kHere = -100, kEnd = 2, kPage = 4096, kRounds = 4 };
    byte data[64];
    const long file = call(kOpenAt, (word)kHere, (word)path, 0, 0, 0, 0);
    if (file < 0) return wrong("open");
    const word pages = (word)call(kLseek, (word)file, 0, kEnd, 0, 0, 0) / kPage;
    if (!pages) return wrong("a file of a page or more is needed");
    word step = pages * 0x9e37 >> 16 | 1, page = 0;
    for (word n = 0; n < kRounds * pages; ++n) {
        if (call(kPread, (word)file, (word)data, sizeof data, page * kPage, 0, 0) != sizeof data) return wrong("pread");
        page = (page + step) % pages;
    }
    return 0;
}

static int exercise(const word* stack) {
    const char* what = stack[0] == 2 ? (const char*)stack[2] : "";
    if (what[0] == 'b') return load_bpf();
    if (stack[0] == 3) return read_pages((const char*)stack[3]);
    const char* failed = exercise_mappings();
    return failed ? wrong(failed) : 0;
}

// The stack begins with argc and the pointers to the arguments.
void start(const word* stack) {
    call(kExitGroup, (word)exercise(stack), 0, 0, 0, 0, 0);
    for (;;) {
    }
}

__asm__(".global _start\n_start: mov x0, sp\n b start\n");
