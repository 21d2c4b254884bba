// SPDX-License-Identifier: Apache-2.0
// The first program of user space, static and without libc: prints marks, forks, maps and protects memory, powers off.
// General registers only: it runs on a board without FP and Advanced SIMD.

#include "mapping.h"
#include "system_calls.h"

enum { kSigChld = 17 };

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

static void maps(void) {
    const char* wrong = exercise_mappings();
    if (wrong) fail(wrong);
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
