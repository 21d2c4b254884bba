# SPDX-License-Identifier: Apache-2.0
"""docs/study/: its grids can be run as they stand."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest
from bbmsim.report import study as study_page
from bbmsim.sweeps.study import Study
from conftest import ROOT

STUDIES = sorted((ROOT / "docs" / "study").glob("*.toml"))


@pytest.mark.parametrize("path", STUDIES, ids=lambda p: p.stem)
def test_every_cell_of_a_study_can_be_built(path: Path) -> None:
    study = Study.load(path)
    assert study.name == path.stem and study.cells()
    if "kernel" not in study.axes:  # those need the kernels themselves
        study.check()


def test_the_page_is_made_from_the_results_that_are_checked_in(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "docs" / "study" / "data", tmp_path / "data")
    study_page.write_page(tmp_path)
    assert (tmp_path / "README.md").read_text() == (ROOT / "docs" / "study" / "README.md").read_text(), "scripts/study --page writes it anew"
    drawn = {path.name for path in (tmp_path / "pictures").iterdir()}
    assert drawn == {path.name for path in (ROOT / "docs" / "study" / "pictures").iterdir()}
    assert ">extrapolated, not run<" in (tmp_path / "pictures" / "memory.svg").read_text()
    assert ">cores<" in (tmp_path / "pictures" / "cores.svg").read_text()
    assert all(f"pictures/{name}" in (tmp_path / "README.md").read_text() for name in drawn)


def test_no_run_of_the_study_found_anything_and_all_reached_the_end() -> None:
    for path in (ROOT / "docs" / "study" / "data").glob("*.csv"):
        rows = pd.read_csv(path)
        assert set(rows["outcome"]) == {"poweroff"}, path
        assert not rows[["violations", "hazards"]].to_numpy().any(), path


SMALL = """
name = "repaint"
phase = "repaint"
[base]
set.verify = "none"
[axes]
memory = ["128MiB", "256MiB"]
"set.strategy" = ["page-from-boot", "pagewalk", "merged", "parallel"]
cores = ["neoverse-v3,neoverse-n1", "neoverse-v3,neoverse-n1*3"]
"""


def test_one_command_runs_a_grid_and_writes_its_page(tmp_path: Path) -> None:
    (tmp_path / "repaint.toml").write_text(SMALL)
    assert study_page.main(["run", str(tmp_path), str(tmp_path), "repaint"]) == 0
    assert study_page.main(["page", str(tmp_path)]) == 0
    text = (tmp_path / "README.md").read_text()
    page = study_page.Page(tmp_path)
    assert f"| `merged` | {study_page.time(page.cost('merged', gib=0.125))} | {study_page.time(page.cost('merged', gib=0.25))} |" in text
    assert "## Real kernels" not in text and "Not extrapolated" in text, "what was not run is not spoken of"


def test_a_study_without_results_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert study_page.main(["page", str(tmp_path)]) == 2
    assert "repaint.csv: can't be read" in capsys.readouterr().err
