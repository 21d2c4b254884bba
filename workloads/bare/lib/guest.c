/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/guest.h"

#include <stdarg.h>

#include "lib/console.h"
#include "lib/machine.h"
#include "lib/sysreg.h"
#include "mm/mm.h"

static bool simulator;

void guest_probe(void) { simulator = hvc_call(BBM_CALL_VERSION, 0, 0, 0) == 1; }

void phase_begin(const char *name) {
    if (simulator) hvc_call(BBM_CALL_PHASE_BEGIN, image_to_pa(name), 0, 0);
}

void phase_end(const char *name) {
    if (simulator) hvc_call(BBM_CALL_PHASE_END, image_to_pa(name), 0, 0);
}

void progress(u64 done, u64 total) {
    if (simulator) hvc_call(BBM_CALL_PROGRESS, done, total, 0);
}

void result(const char *name, u64 value) {
    if (simulator)
        hvc_call(BBM_CALL_RESULT, image_to_pa(name), value, 0);
    else
        print("result %s=0x%lx\n", name, value);
}

void core_result(const char *name, unsigned cpu, u64 value) {
    char text[64];
    format_to(text, sizeof text, "%s.core%u", name, cpu);
    result(text, value);
}

void power_off(void) {
    hvc_call(PSCI_SYSTEM_OFF, 0, 0, 0);
    for (;;) wfi();
}

/* One reason is enough: the first core to fail ends the run. */
void fail(const char *format, ...) {
    static char reason[160];
    va_list ap;
    va_start(ap, format);
    vformat_to(reason, sizeof reason, format, ap);
    va_end(ap);
    print("FAIL: %s\n", reason);
    hvc_call(BBM_CALL_FAIL, image_to_pa(reason), 0, 0);
    power_off();
}
