# SPDX-License-Identifier: Apache-2.0
"""How much of the memory side is modelled: what each detail adds, where the cycles stand, and the parameters' table."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import pytest

import bbmsim as bs
from bbmsim.config import DETAILS, field_paths, parse_cores
from bbmsim.parameters import PARAMETERS, by_key, stated_ranges
from bbmsim.result import PhaseCore
from bbmsim.sweeps.settings import check_key
from bbmsim.sweeps.study import Study

CORES = "cortex-x4,cortex-a720*3"


@lru_cache(maxsize=None)
def repaint(detail: str, filter_: bool = True, shared: bs.Shared = bs.Shared(), cores: str = CORES) -> bs.Result:
    board = bs.Board(cores=parse_cores(cores), memory="256MiB", detail=detail, filter=filter_, shared=shared)
    return bs.Simulation(board, bs.bare("repaint", strategy="parallel")).run()


def boot_core(result: bs.Result, phase: str = "repaint") -> PhaseCore:
    return result.phases[phase].cores[0]


@pytest.mark.parametrize("detail", DETAILS)
def test_parts_add_up_to_their_cause_on_every_core(detail: str) -> None:
    result = repaint(detail)
    assert result.outcome == "poweroff" and result.clean
    assert result.record["board"]["detail"] == detail
    for core in result.record["cores"]:
        assert sum(core["cache_cycles"].values()) == core["cost"]["cache"]
        assert sum(core["walk_cycles"].values()) == core["cost"]["walk"]
    for phase in result.phases.values():
        for part in phase.cores:
            assert sum(part.cycles.values()) == part.total_cycles
            assert sum(part.cache_cycles.values()) == part.cycles["cache"]
            assert sum(part.walk_cycles.values()) == part.cycles["walk"]


def test_fast_knows_nothing_that_is_shared() -> None:
    for core in repaint("fast").record["cores"]:
        assert core["line_transfers"] == core["l3_cache_misses"] == 0
        assert not any(core["cache_cycles"][place] for place in ("l3", "transfer", "bandwidth", "store_buffer"))
        assert core["walk_cycles"]["mmu"] == core["cost"]["walk"]


def test_typical_moves_lines_between_cores_and_walks_through_the_caches() -> None:
    boot, *others = repaint("typical").record["cores"]
    assert all(core["line_transfers"] for core in (boot, *others))
    assert boot["walk_cycles"]["l2"] and boot["walk_cycles"]["memory"]
    assert boot["cache_cycles"]["bandwidth"] == 0
    assert any(core["walk_cycles"]["transfer"] for core in others), "tables that another core wrote"


def test_new_table_pages_cost_bandwidth_and_not_latency() -> None:
    fast, typical = boot_core(repaint("fast")), boot_core(repaint("typical"))
    assert typical.cycles["cache"] < fast.cycles["cache"] / 5
    assert typical.cycles["tlbi_dsb"] > 0


def test_full_waits_for_memory() -> None:
    narrow = repaint("full", shared=bs.Shared(bandwidth_mb_s=500))
    assert sum(core["cache_cycles"]["bandwidth"] for core in repaint("full").record["cores"]) > 0
    assert narrow.phases["repaint"].duration_ps > 2 * repaint("full").phases["repaint"].duration_ps
    assert repaint("typical", shared=bs.Shared(bandwidth_mb_s=500)).phases["repaint"].duration_ps == repaint("typical").phases["repaint"].duration_ps


@pytest.mark.parametrize("detail", ["typical", "full"])
def test_filter_and_repetition_change_no_figure(detail: str) -> None:
    def figures(result: bs.Result) -> dict[str, Any]:
        board = {k: v for k, v in result.record["board"].items() if k != "filter"}
        return {**result.record, "host": None, "board": board}

    first = figures(repaint(detail))
    assert figures(repaint(detail, filter_=False)) == first
    repaint.cache_clear()
    assert figures(repaint(detail)) == first


def test_sixty_four_cores() -> None:
    result = repaint("typical", cores="neoverse-n1*64")
    assert result.outcome == "poweroff" and result.clean


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bs.Board(cores=[bs.Core()], detail="best"), ["detail", "'best'", "fast, typical, full"]),
        (lambda: bs.Board(cores=[bs.Core()], shared=bs.Shared(l3_ways=5)), ["shared.l3_ways=5"]),
        (lambda: bs.Board(cores=[bs.Core()], shared=bs.Shared(bandwidth_mb_s=1)), ["shared.bandwidth_mb_s=1", "100"]),
        (lambda: bs.Board(cores=[bs.core("generic", store_buffer_lines=5000)]), ["cores[0].cache.store_buffer_lines=5000", "1024"]),
        (lambda: bs.Board(cores=[bs.core("generic", l2_ways=7)]), ["cores[0].cache.l2_ways=7"]),
    ],
)
def test_wrong_values_are_one_line_that_names_the_field(make: Any, words: list[str]) -> None:
    with pytest.raises(bs.ConfigError) as error:
        make()
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_every_parameter_is_a_study_key_with_its_default_in_its_range() -> None:
    for p in PARAMETERS:
        check_key(p.key)
        assert p.default is not None
        assert p.source and p.means
        if p.low is not None and p.high is not None:
            assert p.low < p.high and p.low <= p.default <= p.high, p.key
    assert len(by_key()) == len(PARAMETERS)


def test_every_latency_of_the_memory_side_and_the_interconnect_is_in_the_table() -> None:
    sizes = {"l1d_bytes", "l1d_ways", "l2_bytes", "l2_ways", "l3_ways"}
    named = {key.split(".")[-1] for key in by_key()}
    for kind in (bs.config.Cache, bs.Shared, bs.config.Interconnect, bs.config.Maintenance):
        assert set(field_paths(kind)) - sizes <= named


def test_presets_stay_within_the_stated_ranges() -> None:
    for name, core in bs.presets().items():
        for key, low, high, value in (
            ("l2_cycles", 5, 14, core.cache.l2_cycles), ("l3_cycles", 20, 60, core.cache.l3_cycles), ("memory_cycles", 100, 480, core.cache.memory_cycles),
            ("l2_tlb.hit_cycles", 1, 12, core.mmu.l2_tlb.hit_cycles),
        ):  # fmt: skip
            stated = by_key()[f"core.{key}"]
            assert (stated.low, stated.high) == (low, high)
            assert low <= value <= high, (name, key)


def test_a_study_may_sweep_the_stated_ranges() -> None:
    study = Study._of({"base": {"board.detail": "typical"}, "axes": {"board.hop_ns": [10, 20]}, "sensitivity": {"ranges": "stated"}}, "x")
    assert study.sensitivity is not None
    assert "board.hop_ns" not in study.sensitivity.ranges, "an axis already"
    assert "board.bandwidth_mb_s" not in study.sensitivity.ranges, "of detail full only"
    assert study.sensitivity.ranges["board.transfer_ns"] == (30, 60)
    assert "board.bandwidth_mb_s" in stated_ranges("full")
    study.check()
