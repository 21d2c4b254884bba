/* SPDX-License-Identifier: Apache-2.0
 * Calls to the machine: PSCI, and the simulator's own (guest_abi.h). Without a simulator, results go to the console.
 */
#ifndef BARE_GUEST_H
#define BARE_GUEST_H

#include "guest_abi.h"
#include "lib/types.h"

#define PSCI_CPU_OFF 0x84000002
#define PSCI_CPU_ON 0xC4000003
#define PSCI_AFFINITY_INFO 0xC4000004
#define PSCI_OFF 1 /* an answer of AFFINITY_INFO */
#define PSCI_SYSTEM_OFF 0x84000008

u64 hvc_call(u64 function, u64 a, u64 b, u64 c); /* guest_call.S */

void guest_probe(void); /* once: is there a simulator? */
void phase_begin(const char *name);
void phase_end(const char *name);
void progress(u64 done, u64 total);
void result(const char *name, u64 value);
void core_result(const char *name, unsigned cpu, u64 value); /* "name.coreN" */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void power_off(void) __attribute__((noreturn));

#endif
