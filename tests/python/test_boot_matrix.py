# SPDX-License-Identifier: Apache-2.0
"""The matrix of boots: what it is made of, what is kept of it, and that the table for readers is made from that."""

from __future__ import annotations

import importlib.util
import itertools
import sys
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def matrix() -> ModuleType:
    spec = importlib.util.spec_from_file_location("boot_matrix", ROOT / "bench" / "boot_matrix.py")
    assert spec is not None and spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_pair_of_values_comes_early(matrix: ModuleType) -> None:
    cells = matrix.all_cells()
    assert len(cells) == len(set(cells)) == 5 * (3 * 4 - 1) * 4 * 2
    pairs = [set(itertools.combinations(asdict(c).items(), 2)) for c in cells]
    assert set().union(*pairs[:30]) == set().union(*pairs)
    assert all(c.cores > 1 for c in cells if c.mix == "mixed")


def test_what_is_kept_is_what_is_read(matrix: ModuleType, tmp_path: Path) -> None:
    cell = matrix.all_cells()[0]
    row = matrix.Row(
        **asdict(cell), release="6.18.15", user_space="small", outcome="panic", detail='a "b", c', violations=1, hazards=0,
        findings="BBM-NO-DSB-AFTER-TLBI@__pi_map_range", remarks="", repaint=True, splits=499, tlbis=10,
        instructions=6 * 10**8, simulated_ms=470.5,
    )  # fmt: skip
    matrix.save(tmp_path / "m.csv", [row])
    assert matrix.load(tmp_path / "m.csv") == {cell: row}
    assert matrix.unexplained(row)  # a panic is nothing that a page explains
    line = matrix.table([row], 1).splitlines()[-1]
    assert "**panic**" in line and "findings/early-map-kernel.md" in line and "| yes | 499 | 10 |" in line


def test_the_table_is_made_from_the_boots_and_nothing_in_it_is_unexplained(matrix: ModuleType) -> None:
    rows = matrix.load(ROOT / "docs" / "boot-matrix.csv")
    assert rows and set(rows) <= set(matrix.all_cells())
    text = (ROOT / "docs" / "boot-matrix.md").read_text()
    assert text == matrix.table(list(rows.values()), len(matrix.all_cells()))
    assert not [cell for cell, row in rows.items() if matrix.unexplained(row)]
