// SPDX-License-Identifier: Apache-2.0
// Says that it failed, and would go on.
#include "guest.inc"
function _start
    adr x1, why
    hypercall BBM_CALL_FAIL
1:  b 1b
why: .asciz "checksum differs"
