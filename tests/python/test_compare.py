# SPDX-License-Identifier: Apache-2.0
"""Comparisons: the grid, the order, worker processes, what is written."""

from __future__ import annotations

from pathlib import Path

import pytest

import bbmsim as bs

MIX = "cortex-x4,cortex-a720"


def test_a_grid_is_a_row_for_each_combination_and_the_same_with_workers(tmp_path: Path) -> None:
    arguments = dict(strategies=["rfc-range", "pagewalk"], memory=["64MiB", "128MiB"], cores=[MIX, [bs.core("cortex-x4")] * 2])
    one = bs.compare(**arguments, jobs=1)  # type: ignore[arg-type]
    two = bs.compare(**arguments, jobs=2)  # type: ignore[arg-type]
    assert one.rows == two.rows
    frame = one.frame
    assert len(frame) == 8
    assert list(frame["memory"][:4]) == ["64MiB", "64MiB", "128MiB", "128MiB"]
    assert set(frame["cores"]) == {MIX, "2 x cortex-x4"}
    assert (frame["outcome"] == "poweroff").all()
    assert one.exit_status == 0
    small, large = frame[frame["memory"] == "64MiB"], frame[frame["memory"] == "128MiB"]
    assert (large["repaint_us"].to_numpy() > small["repaint_us"].to_numpy()).all()
    assert (large["descriptor_writes"].to_numpy() > small["descriptor_writes"].to_numpy()).all()
    one.save_csv(tmp_path / "c.csv")
    one.plot(tmp_path / "c.png")
    one.plot(tmp_path / "c.svg")
    one.html(tmp_path / "c.html")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    assert "rfc-range" in (tmp_path / "c.svg").read_text()
    assert (tmp_path / "c.html").read_text().count("<tr>") == 9


def test_one_size_is_drawn_by_cause(tmp_path: Path) -> None:
    bs.compare(["pagewalk"], ["64MiB"], [MIX], jobs=1).plot(tmp_path / "c.svg")
    assert "by what the boot core did" in (tmp_path / "c.svg").read_text()


def test_a_wrong_combination_is_refused_before_anything_runs() -> None:
    with pytest.raises(bs.ConfigError, match="strategy=eager"):
        bs.compare(["rfc-range", "eager"], ["64MiB"])
    with pytest.raises(bs.ConfigError, match="memory"):
        bs.compare(["rfc-range"], ["64TiB"])
    with pytest.raises(bs.ConfigError, match="strategies"):
        bs.compare([])
