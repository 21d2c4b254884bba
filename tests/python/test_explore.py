# SPDX-License-Identifier: Apache-2.0
"""Exploration: what it finds, that it finds the same again, and what it says of runs that are not its own."""

from __future__ import annotations

import dataclasses
import json
from functools import lru_cache
from typing import Any

import pytest

import bbmsim as bs
from bbmsim.config import SCHEDULES, parse_schedule
from bbmsim.exploration import Exploration, Found
from bbmsim.exploration.plan import ALL_POWERS, Subject, draw, parse_id

CORES = [bs.core("cortex-x4"), *3 * [bs.core("cortex-a720")]]
SMALL = bs.Board(cores=CORES, memory="128MiB")
PAIR = bs.Board(cores=2 * [bs.core("cortex-a720")], memory="128MiB")
#: level 2, but with conflicts until the TLBI
RISKY = dataclasses.replace(SMALL, cores=[bs.core("cortex-x4", conflict_free=False), *CORES[1:]])


def without_host(record: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in record.items() if key != "host"}


@lru_cache(maxsize=None)
def sabotaged(jobs: int) -> Exploration:
    return bs.explore(SMALL, bs.bare("repaint", sabotage="secondaries-in-map"), runs=9, jobs=jobs)


@lru_cache(maxsize=None)
def conflicts() -> Exploration:
    return bs.explore(RISKY, bs.bare("repaint"), runs=24, seed=1)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_changes_the_interleaving_and_nothing_of_what_the_guest_computes(name: str) -> None:
    board = dataclasses.replace(SMALL, schedule=bs.Schedule(name))
    first, again = (bs.Simulation(board, bs.bare("repaint"), seed=5).run() for _ in range(2))
    assert first.outcome == "poweroff"
    assert not first.violations and not first.hazards
    assert first.record["verified"]["ok"]
    assert without_host(first.record) == without_host(again.record)
    plain = bs.Simulation(SMALL, bs.bare("repaint"), seed=5).run()
    assert (first.record["simulated_ps"] == plain.record["simulated_ps"]) == (name == "default")
    # The fast path and a profile change nothing under a schedule either.
    slow = bs.Simulation(dataclasses.replace(board, filter=False), bs.bare("repaint"), seed=5).run()
    assert slow.record["cores"] == first.record["cores"]


def test_each_distinct_finding_is_listed_once_shortest_first() -> None:
    found = sabotaged(2).findings
    assert {(f.kind, f.rule) for f in found} >= {("violation", "BBM-SIZE"), ("violation", "BBM-CONT")}
    assert len({(f.kind, f.rule, f.symbol, f.entry) for f in found}) == len(found)
    assert [f.time_ps for f in found] == sorted(f.time_ps for f in found)
    split = next(f for f in found if f.rule == "BBM-SIZE")
    assert split.symbol.startswith("split_block+") and split.entry == "level 2 block -> table"
    assert split.runs == 9 == sum(split.schedules.values()) == sum(split.tlb.values())
    assert split.count > split.runs
    assert any("writes the level 2 descriptor" in line and line.strip().startswith("now") for line in split.timeline)


def test_one_worker_and_two_find_the_same() -> None:
    one, two = (without_host(sabotaged(jobs).to_dict()) for jobs in (1, 2))
    assert one == two


def test_a_core_that_is_not_conflict_free_is_caught_by_its_conflict() -> None:
    found = [f for f in conflicts().findings if f.rule == "conflict-abort"]
    assert found and all(f.kind == "effect" for f in found)
    assert conflicts().exit_status == 1
    assert not bs.explore(SMALL, bs.bare("repaint"), runs=24, seed=1).findings  # Linux's list has its point


@lru_cache(maxsize=None)
def race(variant: str, schedules: tuple[str, ...], powers: tuple[str, ...] = ()) -> Exploration:
    return bs.explore(PAIR, bs.bare("handover", variant=variant), runs=24, seed=2, schedules=schedules, powers=powers)


def test_a_race_that_the_plain_schedule_never_loses_is_lost_under_the_targeted_one() -> None:
    """The boot core must be held between its write and the end of its TLBI, a window of a few hundred nanoseconds."""
    assert not race("racy", ("default",), ALL_POWERS).findings
    found = race("racy", ("targeted",)).findings
    assert found and {f.symbol.partition("+")[0] for f in found} == {"make_page"}
    assert {f.rule for f in found} <= {"BBM-NO-TLBI", "BBM-NO-DSB-BEFORE-TLBI", "BBM-NO-DSB-AFTER-TLBI"}
    story = found[0].timeline
    broken = next(i for i, line in enumerate(story) if "-> 0x0000000000000000 invalid" in line)
    assert "core 1" in story[-1] and "make_page" in story[-1] and broken < len(story) - 1


def test_with_the_race_mended_no_schedule_finds_anything() -> None:
    exploration = race("correct", SCHEDULES, ALL_POWERS)
    assert exploration.findings == [] and exploration.exit_status == 0
    assert {r.outcome for r in exploration.runs} == {"poweroff"}


def test_one_wrong_change_is_one_finding_wherever_its_traces_are_met() -> None:
    board = dataclasses.replace(SMALL, cores=bs.nasty(CORES))
    exploration = bs.explore(board, bs.bare("migrate", variant="broken"), runs=3, powers=[])
    run = exploration.replay(exploration.findings[0].id)
    stale = [f for f in exploration.findings if f.kind == "hazard"]
    assert stale and all(f.symbol.startswith("migrate_entry") for f in stale)
    assert len(stale) <= 2 and sum(f.count for f in stale) > sum(h.count for h in run.hazards) // 2


