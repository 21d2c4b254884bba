# SPDX-License-Identifier: Apache-2.0
"""The rendezvous of a repaint: who counted in when, who waited where, who let whom go; in the record, and as it is drawn."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

import bbmsim as bs
from bbmsim.rendezvous import ACTIVITIES, CoreThere, Rendezvous
from bbmsim.report import rendezvous as report
from bbmsim.report.axis import broken_axis
from bbmsim.report.html import render
from bbmsim.report.maps import parts
from bbmsim.report.run_figures import run_figure
from bbmsim.result import PLOTS
from conftest import Bbmsim

MIX = "cortex-x4,cortex-a720*3"


@lru_cache
def run(cores: str = MIX, **parameters: str) -> bs.Result:
    board = bs.Board(cores=bs.parse_cores(cores), memory="64MiB")
    return bs.Simulation(board, bs.bare("repaint", verify="none", **parameters), seed=5).run()


def met(result: bs.Result) -> Rendezvous:
    assert result.rendezvous is not None
    return result.rendezvous


def first_park(result: bs.Result, core: int) -> bs.Phase:
    return next(p for p in result.phases.values() if p.name.startswith("park") and p.core == core)


@pytest.mark.parametrize("parameters", [{}, {"strategy": "parallel"}, {"strategy": "hotplug"}, {"strategy": "bbm-ipi"}, {"cpus": "1"}])
def test_what_cores_do_adds_up_to_the_windows(parameters: dict[str, str]) -> None:
    found = met(run(**parameters))
    length = sum(end - begin for begin, end in found.windows)
    for core in found.cores:
        assert sum(core.sums_ps.values()) == length and set(core.sums_ps) == set(ACTIVITIES)
        assert core.spans[0].begin_ps == found.begin_ps and core.spans[-1].end_ps == found.end_ps
        assert all(a.end_ps == b.begin_ps for a, b in zip(core.spans, core.spans[1:]))


def test_the_others_leave_the_map_count_in_wait_and_come_back() -> None:
    result = run()
    found, repaint = met(result), result.phases["repaint"]
    variables = set()
    for i, core in enumerate(found.cores[1:], 1):
        park = first_park(result, i)
        ((left, back),) = core.out_of_map
        meeting = core.meetings[0]
        variables.add(meeting.variable)
        assert meeting.released_ps is not None and meeting.released_by == 0
        assert park.begin_ps < left < meeting.counted_in_ps < meeting.released_ps < back < park.end_ps
        assert core.sums_ps["wfe"] > 0.9 * repaint.duration_ps
        assert core.sums_ps["flush"] > 0  # its own TLBs, on the way out and back
    assert len(variables) == 1
    boot = found.cores[0]
    assert boot.out_of_map == () and boot.sums_ps["run"] > 0.9 * repaint.duration_ps
    last_in = max(c.meetings[0].counted_in_ps for c in found.cores[1:])
    if last_in > repaint.begin_ps:  # the boot core waits for the last
        assert any(s.kind == "wfe" and s.begin_ps < last_in <= s.end_ps for s in boot.spans)


def test_who_stays_in_the_map_is_seen_to() -> None:
    found = met(run(sabotage="secondaries-in-map"))
    assert [c.out_of_map for c in found.cores] == [()] * 4
    assert all(c.meetings[0].released_by == 0 for c in found.cores[1:])


def test_other_strategies_are_seen_without_their_help() -> None:
    parallel = met(run(strategy="parallel"))
    assert all(len(c.out_of_map) == 1 for c in parallel.cores)
    assert sum(c.sums_ps["run"] > c.sums_ps["wfe"] for c in parallel.cores) >= 2  # there is work for two in so little memory
    hotplug = met(run(strategy="hotplug"))
    assert hotplug.cores[0].sums_ps["off"] == 0 and all(c.sums_ps["off"] > c.sums_ps["run"] for c in hotplug.cores[1:])

    def rounds(core: CoreThere) -> int:
        return len(core.meetings) + core.more_meetings

    ipi = met(run(strategy="bbm-ipi"))
    assert all(rounds(core) > 5 and core.out_of_map == () for core in ipi.cores[1:])
    assert met(run(strategy="clone-and-switch")).cores[1].out_of_map  # and back in the clone


def test_who_is_never_released_is_said_to_wait() -> None:
    board = bs.Board(cores=bs.parse_cores(MIX), memory="64MiB")
    middle = first_park(run(), 1).begin_ps + run().phases["repaint"].duration_ps // 2
    result = bs.Simulation(board, bs.bare("repaint", verify="none"), seed=5).run(timeout=middle)
    assert result.outcome == "timeout"
    for core in met(result).cores[1:]:
        assert core.meetings[-1].released_ps is None and core.spans[-1].kind == "wfe" and core.out_of_map[-1][1] == met(result).end_ps
    assert "3 cores counted themselves in and were not released" in report.story(result)
    assert "counts itself in" in str(report.drawing(result)) and "releases" not in str(report.drawing(result))


def test_what_is_too_much_to_be_kept_is_coarser_but_sums_are_not() -> None:
    board = bs.Board(cores=bs.parse_cores(MIX), memory="4GiB")
    result = bs.Simulation(board, bs.bare("repaint", strategy="bbm-strict", verify="none")).run()
    boot, phase = met(result).cores[0], result.phases["repaint"]
    assert len(boot.spans) <= 160 and sum(boot.sums_ps.values()) == met(result).end_ps - met(result).begin_ps
    flushing_ps = phase.cores[0].cycles["tlbi_dsb"] / result.record["board"]["cores"][0]["freq_mhz"] * 1e6
    assert boot.sums_ps["flush"] == pytest.approx(flushing_ps, rel=0.5) and boot.sums_ps["run"] > 0.9 * phase.duration_ps


def test_nobody_meets_where_nothing_is_repainted() -> None:
    assert run(strategy="page-from-boot").rendezvous is None
    assert report.drawing(run(strategy="page-from-boot")) == ""


def test_the_drawing_has_the_records_spans_in_order() -> None:
    result = run()
    found, page = met(result), str(report.drawing(result))
    for i, core in enumerate(found.cores):
        drawn = re.findall(rf'<rect x="([\d.]+)"[^>]*class="r-(\w+)"><title>core {i} (?!can)', page)
        assert [kind for _, kind in drawn] == [s.kind for s in core.spans]
        assert [float(x) for x, _ in drawn] == sorted(float(x) for x, _ in drawn)
        assert page.count(f"core {i} can reach the linear map") == len(core.out_of_map) + 1
    assert page.count("counts itself in") == 3
    assert len(re.findall("core 0 releases core 1, 2, 3", page)) == 1
    assert page.count("polyline") == 2 * len(report.axis_of(found).breaks) > 0


def test_sixty_four_cores_and_one_can_be_drawn() -> None:
    for cores, rows in (("cortex-x4,cortex-a720*63", 64), ("cortex-x4", 1)):
        result = run(cores=cores)
        page = str(report.drawing(result))
        assert len(met(result).cores) == rows and len(page) < 2_000_000
        height = float(re.findall(r'viewBox="0 0 \d+ ([\d.]+)"', page)[0])
        assert all(float(y) < height for y in re.findall(r'<rect x="[\d.]+" y="([\d.]+)"', page))


def test_the_map_is_counted_before_and_after_without_being_asked_for() -> None:
    result = run()
    before, after = (result.census[name].census for name in ("before", "after"))
    assert before is not None and after is not None
    assert before.count("2M", contiguous=True) > 8 and after.count("2M", contiguous=True) == 0
    assert sum(r.bytes for r in before.rows) == sum(r.bytes for r in after.rows)
    assert (result.census["before"].time_ps, result.census["after"].time_ps) == (result.phases["repaint"].begin_ps, result.phases["repaint"].end_ps)
    assert result.maps == [] and run(strategy="page-from-boot").census == {}
    page = render(result)
    for census in (before, after):
        assert all(title in page for _, _, title in parts(census))


def test_a_map_can_be_asked_for_at_a_phase() -> None:
    sim = bs.Simulation(bs.Board(cores=bs.parse_cores(MIX), memory="64MiB"), bs.bare("repaint", verify="none"), seed=5)
    sim.map_at("phase:park", nth=2)
    sim.map_at("phase:park:end", core=3)
    sim.map_at("phase:nothing")
    result = sim.run()
    second, third, never = result.maps
    assert second.time_ps == sorted(p.begin_ps for n, p in result.phases.items() if n.startswith("park"))[1]
    assert third.core == 3 and never.census is None
    for wrong in ("phase:", "phase:a:begin", ":return"):
        with pytest.raises(bs.ConfigError, match="map-at="):
            sim = bs.Simulation(bs.Board(cores=bs.parse_cores("cortex-x4"), memory="64MiB"), bs.bare("repaint"))
            sim.map_at(wrong)


def test_figures_are_files_and_have_a_part_for_each_span(tmp_path: Path) -> None:
    result = run()
    for kind in PLOTS:
        result.plot(tmp_path / f"{kind}.png", kind)
        result.plot(tmp_path / f"{kind}.svg", kind)
        assert (tmp_path / f"{kind}.png").read_bytes().startswith(b"\x89PNG")
        assert "3 x cortex-a720, 64MiB, seed 5" in (tmp_path / f"{kind}.svg").read_text()
    (axes,) = run_figure(result, "rendezvous", "repaint").axes
    drawn = {c.get_gid(): len(c.get_paths()) for c in axes.collections}
    for i, core in enumerate(met(result).cores):
        for kind in ACTIVITIES:
            assert drawn.get(f"core{i} {kind}", 0) == sum(s.kind == kind for s in core.spans)
    (axes,) = run_figure(result, "cost", "repaint").axes
    for i, core in enumerate(result.phases["repaint"].cores):
        length = sum(bar.get_width() for bar in axes.patches if abs(bar.get_y() + bar.get_height() / 2 - i) < 0.1)
        assert length == pytest.approx(core.total_cycles / result.record["board"]["cores"][i]["freq_mhz"])
    (axes,) = run_figure(result, "map", "repaint").axes
    assert sum(bar.get_width() for bar in axes.patches) == 2 * 64 * 2**20
    with pytest.raises(bs.ConfigError, match="kind=pie: one of rendezvous, cost, map"):
        result.plot(tmp_path / "x.png", "pie")
    with pytest.raises(bs.BbmsimError, match="phase=rest: the run has none; it has paint, bringup, .*repaint"):
        result.plot(tmp_path / "x.png", "cost", phase="rest")
    with pytest.raises(bs.BbmsimError, match="nothing was repainted"):
        run(strategy="page-from-boot").plot(tmp_path / "x.png")
    assert not (tmp_path / "x.png").exists()


def test_a_saved_run_is_drawn_by_the_command(tmp_path: Path, bbmsim: Bbmsim) -> None:
    run().save(tmp_path / "run.json")
    done = bbmsim("report", str(tmp_path / "run.json"), "--plot", str(tmp_path / "r.svg"), "--plot-kind", "rendezvous")
    assert done.returncode == 0 and "who waited where" in (tmp_path / "r.svg").read_text()


def test_long_stretches_without_a_change_are_left_out() -> None:
    axis = broken_axis(0, 1_000_000, [10, 20, 30, 999_980, 999_990])
    assert len(axis.breaks) == 1
    assert 30 < axis.breaks[0].begin_ps < 40 and 999_970 < axis.breaks[0].end_ps < 999_980
    places = [axis.at(t) for t in (0, 10, 20, 30, 500_000, 999_980, 999_990, 1_000_000)]
    assert places == sorted(places) and places[0] == 0 and places[-1] == pytest.approx(1)
    assert places[3] - places[2] > 0.05  # ten of a million picoseconds
    assert broken_axis(0, 100, [25, 50, 75]).breaks == ()
    assert broken_axis(5, 5, []).at(5) == 0
