// SPDX-License-Identifier: Apache-2.0
// Both PEs wait for what nobody will send.
#include "guest.inc"
function _start
    cpu_on #1, second, #0
    function wait_for_ever
1:  wfi
    b 1b
function second
2:  wfe
    b 2b
