# SPDX-License-Identifier: Apache-2.0
"""What the README shows works as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_python_example_runs(tmp_path: Path) -> None:
    example = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert example
    done = subprocess.run(
        [sys.executable, "-c", example.group(1)],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT / "python")}, capture_output=True, text=True, timeout=600,
    )
    assert done.returncode == 0, done.stderr
    assert "BBM-SIZE by core 0 in split_block" in done.stdout
    assert "poweroff 2 violations" in done.stdout
    assert (tmp_path / "run.json").is_file() and (tmp_path / "run.html").is_file()


def test_every_command_it_names_exists() -> None:
    for command in re.findall(r"^ {4}(scripts/run run [^#\n]*|scripts/run (?:list|compare|boot) [^#\n]*)", (ROOT / "README.md").read_text(), re.MULTILINE):
        words = command.split("#")[0].split()[1:]
        help_ = subprocess.run(
            [sys.executable, "-m", "bbmsim", words[0], "--help"],
            env={**os.environ, "PYTHONPATH": str(ROOT / "python")}, capture_output=True, text=True, check=True,
        ).stdout
        for option in (w for w in words if w.startswith("--")):
            assert option in help_, f"{option} of `{command}`"
