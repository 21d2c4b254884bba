# SPDX-License-Identifier: Apache-2.0
"""A guest's own breakpoints and watchpoints, with QEMU as the witness: data/self_hosted_debug.S prints what each
exception reported, and what did not stop prints nothing. tests/engine/test_self_hosted_debug.cpp has the cases in
which QEMU does something else (OS Lock) or may choose (atomics).
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import bbmsim

SOURCE = Path(__file__).parent / "data" / "self_hosted_debug.S"


def assemble(folder: Path) -> Path:
    parts = [folder / name for name in ("guest.o", "guest.elf", "guest.img")]
    subprocess.run(["aarch64-linux-gnu-as", SOURCE, "-o", parts[0]], check=True)
    subprocess.run(["aarch64-linux-gnu-ld", "-Ttext=0", "--entry=0", parts[0], "-o", parts[1]], check=True)
    subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", parts[1], parts[2]], check=True)
    return parts[2]


def test_the_same_exceptions_as_on_qemu(tmp_path: Path) -> None:
    image = assemble(tmp_path)
    command = ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-m", "128M", "-nographic"]
    command += ["-nic", "none", "-kernel", str(image)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True)
    witness = done.stdout.replace("\r", "").split("\n")
    board = bbmsim.Board(cores=[bbmsim.core("cortex-a76")], memory="128MiB")
    result = bbmsim.Simulation(board, bbmsim.image(str(image))).run()
    assert result.outcome == "poweroff"
    assert result.console.split("\n") == witness
    assert len([line for line in witness if line]) == 19
