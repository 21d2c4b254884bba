/* SPDX-License-Identifier: Apache-2.0
 * What a bare-metal guest and the simulator say to each other beyond PSCI: SMCCC64 calls in the vendor hypervisor
 * range, by HVC. A machine that doesn't know them answers NOT_SUPPORTED (-1) and the guest goes on: the same
 * binaries run on QEMU. Shared by guest C, guest assembly and the simulator: constants only.
 *
 *   x0 = function, arguments in x1..x3, result in x0 (0: done).
 */
#ifndef BBMSIM_GUEST_ABI_H
#define BBMSIM_GUEST_ABI_H

#define BBM_CALL_VERSION 0xC6000100     /* -> 1 */
#define BBM_CALL_PHASE_BEGIN 0xC6000101 /* x1 = PA of a NUL-terminated name (at most 63 bytes) */
#define BBM_CALL_PHASE_END 0xC6000102   /* x1 = PA of the name */
#define BBM_CALL_RESULT 0xC6000103      /* x1 = PA of a name, x2 = value: a named 64-bit result for the host */
#define BBM_CALL_FAIL 0xC6000104        /* x1 = PA of a NUL-terminated reason: the run's outcome is "guest-failed" */
#define BBM_CALL_PROGRESS 0xC6000105    /* x1 = done, x2 = total, for the progress display */

#endif