def test_coverage_says_what_was_changed_under_what_and_what_was_not() -> None:
    coverage = race("racy", ("targeted",)).coverage
    rows = {(c.row, c.entry, c.verdict): c for c in coverage.changes}
    assert set(rows) == {(row, "level 3 page", v) for row, v in (("break", "legal"), ("make", "after-break"), ("make", "violates"))}
    made = [rows["make", "level 3 page", v] for v in ("after-break", "violates")]
    assert sum(c.count for c in made) == rows["break", "level 3 page", "legal"].count == 24 * 6
    assert coverage.rules["BBM-NO-TLBI"] + coverage.rules["BBM-NO-DSB-AFTER-TLBI"] + coverage.rules["BBM-NO-DSB-BEFORE-TLBI"] >= 1
    assert coverage.rules["BBM-OA"] == 0
    assert any(line.startswith("no live entry with a change of: table to leaf") for line in coverage.unseen)
    assert "make of level 3 page, violates: not under default" in coverage.unseen
    split = {(c.row, c.entry, c.verdict) for c in sabotaged(2).coverage.changes}
    assert ("size", "level 2 block", "violates") in split and ("cont", "level 2 block (contiguous)", "violates") in split


def test_a_conflict_abort_names_who_wrote_the_entries() -> None:
    found = [f for f in conflicts().findings if f.rule == "conflict-abort"]
    assert {f.symbol.partition("+")[0] for f in found} <= {"split_block", "clear_contiguous"}
    assert all(f.timeline and "match" in f.timeline[-1] for f in found)


def test_a_replayed_run_is_the_run() -> None:
    exploration = conflicts()
    found = next(f for f in exploration.findings if f.rule == "conflict-abort")
    result = exploration.replay(found.id)
    assert sum(c["conflict_aborts"] for c in result.record["cores"]) >= 1
    of_spec = bs.Simulation(
        dataclasses.replace(RISKY, cores=bs.nasty(RISKY.cores, *found.spec.powers), schedule=found.spec.schedule), bs.bare("repaint"),
        seed=found.spec.seed,
    ).run(timeout=found.spec.limit_us * 1_000_000)
    assert without_host(result.record) == without_host(of_spec.record)
    assert result.record["board"]["schedule"] == dataclasses.asdict(found.spec.schedule)


def test_an_id_says_everything() -> None:
    subject = Subject(SMALL, bs.bare("repaint"))
    for index in range(1, 60):
        spec = draw(3, index, SCHEDULES, ALL_POWERS, 812, 1000)
        assert subject.parse(subject.id_of(spec)) == spec
        assert parse_schedule(str(spec.schedule)) == spec.schedule


@pytest.mark.parametrize(
    ("board", "workload", "words"),
    [
        (dataclasses.replace(SMALL, memory="256MiB"), bs.bare("repaint"), "another board"),
        (SMALL, bs.bare("repaint", strategy="pagewalk"), "another workload"),
    ],
)
def test_a_run_of_something_else_is_refused_by_name(board: bs.Board, workload: bs.Workload, words: str) -> None:
    of_this = Subject(SMALL, bs.bare("repaint"))
    run_id = of_this.id_of(draw(0, 1, SCHEDULES, ALL_POWERS, 100, 1000))
    with pytest.raises(bs.ConfigError, match=words):
        Subject(board, workload).parse(run_id)


@pytest.mark.parametrize(
    "text", ["", "pct", "pct-1-2.typical.0.1.aaaa-bbbb", "new.typical.0.1.aaaa-bbbb", "default.magic.0.1.aaaa-bbbb", "default.typical.11112222333344445.1.aaaa-bbbb"]
)
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(bs.ConfigError, match="replay"):
        parse_id(text)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"runs": 0}, "runs=0"),
        ({"seed": -1}, "seed=-1"),
        ({"schedules": ["pt"]}, "schedules=pt: no such schedule"),
        ({"schedules": []}, "schedules: at least one"),
        ({"powers": ["late"]}, "powers=late"),
        ({"timeout": "1 hour"}, "timeout"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_runs(wrong: dict[str, Any], words: str) -> None:
    with pytest.raises(bs.ConfigError, match=words):
        bs.explore(SMALL, bs.bare("repaint"), **wrong)


def test_the_whole_of_it_is_plain_values(tmp_path: Any) -> None:
    exploration = sabotaged(2)
    exploration.save(tmp_path / "e.json")
    assert json.loads((tmp_path / "e.json").read_text()) == json.loads(json.dumps(exploration.to_dict()))
    frame = exploration.frame()
    assert list(frame["id"]) == [exploration.subject.id_of(r.spec) for r in exploration.runs]
    assert isinstance(exploration.findings[0], Found)


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (bs.Schedule("fair"), "schedule.name=fair: one of default, random, pct, targeted"),
        (bs.Schedule("pct", hold_ns=0), "schedule.hold_ns=0: 1 to 1000000000"),
        (bs.Schedule("pct", depth=10_001), "schedule.depth=10001 exceeds 10000"),
        ("pct", "schedule='pct': a schedule, such as Schedule"),
    ],
)
def test_a_wrong_schedule_is_refused_by_name(schedule: Any, words: str) -> None:
    with pytest.raises(bs.ConfigError, match=words.replace("(", "\\(")):
        dataclasses.replace(SMALL, schedule=schedule)


@pytest.mark.parametrize("hold_ns", [1, 1000, 10_000_000])
def test_nobody_starves_however_long_the_holds_are(hold_ns: int) -> None:
    """Core 0 spins on what core 1 writes, with nothing that lets it sleep."""
    for name in ("random", "pct", "targeted"):
        board = dataclasses.replace(PAIR, schedule=bs.Schedule(name, depth=8, length_us=500, hold_ns=hold_ns))
        assert bs.Simulation(board, bs.bare("handover"), seed=hold_ns).run(timeout="10s").outcome == "poweroff", name
