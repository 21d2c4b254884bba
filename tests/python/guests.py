# SPDX-License-Identifier: Apache-2.0
"""Small guests for tests of API and command line: assembled once for each process with the cross compiler."""

from __future__ import annotations

import subprocess
import tempfile
from functools import lru_cache
from pathlib import Path

_FOLDER = tempfile.TemporaryDirectory(prefix="bbmsim-guests-")

PSCI_OFF = """
    ldr w0, =0x84000008
    hvc #0
"""

GUESTS = {
    # writes "hello", powers off
    "hello": f"""
    mov x1, #0x09000000
    adr x2, text
1:  ldrb w3, [x2], #1
    cbz w3, 2f
    strb w3, [x1]
    b 1b
2:  {PSCI_OFF}
text: .asciz "hello\\nworld\\n"
""",
    # counts for ever
    "forever": """
    mov x0, #0
1:  add x0, x0, #1
    b 1b
""",
    # the boot core waits for an event that nobody sends, interrupts masked
    "deadlock": """
    wfe
1:  wfe
    b 1b
""",
    # jumps into nothing
    "nowhere": """
    mov x0, #0x1000
    br x0
""",
    # its exception vectors are nothing either: exceptions in exceptions
    "abort-loop": """
    mov x0, #0x1000
    msr vbar_el1, x0
    isb
    .inst 0
""",
    # prints what is typed, in upper case, by receive interrupts: q ends it
    "echo": f"""
    mov x19, #0x09000000
    mov w0, #0x70
    str w0, [x19, #0x2c]            // FIFOs
    mov w0, #0x50
    str w0, [x19, #0x38]            // receive and receive timeout interrupts
    mov w0, #0x301
    str w0, [x19, #0x30]
    ldr x1, =0x08000000
    mov w0, #0x12
    str w0, [x1]
    mov w0, #2                      // INTID 33
    str w0, [x1, #0x84]
    str w0, [x1, #0x104]
    ldr x2, =0x080a0000
    str wzr, [x2, #0x14]
    mov x0, #0xf0
    msr s3_0_c4_c6_0, x0
    mov x0, #1
    msr s3_0_c12_c12_7, x0
    isb
    adr x2, prompt
1:  ldrb w3, [x2], #1
    cbz w3, 2f
    strb w3, [x19]
    b 1b
2:  wfi
    mrs x5, s3_0_c12_c12_0
    cmp x5, #33
    b.ne 9f
3:  ldr w4, [x19, #0x18]
    tbnz w4, #4, 4f
    ldr w3, [x19]
    cmp w3, #'q'
    b.eq 5f
    cmp w3, #'a'
    b.lo 6f
    sub w3, w3, #32
6:  strb w3, [x19]
    b 3b
4:  msr s3_0_c12_c12_1, x5
    b 2b
5:  {PSCI_OFF}
9:  b 2b
prompt: .asciz "ready> "
""",
    # stores and loads where no device is, by a handler that prints the syndrome's class
    "hole": f"""
    adr x0, vectors
    msr vbar_el1, x0
    isb
    ldr x1, =0x0b000000
    str x1, [x1]
    ldr x2, [x1]
    ldr x1, =0x0a000000             // virtio-mmio, on a board without a disk
    ldr w2, [x1]
    {PSCI_OFF}
    .balign 2048
vectors: .skip 0x200
    mrs x10, esr_el1
    mrs x11, far_el1
    mov x12, #0x09000000
    lsr x13, x10, #26               // class: 0x25, data abort without a change of level
    and x14, x10, #0x3f             // fault status: 0x10, external abort
    add w13, w13, #'0' - 0x25
    add w14, w14, #'0' - 0x10
    strb w13, [x12]
    strb w14, [x12]
    mrs x10, elr_el1
    add x10, x10, #4
    msr elr_el1, x10
    eret
    .balign 2048
""",
    # believes that nobody ever takes the core away from it for 5 us
    "deadline": f"""
    mov x9, #8000
1:  mrs x1, cntvct_el0
    mov x2, #500
2:  subs x2, x2, #1
    b.ne 2b
    isb
    mrs x3, cntvct_el0
    sub x3, x3, x1
    cmp x3, #312
    b.hi 3f
    subs x9, x9, #1
    b.ne 1b
    {PSCI_OFF}
3:  ldr w0, =0xC6000104
    adr x1, late
    hvc #0
4:  b 4b
late: .asciz "too late"
""",
    # says itself that it failed
    "fail": """
    ldr w0, =0xC6000104
    adr x1, reason
    hvc #0
1:  b 1b
reason: .asciz "the roof leaks"
""",
}


@lru_cache(maxsize=None)
def build(name: str) -> Path:
    """The guest's ELF, linked at 0x4020_0000."""
    folder = Path(_FOLDER.name)
    source, target = folder / f"{name}.S", folder / f"{name}.elf"
    source.write_text(f"    .global _start\n    .text\n_start:\n{GUESTS[name]}\n    .ltorg\n")
    subprocess.run(
        ["aarch64-linux-gnu-gcc", "-nostdlib", "-static", "-Wl,-Ttext=0x40200000", "-Wl,--build-id=none", "-o", str(target), str(source)],
        check=True,
        capture_output=True,
    )
    return target
