# SPDX-License-Identifier: Apache-2.0
"""C++ is laid out as .clang-format says."""

from __future__ import annotations

import subprocess

from conftest import ROOT


def test_clang_format() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "*.cpp", "*.hpp"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    files = [name for name in listed.stdout.split() if (ROOT / name).is_file()]
    run = subprocess.run(["clang-format", "--dry-run", "-Werror", *files], cwd=ROOT, capture_output=True, text=True)
    wrong = sorted({line.split(":")[0] for line in run.stderr.splitlines() if "error:" in line})
    assert not wrong, f"run: clang-format -i {' '.join(wrong)}"
