# SPDX-License-Identifier: Apache-2.0
"""What Linux executes is what the differential tests compare.

Two lists of what Linux executes: the encodings that the simulator has decoded in boots of its own, and the mnemonics of
whole boots that were counted under QEMU on cores with more and with fewer features (data/linux_mnemonics.txt).
"""

from __future__ import annotations

import random
import subprocess
from functools import lru_cache
from pathlib import Path

import pytest
from conftest import ROOT
from test_disassembly import TABLE, isa, words_of
from test_linux_boot import MIXED, boot, executed

from bbmsim import _core

PROGRAM = Path(_core.build_dir) / "tests" / "cpu_unicorn" / "cpu_unicorn"
# What needs a privileged environment: exceptions, waiting, registers of the system. tests/engine has it.
IN_ENGINE_TESTS = {
    "BRK", "ERET", "ERETAA", "ERETAB", "HVC", "SVC", "MRS", "MSR_imm", "MSR_reg", "SYS", "UDF", "WFE", "WFI", "YIELD",
    "SEV", "SEVL", "ESB", "PSB",
}  # fmt: skip


@lru_cache(maxsize=None)
def compared() -> frozenset[str]:
    """The encodings that the generator puts into sequences, both with and without pointer authentication."""
    out = subprocess.run([PROGRAM, "--list", "--instructions", "400000"], capture_output=True, text=True, check=True)
    lines = [line.split(maxsplit=1) for line in out.stdout.splitlines()]
    return frozenset(name for name, what in lines if what == "generated")


def test_every_encoding_is_compared_or_explained() -> None:
    out = subprocess.run([PROGRAM, "--list", "--instructions", "400000"], capture_output=True, text=True, check=True)
    listed = {line.split(maxsplit=1)[0] for line in out.stdout.splitlines()}
    names = {str(line["name"]) for line in TABLE}
    assert names - listed == set()


@pytest.mark.parametrize("series", ["6.18"])
def test_encodings_that_a_boot_executes_are_compared(series: str) -> None:
    boot(series, MIXED)
    met = executed(series, MIXED)
    assert len(met) > 140, sorted(met)  # 149 of 6.18.15 stand in the code cache at the end
    assert met - compared() - IN_ENGINE_TESTS == set()


def test_mnemonics_of_boots_under_qemu_are_compared() -> None:
    wanted = {
        word
        for line in (ROOT / "tests/python/data/linux_mnemonics.txt").read_text().splitlines()
        if not line.startswith("#")
        for word in line.split()
    }
    assert len(wanted) > 150
    rng = random.Random(1)
    known: set[str] = set()
    for line in TABLE:
        if line["name"] not in compared() | IN_ENGINE_TESTS:
            continue
        extensions = [int(str(line["value"])) | imms << 10 for imms in (7, 15)] if line["name"] == "SBFM" else []
        for raw in [*words_of(line, rng, 400), *extensions]:
            for aliases in (True, False):
                text = isa.own_text(raw, 0x1000, aliases)
                known |= set(text.split()[:1])
    # b.hs and b.lo are b.cs and b.cc; cond() of others likewise.
    known |= {"b.cs"} if "b.hs" in known else set()
    known |= {"b.cc"} if "b.lo" in known else set()
    assert wanted - known == set()
