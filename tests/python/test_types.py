# SPDX-License-Identifier: Apache-2.0
"""The package and its stubs are strictly typed, and the stubs say what the extension has."""

from __future__ import annotations

import ast
import subprocess
import sys

from bbmsim import _core
from bbmsim.events import EventKind
from bbmsim.result import CAUSES
from conftest import ROOT


def test_mypy_strict() -> None:
    run = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr


def test_stubs_name_what_the_extension_has() -> None:
    tree = ast.parse((ROOT / "python" / "bbmsim" / "_core.pyi").read_text())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            assert hasattr(_core, node.name), node.name
        if isinstance(node, ast.ClassDef):
            methods = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
            given = {n for n in vars(getattr(_core, node.name)) if not n.startswith("_")} | {"__init__"}
            assert methods == given


def test_enumerations_are_those_of_the_extension() -> None:
    assert len(_core.event_kinds) == len(EventKind)
    assert len(set(_core.event_kinds)) == len(EventKind)
    assert tuple(_core.cost_names) == CAUSES
