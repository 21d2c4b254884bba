# SPDX-License-Identifier: Apache-2.0
"""Is cost linear in memory, and what bends it; what a sweep says of sizes that it did not run, and where it keeps that."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
import pytest

import bbmsim as bs
from bbmsim.extrapolation import core_count
from bbmsim.linearity import lines, linearity
from bbmsim.report.grid import curves_of, grid_figure, scale_of
from bbmsim.sweeps.cells import Cells, Grid
from conftest import Bbmsim

STUDY = """
name = "sizes"
[base]
cores = "cortex-x4*2"
set.verify = "none"
[axes]
"set.strategy" = ["merged", "bbm-strict"]
memory = ["1GiB", "2GiB", "4GiB"]
"""


def frame(cache_per_gib: tuple[float, float], misses_per_gib: tuple[float, float]) -> pd.DataFrame:
    """Execution on a line; the cache's part bends at 8 GiB."""
    rows = []
    for gib in (0.5, 1, 2, 4, 8, 16, 32):
        cache, misses = (a * min(gib, 8) + b * max(gib - 8, 0) for a, b in (cache_per_gib, misses_per_gib))
        execution = 1000 + 3000 * gib if gib >= 1 else 9e9  # below 1 GiB nothing counts
        rows.append(
            {
                "strategy": "s", "memory": f"{int(gib * 1024)}MiB", "repaint_us": execution + cache, "table_pages": 512 * gib,
                "boot_core_execution": execution, "boot_core_cache": cache, "boot_core_walk": 0.0, "boot_core_l2_cache_misses": misses,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def test_a_line_is_a_line() -> None:
    (found,) = linearity(frame((500, 500), (10, 10)), "repaint", by=["strategy"])
    assert found.straight and found.deviation < 1e-9 and found.reason == ""
    (said,) = lines([found])
    assert said.startswith("linear in memory from 1GiB on, within 2 %: 1 of 1 curves; the least straight: strategy=s: 0.00 % off")


def test_the_cause_that_bends_is_the_reason_and_so_is_what_was_done_more_often() -> None:
    (found,) = linearity(frame((500, 2500), (10, 60)), "repaint", by=["strategy"])
    assert not found.straight and found.deviation > 0.02
    assert found.reason.startswith("cache bends (100 % of it): 500 cycles a GiB up to 8GiB, 2,500 beyond")
    assert found.reason.endswith("with it L2 misses (10 a GiB, then 60)")
    assert lines([found]) == [f"not linear in memory: {found}"]


def test_equal_counts_mean_that_each_costs_another_time() -> None:
    (found,) = linearity(frame((500, 2500), (10, 10)), "repaint", by=["strategy"])
    assert "as many new tables, L2 misses a GiB as before, so each costs another time" in found.reason


def test_fewer_than_three_sizes_say_nothing() -> None:
    few = frame((500, 2500), (10, 60)).query("memory in ['512MiB', '1024MiB', '2048MiB']")
    assert linearity(few, "repaint", by=["strategy"]) == [] and lines([]) == []


def test_strategies_are_linear_and_a_sweep_says_so_and_goes_beyond(bbmsim: Bbmsim, tmp_path: Path) -> None:
    (tmp_path / "sizes.toml").write_text(STUDY)
    out, study = tmp_path / "out", str(tmp_path / "sizes.toml")
    done = bbmsim("sweep", study, "--out", str(out), "--extrapolate", "memory=8GiB,64TiB", "--plot", str(tmp_path / "p.svg"), "--html", str(tmp_path / "p.html"))
    assert done.returncode == 0, done.stderr
    assert "linear in memory from 1GiB on, within 2 %: all 2 curves" in done.stdout
    assert "extrapolated, not run: set.strategy=merged, memory=64TiB: " in done.stdout
    measured, beyond = (list(csv.DictReader((out / f"{name}.csv").open())) for name in ("results", "extrapolated"))
    assert len(measured) == 6 and "kind" not in measured[0]
    assert [(r["set.strategy"], r["memory"], r["kind"]) for r in beyond] == [
        (s, m, "extrapolated") for s in ("merged", "bbm-strict") for m in ("8GiB", "64TiB")
    ]
    assert "extrapolated, not run" in (tmp_path / "p.svg").read_text()
    assert "linear in memory from 1GiB on" in (tmp_path / "p.html").read_text()
    # What the model says of 8 GiB is what 8 GiB cost.
    alone = bs.Simulation(bs.Board(cores=bs.parse_cores("cortex-x4*2"), memory="8GiB"), bs.bare("repaint", strategy="merged", verify="none")).run()
    row = beyond[0]
    phase = alone.phases["repaint"]
    assert float(row["repaint_us"]) == pytest.approx(phase.duration_ps / 1e6, rel=0.01)
    assert float(row["table_pages"]) == pytest.approx(phase.table_pages, abs=0.5)
    causes = sum(float(v) for k, v in row.items() if k.removeprefix("boot_core_") in phase.cores[0].cycles and k.startswith("boot_core_"))
    assert causes == pytest.approx(phase.cores[0].total_cycles, rel=0.01)
    model = json.loads((out / "extrapolated.json").read_text())["models"]["set.strategy=merged"]
    assert list(model["terms"]) == ["fixed", "memory"] and model["held_back"][0]["error"] < 0.01


def test_numbers_of_cores_that_nobody_ran_have_curves_of_their_own() -> None:
    mixes = [f"{boot},cortex-a720*{n - 1}" for boot in ("cortex-x4", "neoverse-v3") for n in (2, 4, 8)]
    sizes = ["1GiB", "4GiB", "16GiB"]
    cost = {"cortex-x4": 3, "neoverse-v3": 5}
    rows = [{"cores": c, "memory": m, "repaint_us": cost[c.split(",")[0]] * int(m[:-3]) + core_count(c)} for c in mixes for m in sizes]
    cells = Cells(rows, Grid({"cores": mixes, "memory": sizes}, "repaint", "t"), lambda: [])
    beyond = cells.extrapolate(["1TiB"], cores=[8, 512])
    assert list(beyond.frame.columns)[:4] == ["mix", "memory", "cores", "kind"]
    scale = scale_of(cells)
    assert scale is not None
    curves = {c.name: c for c in curves_of(cells, scale, "repaint_us", beyond)}
    assert [p.middle for p in curves["neoverse-v3,cortex-a720*7"].beyond] == pytest.approx([5 * 1024 + 8])
    assert [p.middle for p in curves["512 cores of cortex-x4 + cortex-a720"].beyond] == pytest.approx([3 * 1024 + 512])
    assert not curves["512 cores of cortex-x4 + cortex-a720"].points and not curves["cortex-x4,cortex-a720*3"].beyond
    grid_figure(cells, "scaling", beyond)


@pytest.mark.parametrize(
    "points, said",
    [
        ("cores=512", "all runs have the same cores"),
        ("memory=2GiB", "memory=2GiB lies among the runs, not beyond them"),
        ("granule=64k", "must be memory=SIZE,... or cores=NUMBER,..."),
    ],
)
def test_what_can_never_be_extrapolated_is_refused_before_anything_runs(bbmsim: Bbmsim, tmp_path: Path, points: str, said: str) -> None:
    (tmp_path / "sizes.toml").write_text(STUDY)
    done = bbmsim("sweep", str(tmp_path / "sizes.toml"), "--out", str(tmp_path / "out"), "--extrapolate", points)
    assert done.returncode == 2 and said in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()
