/* SPDX-License-Identifier: Apache-2.0
 * u64 hvc_call(u64 function, u64 a, u64 b, u64 c): SMCCC by HVC, result in x0. hvc_instruction is known to the
 * exception handler: a machine without the conduit makes it UNDEFINED, which is answered with NOT_SUPPORTED.
 */
    .text
    .global hvc_call, hvc_instruction
    .type hvc_call, %function
hvc_call:
hvc_instruction:
    hvc #0
    ret
    .size hvc_call, . - hvc_call
