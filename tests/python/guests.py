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
