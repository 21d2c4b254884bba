// SPDX-License-Identifier: Apache-2.0
// Takes an exception whose vector nobody can fetch.
#include "guest.inc"
function _start
    movz x9, #0x1000
    msr vbar_el1, x9
    isb
    brk #0
