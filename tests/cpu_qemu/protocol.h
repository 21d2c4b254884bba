/* SPDX-License-Identifier: Apache-2.0 */
/* What the driver sends to the program that runs under qemu-aarch64, and what comes back; little-endian, no padding.
 *
 * Input: kQemuDataBytes of data, then any number of blocks: struct BlockIn, then its words. A block is put at `pc` in
 * the code area, entered with these registers, and ends at its last word, which the program replaces. Output: one
 * struct BlockOut a block. */
#ifndef BBMSIM_TESTS_CPU_QEMU_PROTOCOL_H
#define BBMSIM_TESTS_CPU_QEMU_PROTOCOL_H

#include <stdint.h>

struct BlockIn {
    uint64_t x[31], sp, pc, nzcv, fpcr, fpsr, words;
    uint64_t unused; /* keeps v aligned to 16 */
    uint64_t v[64];
};

struct BlockOut {
    uint64_t x[31], sp, nzcv, fpsr;
    uint64_t v[64];
    uint64_t data_sum; /* of the data area after the block: h = h * 0x100000001b3 + word, from 0 */
};

#endif
