# SPDX-License-Identifier: Apache-2.0
"""The C++ tests: every GoogleTest program of the release build, a pytest test for each test suite of it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from conftest import ROOT

PROGRAMS = ("mmu_tests", "checker_tests", "cpu_tests", "engine_tests", "board_tests", "sim_tests")
FOLDER = ROOT / "build" / "release" / "tests"


def suites() -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name in PROGRAMS:
        program = FOLDER / name
        if not program.exists():
            found.append((name, "*"))
            continue
        listing = subprocess.run([str(program), "--gtest_list_tests"], capture_output=True, text=True, check=True).stdout
        found += [(name, line.split()[0]) for line in listing.splitlines() if line and not line.startswith((" ", "Running main"))]
    return found


@pytest.mark.parametrize(("program", "suite"), suites())
def test_cpp(program: str, suite: str, tmp_path: Path) -> None:
    path = FOLDER / program
    assert path.exists(), f"{path} is not built: scripts/build all"
    run = subprocess.run(
        [str(path), f"--gtest_filter={suite}*", "--gtest_brief=1"], cwd=tmp_path, capture_output=True, text=True, timeout=1200
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]
    assert "PASSED" in run.stdout
