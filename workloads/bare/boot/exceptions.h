/* SPDX-License-Identifier: Apache-2.0 */
#ifndef BARE_EXCEPTIONS_H
#define BARE_EXCEPTIONS_H

#include "lib/types.h"

struct exception { /* as vectors.S lays it out */
    u64 x[31];
    u64 elr, spsr, esr, far;
    u64 pad;
};
_Static_assert(sizeof(struct exception) == 288, "vectors.S");
_Static_assert(offsetof(struct exception, far) == 272, "vectors.S");

void exception_handler(struct exception *e, unsigned vector);

#endif
