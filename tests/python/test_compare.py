# SPDX-License-Identifier: Apache-2.0
"""Comparisons: the grid, the order, worker processes, what is written, and that every cell opens into its causes."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

import bbmsim as bs
from bbmsim.report.grid import curves_of, grid_figure, scale_of
from bbmsim.result import CAUSES
from conftest import Bbmsim

MIX = "cortex-x4,cortex-a720"
SMALL = {"verify": "none"}


@lru_cache
def three_sizes() -> bs.Comparison:
    return bs.compare(["rfc-range", "lazy"], ["64MiB", "128MiB", "256MiB"], [MIX], set=SMALL, jobs=1)


def test_a_grid_is_a_row_for_each_combination_and_the_same_with_workers(tmp_path: Path) -> None:
    arguments = dict(
        strategies=["rfc-range", "pagewalk"], memory=["64MiB", "128MiB"], cores=[MIX, [bs.core("cortex-x4")] * 2], granules=["4k", "16k"], set=SMALL
    )
    one = bs.compare(**arguments, jobs=1)  # type: ignore[arg-type]
    two = bs.compare(**arguments, jobs=2)  # type: ignore[arg-type]
    assert one.rows == two.rows and one.details == two.details
    frame = one.frame
    assert len(frame) == 16
    assert list(frame["memory"][:8]) == ["64MiB"] * 4 + ["128MiB"] * 4 and list(frame["granule"][:4]) == ["4k", "4k", "16k", "16k"]
    assert set(frame["cores"]) == {MIX, "2 x cortex-x4"}
    assert (frame["outcome"] == "poweroff").all()
    assert one.exit_status == 0
    small, large = frame[frame["memory"] == "64MiB"], frame[frame["memory"] == "128MiB"]
    assert (large["repaint_us"].to_numpy() > small["repaint_us"].to_numpy()).all()
    coarse, fine = frame[frame["granule"] == "16k"], frame[frame["granule"] == "4k"]
    assert (coarse["table_pages"].to_numpy() < fine["table_pages"].to_numpy()).all()
    one.save_csv(tmp_path / "c.csv")
    assert (tmp_path / "c.csv").read_text().count("\n") == 17


def test_a_cell_is_the_run_that_it_names() -> None:
    row, detail = three_sizes().rows[0], three_sizes().details[0]
    assert detail is not None
    alone = bs.Simulation(bs.Board(cores=bs.parse_cores(MIX), memory="64MiB"), bs.bare("repaint", strategy="rfc-range", verify="none")).run()
    phase = alone.phases["repaint"]
    assert (row["repaint_us"], row["cycles"]) == (phase.duration_ps / 1e6, phase.total_cycles)
    opened = bs.Result(dict(detail))
    assert opened.phases["repaint"] == phase and opened.rendezvous == alone.rendezvous
    assert opened.phases["park"].cores[1] == next(p for p in alone.phases.values() if p.name == "park").cores[1]


def test_every_cell_of_the_page_opens_into_its_causes(tmp_path: Path) -> None:
    found = three_sizes()
    found.html(tmp_path / "c.html")
    page = (tmp_path / "c.html").read_text()
    assert not re.search(r'(src|href)="(?!#)', page) and "@import" not in page and "<link" not in page
    assert not re.findall(r'https?://(?!www\.w3\.org/)', page)  # namespaces alone, which nobody fetches
    assert page.count('<tr class="cell">') == page.count("who waited, for what, how long") == len(found.rows)
    cells = page.split('<tr class="cell">')[1:]
    for row, cell in zip(found.rows, cells):
        total = sum(row[f"boot_core_{c}"] + row[f"others_{c}"] for c in CAUSES)
        assert total == row["cycles"] and f"{total:,} cycles" in cell  # the parts are the whole
        assert row["strategy"] in cell and row["memory"] in cell
        assert f"{row['boot_core_tlbi_dsb']:,}</td>" in cell and "counted" in cell
    lazy = next(c for r, c in zip(found.rows, cells) if r["strategy"] == "lazy")
    assert "BBM-SIZE" in lazy and "BBM-SIZE" not in cells[0]  # the others stay in the map, and one is level 0


def test_curves_are_the_figures_and_bands_the_seeds() -> None:
    found = three_sizes()
    scale = scale_of(found)
    assert scale is not None and scale.key == "memory"
    curves = curves_of(found, scale, "repaint_us")
    assert [c.name for c in curves] == ["rfc-range", "lazy"]
    for curve in curves:
        assert [(p.x, p.middle) for p in curve.points] == [(r["memory_bytes"], r["repaint_us"]) for r in found.rows if r["strategy"] == curve.name]
        assert all(p.low == p.middle == p.high for p in curve.points)
    nasty = bs.compare(["pagewalk"], ["64MiB", "128MiB"], [MIX], set=SMALL, jobs=1, seeds=3, tlb="nasty")
    (curve,) = curves_of(nasty, scale, "repaint_us")
    for point, size in zip(curve.points, ("64MiB", "128MiB")):
        times = [r["repaint_us"] for r in nasty.rows if r["memory"] == size]
        assert len(times) == 3 and (point.low, point.high) == (min(times), max(times)) and point.low < point.high
    ids = {a.get_gid() for a in grid_figure(nasty).axes[0].get_children()}
    assert {"curve0", "band0"} <= ids


def test_what_is_extrapolated_is_drawn_as_such_and_never_a_row() -> None:
    found = bs.compare(["merged", "lazy"], ["64MiB", "128MiB", "256MiB", "512MiB"], ["cortex-x4*2"], set=SMALL, jobs=1)
    beyond = found.extrapolate(["4GiB"])
    assert "4GiB" not in {r["memory"] for r in found.rows} and any("lazy" in name for name in beyond.refused)
    scale = scale_of(found)
    assert scale is not None
    merged, lazy = curves_of(found, scale, "repaint_us", beyond)
    (point,) = merged.beyond
    assert point.x == 4 << 30 and point.low <= point.middle <= point.high and lazy.beyond == ()
    assert point.middle == pytest.approx(8 * merged.points[-1].middle, rel=0.05)
    ids = {a.get_gid() for a in grid_figure(found, None, beyond).axes[0].get_children()}
    assert "beyond0" in ids and "interval0" in ids and "beyond1" not in ids


def test_plots_are_files_of_either_kind(tmp_path: Path) -> None:
    found = three_sizes()
    found.plot(tmp_path / "c.png")
    found.plot(tmp_path / "c.svg")
    found.plot(tmp_path / "d.svg", kind="causes")
    assert (tmp_path / "c.png").read_bytes().startswith(b"\x89PNG")
    curves, bars = (tmp_path / "c.svg").read_text(), (tmp_path / "d.svg").read_text()
    assert "rfc-range" in curves and "lazy" in curves and MIX in curves and "seed 0" in curves
    assert "by cause" in bars and "boot core" in bars
    one_size = bs.compare(["pagewalk"], ["64MiB"], [MIX], set=SMALL, jobs=1)
    one_size.plot(tmp_path / "c.svg")
    assert "by cause" in (tmp_path / "c.svg").read_text()
    with pytest.raises(bs.ConfigError, match="kind=scaling: nothing varies"):
        one_size.plot(tmp_path / "c.svg", kind="scaling")
    with pytest.raises(bs.ConfigError, match="kind=pie: one of"):
        one_size.plot(tmp_path / "c.svg", kind="pie")
    with pytest.raises(bs.ConfigError, match="must end in .png or .svg"):
        one_size.plot(tmp_path / "c.pdf")


def test_a_kernel_stands_beside_the_strategies() -> None:
    found = bs.compare(["merged"], ["1GiB"], [MIX], granules=["4k", "16k"], kernels=["6.18"], set=SMALL)
    assert [(r["strategy"], r["granule"]) for r in found.rows] == [("merged", "4k"), ("linux 6.18", "4k"), ("merged", "16k")]
    merged, linux = found.rows[0], found.rows[1]
    assert linux["outcome"] == "poweroff" and 0.75 < merged["repaint_us"] / linux["repaint_us"] < 1.25
    assert linux["descriptor_writes"] > 900 and linux["run_us"] > 100 * merged["run_us"]
    detail = found.details[1]
    assert detail is not None and bs.Result(dict(detail)).phases["repaint"].duration_ps == linux["repaint_us"] * 1e6


def test_a_wrong_combination_is_refused_before_anything_runs() -> None:
    with pytest.raises(bs.ConfigError, match="strategy=eager"):
        bs.compare(["rfc-range", "eager"], ["64MiB"])
    with pytest.raises(bs.ConfigError, match="memory"):
        bs.compare(["rfc-range"], ["64TiB"])
    with pytest.raises(bs.ConfigError, match="strategies"):
        bs.compare([])
    with pytest.raises(bs.ConfigError, match=r"granule=16k: core 1 \(cortex-a72\).*in the cell cores=cortex-x4,cortex-a72, granule=16k"):
        bs.compare(["rfc-range"], ["64MiB"], [MIX, "cortex-x4,cortex-a72"], granules=["4k", "16k"])
    with pytest.raises(bs.ConfigError, match="blocks=1g: only with granule=4k.*in the cell granule=64k"):
        bs.compare(["rfc-range"], ["2GiB"], granules=["4k", "64k"], set={"blocks": "1g"})
    with pytest.raises(bs.ConfigError, match="granule: in granules and in set"):
        bs.compare(["rfc-range"], ["64MiB"], granules=["4k"], set={"granule": "16k"})
    for arguments, said in (
        ({"kernels": ["6.18", ""]}, "kernels: one has no name"),
        ({"kernels": ["6.18"], "granules": ["16k"]}, "granule=16k: kernels have 4k alone"),
        ({"strategies": [], "kernels": ["6.18"], "set": SMALL}, "set: only for strategies"),
        ({"kernels": ["9.9"], "memory": ["64MiB", "1GiB"]}, "kernel=9.9: .*in the cell strategy=linux 9.9, memory=64MiB"),
    ):
        with pytest.raises(bs.ConfigError, match=said):
            bs.compare(**arguments)  # type: ignore[arg-type]


def test_the_command(tmp_path: Path, bbmsim: Bbmsim) -> None:
    page, plot = tmp_path / "c.html", tmp_path / "c.png"
    done = bbmsim(
        "compare", "--strategies", "merged,parallel", "--memory", "64MiB,128MiB", "--memory", "256MiB", "--granule", "4k,64k", "--cores", MIX, "--set", "verify=none",
        "--extrapolate", "8GiB", "--html", str(page), "--plot", str(plot), "--plot-kind", "causes",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "granule" in done.stdout and "extrapolated, not run: strategy=merged, granule=4k, memory=8GiB" in done.stdout.replace("\n", " ")
    assert page.read_text().count('<tr class="cell">') == 12 and "Extrapolated, not run" in page.read_text() and plot.exists()
    for options, said in (
        (("--extrapolate", "1GiB"), "extrapolate: memory=1GiB lies among the runs, not beyond them"),
        (("--extrapolate", "cores=512"), "extrapolate=cores: all runs have the same cores"),
        (("--plot-kind", "causes"), "plot-kind: only with --plot"),
        (("--granule", "8k"), "granule=8k: no such granule"),
    ):
        done = bbmsim("compare", *options)
        assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1
