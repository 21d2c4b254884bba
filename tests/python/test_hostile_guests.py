# SPDX-License-Identifier: Apache-2.0
"""The guest can do anything: every run ends in an outcome that says what happened, and no process dies."""

from __future__ import annotations

import random
import struct
import subprocess
import sys
from pathlib import Path

import bbmsim as bs
import guests
import pytest

ENDS = {"poweroff", "reset", "timeout", "deadlock", "abort-loop", "guest-failed"}


def mixed(memory: str = "64MiB") -> bs.Board:
    return bs.Board(cores=[bs.core("cortex-x4"), *3 * [bs.core("cortex-a720")]], memory=memory)


def flat_image(path: Path, words: list[int]) -> Path:
    """An arm64 Image: header whose first word branches over it, then the words."""
    header = struct.pack("<IIQQQQQQII", 0x14000010, 0, 0, 64 + 4 * len(words), 0xA, 0, 0, 0, 0x644D5241, 0)
    path.write_bytes(header + struct.pack(f"<{len(words)}I", *words))
    return path


@pytest.mark.parametrize("seed", range(4))
def test_random_words_as_code(seed: int, tmp_path: Path) -> None:
    draw = random.Random(seed)
    # vectors lie in RAM too, so that exceptions lead into more of the same
    to_vectors = [0x10000000 | (2047 << 5), 0xD518C000, 0xD5033FDF]  # adr x0, .; msr vbar_el1, x0; isb
    for i in range(25):
        words = to_vectors + [draw.getrandbits(32) for _ in range(4096)]
        if i % 2:  # mostly system instructions: MSR, MRS, SYS, barriers, hints
            words = to_vectors + [0xD5000000 | (w & 0x3FFFFF) if w & 3 else w for w in words]
        sim = bs.Simulation(mixed(), bs.image(flat_image(tmp_path / "noise", words)), seed=i)
        result = sim.run(timeout="300us")
        assert result.outcome in ENDS and result.detail


def test_a_guest_that_writes_over_its_own_tables() -> None:
    """Garbage over the live root, mid-run: findings are allowed, an undescribed end is not."""
    draw = random.Random(7)
    for start in ("bringup", "repaint", "verify"):
        sim = bs.Simulation(mixed(), bs.bare("repaint", strategy="pagewalk"))
        for event in sim.events(bs.PhaseBegin):
            if event.name == start:
                root = sim.cores[0].sysreg("TTBR1_EL1") & 0xFFFF_FFFF_F000
                sim.memory.write(root, draw.randbytes(4096))
        result = sim.run(timeout="100ms")
        assert result.outcome in ENDS | {"wrong-data"}
        assert result.outcome != "poweroff" or start == "verify"
        assert result.detail


def test_tables_that_point_at_themselves_and_outside_memory() -> None:
    source = """
    adr x1, root
    mov x2, #0
1:  orr x3, x1, #3              // recursive: every entry names the root itself
    tbz x2, #0, 2f
    ldr x3, =0xfffffffff003     // or nothing that exists
2:  str x3, [x1, x2, lsl #3]
    add x2, x2, #1
    cmp x2, #512
    b.ne 1b
    msr ttbr0_el1, x1
    msr ttbr1_el1, x1
    ldr x0, =0x580100010
    msr tcr_el1, x0
    mov x0, #0xff
    msr mair_el1, x0
    isb
    mrs x0, sctlr_el1
    orr x0, x0, #1
    msr sctlr_el1, x0
    isb
    b .
    .balign 4096
root: .skip 4096
"""
    guests.GUESTS["self-map"] = source
    result = bs.Simulation(mixed(), bs.elf(guests.build("self-map"))).run(timeout="1ms")
    assert result.outcome in ENDS and result.detail


def test_a_run_of_noise_from_the_command_line_exits_3(tmp_path: Path) -> None:
    noise = flat_image(tmp_path / "noise", [0] * 64)
    done = subprocess.run(
        [sys.executable, "-m", "bbmsim", "run", str(noise), "--memory", "64MiB", "--timeout", "1ms", "--quiet"],
        env={"PYTHONPATH": str(Path(bs.__file__).parents[1]), "PATH": "/usr/bin:/bin"}, capture_output=True, text=True,
    )
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
