# SPDX-License-Identifier: Apache-2.0
"""Instruction semantics against Unicorn: random sequences from the encoding table, everything compared.

The program is tests/cpu_unicorn; the encodings for which Unicorn is no witness, with the reason for each, are in
tests/cpu_unicorn/explained.hpp and, for pointer authentication, beside the code in generator.cpp that avoids them.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from bbmsim import _core

SIMD = "fp,fp16,jscvt,frintts,fhm,fcma,aes,pmull,sha1,sha256,sha512,sha3,rdm,dotprod"
PROGRAM = Path(_core.build_dir) / "tests" / "cpu_unicorn" / "cpu_unicorn"


def compare(*args: str) -> int:
    """Runs the program in a process of its own (some inputs abort Unicorn); returns the instructions compared."""
    run = subprocess.run([PROGRAM, *args], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr
    last = run.stdout.splitlines()[-1]
    found = re.fullmatch(r"instructions=(\d+) sequences=\d+ disagreements=0", last)
    assert found, last
    print(last)
    return int(found[1])


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_base_instructions_agree(seed: int) -> None:
    assert compare("--seed", str(seed), "--instructions", "100000") >= 100_000


@pytest.mark.parametrize("seed", [1, 2])
def test_simd_and_fp_instructions_agree(seed: int) -> None:
    assert compare("--only", SIMD, "--seed", str(seed), "--instructions", "200000") >= 200_000


def test_cryptographic_and_dot_product_instructions_agree() -> None:
    """By themselves; `test_simd_and_fp_instructions_agree` mixes them with all others."""
    features = "aes,pmull,sha1,sha256,sha512,sha3,rdm,dotprod"
    assert compare("--only", features, "--instructions", "50000") >= 50_000


@pytest.mark.parametrize("seed", [1, 2])
def test_pointer_authentication_agrees(seed: int) -> None:
    assert compare("--pauth", "--seed", str(seed), "--instructions", "20000") >= 20_000


@pytest.mark.long
def test_twenty_million_instructions_agree() -> None:
    """In processes of half a million: Unicorn 2.0.1 crashes in uc_ctl_remove_cache() after some millions in one."""
    assert sum(compare("--seed", str(seed), "--instructions", "500000") for seed in range(100, 140)) >= 20_000_000
    assert compare("--pauth", "--seed", "99", "--instructions", "1000000") >= 1_000_000
