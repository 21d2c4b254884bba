// SPDX-License-Identifier: Apache-2.0
// Maps and protects memory: small pages and, where the kernel likes, huge ones; read-only and back; unmapped.
#pragma once

#include "system_calls.h"

// Null, or what went wrong.
static inline const char* exercise_mappings(void) {
    enum { kProtRead = 1, kProtWrite = 2, kMapPrivate = 2, kMapAnonymous = 0x20 };
    enum { kPage = 4096, kMiB = 1 << 20 };
    const word size = 4 * kMiB;
    const long at = call(kMmap, 0, size, kProtRead | kProtWrite, kMapPrivate | kMapAnonymous, ~0UL, 0);
    if (at < 0 && at > -4096) return "mmap";
    volatile word* memory = (volatile word*)at;
    for (word i = 0; i < size / sizeof(word); i += kPage / sizeof(word)) memory[i] = i;
    if (call(kMprotect, (word)at, kMiB, kProtRead, 0, 0, 0) != 0) return "mprotect";
    word sum = 0;
    for (word i = 0; i < size / sizeof(word); i += kPage / sizeof(word)) sum += memory[i];
    if (call(kMprotect, (word)at, kMiB, kProtRead | kProtWrite, 0, 0, 0) != 0) return "mprotect back";
    memory[0] = sum;
    const word pages = size / kPage, step = kPage / sizeof(word);
    if (memory[0] != step * (pages * (pages - 1) / 2)) return "the sum over a mapping";
    if (call(kMunmap, (word)at, size, 0, 0, 0, 0) != 0) return "munmap";
    return 0;
}
