# SPDX-License-Identifier: Apache-2.0
"""Instruction semantics against QEMU's user mode, a second and newer witness beside Unicorn: random sequences of every
encoding that needs no privilege, FP, SIMD and cryptographic ones among them; registers, flags, FPSR and memory.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from bbmsim import _core

FOLDER = Path(_core.build_dir) / "tests" / "cpu_qemu"


@pytest.mark.parametrize(("seed", "only"), [(1, ""), (2, "fp,aes,pmull,sha1,sha256,sha512,sha3,rdm,dotprod")])
def test_our_engine_and_qemu_agree(seed: int, only: str) -> None:
    args = ["--seed", str(seed), "--instructions", "60000", *(["--only", only] if only else [])]
    run = subprocess.run(
        [FOLDER / "cpu_qemu", FOLDER / "guest", *args], capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr
    found = re.fullmatch(r"instructions=(\d+) sequences=\d+ disagreements=0", run.stdout.splitlines()[-1])
    assert found and int(found[1]) > 40_000, run.stdout[-200:]
