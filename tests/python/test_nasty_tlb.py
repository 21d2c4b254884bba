# SPDX-License-Identifier: Apache-2.0
"""The nasty TLB on whole runs: deterministic, exact with and without the filter, silent where software is right."""

from __future__ import annotations

from typing import Any

import bbmsim as bs
import pytest
from bbmsim.config import POWERS, tlb_mode
from conftest import Bbmsim

MIXED = "cortex-x4,cortex-a720*2"


def run(cores: str = MIXED, tlb: str = "nasty", seed: int = 3, filter: bool = True, **parameters: str) -> bs.Result:
    board = bs.Board(cores=tlb_mode(bs.parse_cores(cores), tlb), memory="64MiB", filter=filter)
    return bs.Simulation(board, bs.bare("repaint", **parameters), seed=seed).run(timeout="1s")


def figures(result: bs.Result) -> dict[str, Any]:
    return {k: v for k, v in result.record.items() if k not in ("host", "board")}


def test_a_right_repaint_is_silent_under_every_power() -> None:
    for tlb in ("nasty", *POWERS, "minimal"):
        result = run(tlb=tlb)
        assert (result.outcome, result.clean) == ("poweroff", True), tlb


def test_seeds_replay_and_differ() -> None:
    assert figures(run(seed=5)) == figures(run(seed=5))
    assert figures(run(seed=5)) != figures(run(seed=6))


def test_the_filter_changes_no_figure() -> None:
    assert figures(run(filter=True)) == figures(run(filter=False))


def test_level_2_that_is_not_conflict_free_meets_the_conflict_abort() -> None:
    """What Linux's list of parts exists to avoid: until the TLBI, level 2 permits the abort; a conflict-free core takes none."""
    aborts = {
        cores: [sum(c["conflict_aborts"] for c in run(cores=cores, sabotage="no-flush", seed=seed).record["cores"]) for seed in range(4)]
        for cores in ("cortex-x4:conflict_free=0,cortex-a720*2", MIXED)
    }
    free, listed = aborts.values()
    assert sum(free) > 0 and sum(listed) == 0
    dies = run(cores="cortex-x4:conflict_free=0,cortex-a720*2", sabotage="no-flush", on_conflict="panic")
    assert dies.outcome == "guest-failed" and "conflict" in dies.console


def test_sabotages_are_found_under_the_nasty_tlb_too() -> None:
    assert {v.rule for v in run(sabotage="secondaries-in-map").violations} == {"BBM-SIZE", "BBM-CONT"}
    assert "BBM-SIZE" in {v.rule for v in run(sabotage="no-rendezvous").violations}


UNLISTED = "cortex-x4:conflict_free=0,cortex-a720*2"  # the boot core may conflict until the TLBI


@pytest.mark.parametrize(
    ("sabotage", "secondaries", "cores", "rule"),
    [
        ("no-rendezvous", "parked", MIXED, "BBM-SIZE"),
        ("release-before-split", "parked", MIXED, "BBM-SIZE"),
        ("secondaries-in-map", "parked", MIXED, "BBM-SIZE"),
        ("secondaries-in-map", "reading", MIXED, "BBM-SIZE"),
        ("no-flush", "parked", UNLISTED, "BBM-NO-TLBI"),
    ],
)
def test_a_spoilt_repaint_is_found_under_both_tlbs_and_by_its_effect(sabotage: str, secondaries: str, cores: str, rule: str) -> None:
    """The handler must not repair what it meets: its local flush is the one that was dropped. Secondaries that wait in the
    map make no access there, so nothing can conflict; those that read do.
    """
    how = {"sabotage": sabotage, "secondaries": secondaries, "on_conflict": "panic"}
    typical = run(cores, "typical", **how)
    assert rule in {v.rule for v in typical.violations}
    nasty = [run(cores, "nasty", seed, **how) for seed in range(4)]
    assert all(rule in {v.rule for v in r.violations} for r in nasty)
    aborts = [sum(c["conflict_aborts"] for c in r.record["cores"]) for r in nasty]
    assert any(aborts) == ((sabotage, secondaries) != ("secondaries-in-map", "parked"))
    assert all(r.outcome == "guest-failed" and "conflict" in r.console for r, n in zip(nasty, aborts, strict=True) if n)


def test_readers_in_the_map_are_right_where_all_are_level_2_and_conflict_free() -> None:
    """The same code, on the board on which it is legal."""
    result = run("cortex-x4*3", "nasty", secondaries="reading", on_conflict="panic")
    assert result.outcome == "poweroff" and result.clean and not any(c["conflict_aborts"] for c in result.record["cores"])


@pytest.mark.parametrize("power", ["late-tlbi", "speculate,retain"])
def test_powers_on_the_command_line(bbmsim: Bbmsim, power: str) -> None:
    done = bbmsim("run", "--memory", "64MiB", "--cores", "cortex-x4*2", "--tlb", power, "--quiet")
    assert done.returncode == 0, done.stderr
    wrong = bbmsim("run", "--tlb", f"{power},lazy")
    assert wrong.returncode == 2 and "tlb=lazy: typical, nasty, or some of speculate" in wrong.stderr
