/* SPDX-License-Identifier: Apache-2.0 */
#include "strategies/strategy.h"

#include "lib/string.h"
#include "mm/mm.h"

#define STRATEGY(id) extern const struct strategy strategy_##id;
#include "strategies/list.h"
#undef STRATEGY

const struct strategy *strategy_find(const char *wanted) {
#define STRATEGY(id) \
    if (str_equal(strategy_##id.name, wanted)) return &strategy_##id;
#include "strategies/list.h"
#undef STRATEGY
    return NULL;
}

static unsigned add(struct bank *out, unsigned n, u64 begin, u64 end) {
    if (begin < end) out[n++] = (struct bank){begin, end};
    return n;
}

unsigned linear_ranges(struct bank *out) {
    const struct bank text = text_alias();
    unsigned n = 0;
    for (unsigned i = 0; i < machine.fdt.bank_count; ++i) {
        const u64 begin = pa_to_linear(machine.fdt.banks[i].begin), end = pa_to_linear(machine.fdt.banks[i].end);
        if (text.begin < begin || text.begin >= end) {
            n = add(out, n, begin, end);
        } else {
            n = add(out, n, begin, text.begin);
            n = add(out, n, text.end, end);
        }
    }
    return n;
}
