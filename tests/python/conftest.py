# SPDX-License-Identifier: Apache-2.0
"""What the tests share: the command line as users start it."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def finished(folder: Path) -> int:
    """How many cells of a sweep are in its folder by now."""
    try:
        with sqlite3.connect(f"file:{folder / 'cells.sqlite'}?mode=ro", uri=True) as base:
            return int(base.execute("SELECT count(*) FROM cells").fetchone()[0])
    except sqlite3.OperationalError:
        return 0


def environment() -> dict[str, str]:
    path = os.pathsep.join(p for p in (str(ROOT / "python"), os.environ.get("PYTHONPATH", "")) if p)
    own = {k: v for k, v in os.environ.items() if k != "BBMSIM_DEBUG"}
    return {**own, "PYTHONPATH": path}


Bbmsim = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def bbmsim(tmp_path: Path) -> Bbmsim:
    """Runs `bbmsim ARGS...` in an empty folder, with no terminal."""
    folder = tmp_path / "cwd"
    folder.mkdir()

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "bbmsim", *arguments], cwd=folder, env=environment(), capture_output=True, text=True, timeout=300
        )

    return run
