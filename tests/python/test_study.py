# SPDX-License-Identifier: Apache-2.0
"""docs/study/: its grids can be run as they stand."""

from __future__ import annotations

from pathlib import Path

import pytest
from bbmsim.sweeps.study import Study
from conftest import ROOT

STUDIES = sorted((ROOT / "docs" / "study").glob("*.toml"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: p.stem)
def test_every_cell_of_a_study_can_be_built(path: Path) -> None:
    study = Study.load(path)
    assert study.name == path.stem and study.cells()
    if "kernel" not in study.axes:  # those need the kernels themselves
        study.check()
