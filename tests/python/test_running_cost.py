# SPDX-License-Identifier: Apache-2.0
"""What translations cost while they are used: repaint's after=, and the ladder of the latency workload."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest

import bbmsim as bs
from bbmsim.running_cost import uses
from conftest import Bbmsim

MIX = "cortex-x4,cortex-a720*2"


@cache
def measured(strategy: str = "merged", granule: str = "4k") -> bs.Result:
    board = bs.Board(cores=bs.parse_cores(MIX), memory="256MiB")
    workload = bs.bare("repaint", strategy=strategy, granule=granule, after="both", footprint="32M", passes=1, verify="sample")
    return bs.Simulation(board, workload, seed=1).run()


@pytest.mark.parametrize("granule", ["4k", "16k", "64k"])
def test_measuring_finds_nothing_and_changes_no_memory(granule: str) -> None:
    r = measured(granule=granule)
    assert (r.outcome, r.violations, r.hazards) == ("poweroff", [], [])
    assert r.record["verified"]["ok"]


def test_pages_reach_less_far_than_blocks() -> None:
    """32 MiB are 16 blocks, within any L1 TLB, and 8192 pages, beyond any L2 TLB."""
    for use in uses(measured()):
        assert use.before.l2_misses < use.loads / 1000
        per_page = use.loads if use.kind == "chase" else use.loads / 64
        assert 0.95 * per_page < use.after.l2_misses < 1.1 * per_page
        assert use.walk_cycles(use.after) > use.walk_cycles(use.before)
        assert use.slower > 0
    assert [(use.kind, use.core) for use in uses(measured())] == [(k, c) for k in ("chase", "stream") for c in range(3)]


def test_a_chase_pays_more_for_pages_than_a_stream() -> None:
    slower = {use.kind: use.slower for use in uses(measured()) if use.core == 0}
    assert slower["chase"] > slower["stream"]


def test_break_even_is_when_the_slow_down_has_cost_the_repaint() -> None:
    use = uses(measured())[0]
    assert use.once_ps == measured().phases["repaint"].duration_ps and use.break_even_ps is not None
    lost = use.break_even_ps * (1 - use.cycles(use.before) / use.cycles(use.after))
    assert lost == pytest.approx(use.once_ps)


def test_a_map_in_pages_from_the_start_costs_the_same_twice() -> None:
    for use in uses(measured("page-from-boot")):
        assert use.once_ps is None and use.break_even_ps is None
        assert abs(use.slower) < 0.02


def test_reports_have_it_and_a_loaded_record_too(tmp_path: Path) -> None:
    measured().save(tmp_path / "run.json")
    again = bs.Result.load(tmp_path / "run.json")
    again.html(tmp_path / "run.html")
    page = (tmp_path / "run.html").read_text()
    assert "Running cost" in page and "such loads of core 0" in page and "cycles per load" in page


def test_the_command_line_shows_it(bbmsim: Bbmsim) -> None:
    words = ("--cores", "cortex-x4*2", "--memory", "128MiB", "--set", "after=chase", "--set", "footprint=16M", "--set", "strategy=merged")
    done = bbmsim("run", "repaint", *words)
    assert done.returncode == 0
    assert "chase: one load in each 4 KiB, each waiting for the one before; 16MiB, 16,384 loads a core" in done.stdout
    assert "The repaint took" in done.stdout and "stream:" not in done.stdout


@pytest.mark.parametrize(
    "option, said, status",
    [
        ("after=random", "after=random: no such after", 2),
        ("footprint=lots", "footprint=lots: a number", 2),
        ("footprint=3M", "footprint=3M: a power of two, 64K or more", 2),
        ("footprint=4K", "footprint=4K: a power of two, 64K or more", 2),
        ("footprint=1G", "footprint=1G: larger than the memory", 2),
        ("footprint=64M", "footprint: at most 0x2000000 bytes lie behind the tables", 3),
        ("passes=0", "passes=0: from 1 to 1000000", 2),
        ("passes=1G", "passes=1G: from 1 to 1000000", 2),
    ],
)
def test_wrong_options_are_one_line(option: str, said: str, status: int, bbmsim: Bbmsim) -> None:
    after = () if option.startswith("after=") else ("--set", "after=chase")
    done = bbmsim("run", "repaint", "--cores", "cortex-x4", "--memory", "64MiB", *after, "--set", option)
    assert done.returncode == status
    assert any(said in line for line in (done.stderr + done.stdout).splitlines())


def test_options_of_what_is_not_measured_are_refused() -> None:
    board = bs.Board(cores=bs.parse_cores("cortex-x4"), memory="64MiB")
    for parameters, said in (
        ({"footprint": "16M"}, "footprint=16M: only with after=chase|stream|both"),
        ({"passes": "2", "after": "stream"}, "passes=2: only with after=chase|both"),
        ({"verify_stride": "7"}, "verify_stride=7: a power of two"),
        ({"verify_stride": "6K"}, "verify_stride=6K: a power of two"),
    ):
        with pytest.raises(bs.ConfigError) as refused:
            bs.Simulation(board, bs.bare("repaint", **parameters))
        assert said in str(refused.value)
    for cpus in ("010", "1K", "0x1"):  # decimal, more than there are, hexadecimal
        assert bs.Simulation(board, bs.bare("repaint", cpus=cpus, verify_stride="1M")).run().outcome == "poweroff"


def test_without_after_nothing_is_measured() -> None:
    r = bs.Simulation(bs.Board(cores=bs.parse_cores("cortex-x4"), memory="64MiB"), bs.bare("repaint", verify="none")).run()
    assert uses(r) == [] and not any(name.startswith(("chase", "stream")) for name in r.phases)


def ladder(cores: str, probe: str, **set: object) -> dict[str, tuple[float, bs.result.PhaseCore]]:
    """Cycles per load and costs of core 0, by phase."""
    r = bs.Simulation(bs.Board(cores=bs.parse_cores(cores), memory="256MiB"), bs.bare("latency", probe=probe, **set)).run()
    assert (r.outcome, r.violations, r.hazards) == ("poweroff", [], [])
    phases = {name: p.cores[0] for name, p in r.phases.items() if name in r.results}
    return {name: (core.total_cycles / r.results[name], core) for name, core in phases.items()}


@pytest.mark.parametrize("granule", ["4k", "16k", "64k"])
def test_loads_miss_each_tlb_where_it_is_full(granule: str) -> None:
    core = bs.core("cortex-a720")
    steps = ladder("cortex-a720", "tlb", granule=granule)
    for name, (_, cost) in steps.items():
        pages = int(name.split()[1])
        assert (cost.l1d_misses > 1000) == (pages > core.mmu.l1d_tlb.entries), name
        if pages > 2 * core.mmu.l2_tlb.entries:
            assert cost.l2_misses > 30000
        if pages < core.mmu.l2_tlb.entries // 2:
            assert cost.l2_misses < 100
    assert len(steps) > 20


def test_loads_cost_more_in_each_cache_further_out() -> None:
    steps = ladder("cortex-a720", "cache", map="blocks")
    price = [steps[f"cache {kib} KiB"][0] for kib in (16, 256, 65536)]
    assert price[0] < price[1] < price[2]
    assert all(cost.l1d_misses < 50 for _, cost in steps.values())


def test_a_transfer_is_measured_with_two_cores(bbmsim: Bbmsim) -> None:
    (price, _), = ladder("cortex-a720*2", "transfer").values()
    assert price > 1
    done = bbmsim("run", "latency", "--cores", "cortex-a720", "--set", "probe=transfer")
    assert done.returncode == 3 and "probe=transfer needs two cores" in done.stdout
