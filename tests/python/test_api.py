# SPDX-License-Identifier: Apache-2.0
"""The Python API: run, look inside, events, phases, injection, several simulations in one script."""

from __future__ import annotations

import copy
from typing import Any

import pytest

import bbmsim as bs

import guests

LINEAR = 0xFFFF_0000_0000_0000


def mixed(memory: str = "128MiB") -> bs.Board:
    return bs.Board(cores=[bs.core("cortex-x4"), *2 * [bs.core("cortex-a720")]], memory=memory)


def repaint(**parameters: Any) -> bs.Workload:
    return bs.bare("repaint", **{"strategy": "rfc-range", **parameters})


def without_host(result: bs.Result) -> dict[str, Any]:
    record = copy.deepcopy(result.record)
    del record["host"]
    return record


@pytest.fixture(scope="module")
def result() -> bs.Result:
    return bs.Simulation(mixed(), repaint(), seed=7).run()


def test_the_healthy_repaint_is_clean_and_verified(result: bs.Result) -> None:
    assert result.outcome == "poweroff"
    assert (result.violations, result.hazards) == ([], [])
    assert result.exit_status == 0
    verified = result.record["verified"]
    assert verified["ok"]
    assert [row["core"] for row in verified["cores"]] == [0, 1, 2]
    assert sum(row["places"] for row in verified["cores"]) > 20_000
    # 128 MiB: a table for each 2 MiB block but the text's alias; contiguous groups before that
    assert result.record["checker"]["writes_by_level"]["2"] >= 60
    assert result.phases["repaint"].table_pages >= 60
    assert "core 2" in result.console


def test_costs_add_up(result: bs.Result) -> None:
    for core in result.stats["cores"]:
        assert sum(core["cost"].values()) == core["cycles"]
    repainting = result.phases["repaint"]
    assert repainting.complete
    for core in repainting.cores:
        assert sum(core.cycles.values()) == core.total_cycles
    assert sum(core.total_cycles for core in repainting.cores) == repainting.total_cycles
    assert repainting.cores[0].descriptor_writes["2"] >= 60
    assert repainting.cores[1].descriptor_writes == {"0": 0, "1": 0, "2": 0, "3": 0}
    assert repainting.cores[1].cycles["wfe"] > repainting.cores[1].total_cycles // 2


def test_frames(result: bs.Result) -> None:
    cost = result.frame("cost")
    assert set(cost["phase"]) == {"(whole run)", *result.phases}
    assert (cost[["execution", "cache", "walk", "tlbi_dsb", "wfe", "parked"]].sum(axis=1) == cost["total"]).all()
    assert list(result.frame("tlb")["name"]) == ["cortex-x4", "cortex-a720", "cortex-a720"]
    assert result.frame("tlbi").iloc[0].drop(["core", "name"]).sum() > 0
    for name in ("phases", "descriptor_writes", "cores"):
        assert len(result.frame(name))
    with pytest.raises(bs.ConfigError, match="frame=cake"):
        result.frame("cake")


def test_equal_runs_have_equal_records(result: bs.Result) -> None:
    again = bs.Simulation(mixed(), repaint(), seed=7).run()
    assert without_host(again) == without_host(result)


def test_without_the_fast_path_every_figure_is_the_same(result: bs.Result) -> None:
    board = bs.Board(cores=mixed().cores, memory="128MiB", filter=False)
    slow = without_host(bs.Simulation(board, repaint(), seed=7).run())
    assert slow["board"].pop("filter") is False
    fast = without_host(result)
    assert fast["board"].pop("filter") is True
    assert slow == fast


def test_the_checker_changes_no_figure_of_the_cores(result: bs.Result) -> None:
    board = bs.Board(cores=mixed().cores, memory="128MiB", checker=False)
    unchecked = bs.Simulation(board, repaint(), seed=7).run()
    for with_checker, without in zip(result.stats["cores"], unchecked.stats["cores"]):
        assert without.pop("descriptor_writes") == {"0": 0, "1": 0, "2": 0, "3": 0}
        assert {k: v for k, v in with_checker.items() if k != "descriptor_writes"} == without


def test_two_simulations_in_turns_give_what_each_gives_alone(result: bs.Result) -> None:
    a = bs.Simulation(mixed(), repaint(), seed=7)
    b = bs.Simulation(bs.Board(cores=[bs.core("cortex-x4")] * 2, memory="64MiB"), repaint(strategy="pagewalk"), seed=1)
    for _ in range(5):
        a.step(3_000_000)
        b.step(7_000_000)
    results = {"b": b.run(), "a": a.run()}
    alone = bs.Simulation(b.board, b.workload, seed=1).run()
    assert without_host(results["a"]) == without_host(result)
    assert without_host(results["b"]) == without_host(alone)


def test_events_come_in_order_and_the_machine_can_be_looked_into() -> None:
    sim = bs.Simulation(mixed(), repaint(), seed=7)
    seen: list[Any] = []
    for event in sim.events(bs.PhaseBegin, bs.PhaseEnd, bs.ConsoleLine):
        seen.append(event)
        if isinstance(event, bs.PhaseEnd) and event.name == "repaint":
            walk = sim.walk(core=0, va=LINEAR + 0x60_0000)
            assert (walk.fault, walk.level, walk.bytes) == (None, 3, 4096)
            assert walk.pa == 0x4060_0000
            assert sim.cores[0].regs.powered
            assert sim.cores[0].sysreg("SCTLR_EL1") & 1
            assert sim.current_phase != "repaint"
    names = [(type(e).__name__, e.name) for e in seen if not isinstance(e, bs.ConsoleLine)]
    assert names.index(("PhaseBegin", "repaint")) < names.index(("PhaseEnd", "repaint")) < names.index(("PhaseBegin", "verify"))
    assert [e.time_ps for e in seen] == sorted(e.time_ps for e in seen)
    result = sim.run()
    assert result.outcome == "poweroff"
    assert [e.text for e in seen if isinstance(e, bs.ConsoleLine)] == result.console.splitlines()


def test_watching_events_changes_nothing(result: bs.Result) -> None:
    sim = bs.Simulation(mixed(), repaint(), seed=7)
    assert sum(1 for _ in sim.events(bs.PhaseBegin, bs.ConsoleLine, bs.ExceptionEvent))
    assert without_host(sim.run()) == without_host(result)


def test_the_loop_over_events_may_stop_the_run() -> None:
    sim = bs.Simulation(mixed(), repaint(), seed=7)
    for event in sim.events(bs.PhaseBegin):
        if event.name == "repaint":
            sim.stop()
    result = sim.run()
    assert result.outcome == "stopped"
    assert result.exit_status == 3
    assert not result.phases["repaint"].complete


def test_a_tlb_before_and_after_the_repaint() -> None:
    sim = bs.Simulation(mixed(), repaint(), seed=7)
    for event in sim.events(bs.PhaseBegin):
        if event.name == "repaint":
            break
    linear = [e for e in sim.cores[0].tlb("l2").entries() + sim.cores[0].tlb("l1d").entries() if LINEAR <= e.va < LINEAR + (1 << 40)]
    assert any(e.bytes >= 1 << 21 for e in linear)
    for entry in linear:
        assert entry.origin[-1][1] & 1
    with pytest.raises(bs.ConfigError, match="tlb=l3"):
        sim.cores[0].tlb("l3")


def test_a_phase_between_symbols() -> None:
    sim = bs.Simulation(mixed(), repaint(), seed=7)
    sim.phase("splitting", enter="repaint_on_boot_core")
    result = sim.run()
    assert result.phases["splitting"].complete
    assert result.phases["splitting"].total_cycles >= result.phases["repaint"].total_cycles // 2
    with pytest.raises(bs.ConfigError, match="enter=repaint_on_bot_core.*did you mean"):
        bs.Simulation(mixed(), repaint()).phase("x", enter="repaint_on_bot_core")


def test_an_injected_conflict_is_taken_and_recovered_from() -> None:
    sim = bs.Simulation(mixed(), repaint(), seed=7)
    sim.inject(bs.TlbConflict(core=1, va=LINEAR, size=1 << 40, after=bs.symbol("verify_on_secondary"), nth=3))
    fired = list(sim.events(bs.InjectedEvent))
    result = sim.run()
    assert result.outcome == "poweroff"
    assert [e.core for e in fired] == [1]
    assert result.record["injected"][0]["fired"] == 1
    assert result.stats["cores"][1]["conflict_aborts"] == 1
    assert result.record["verified"]["ok"]


def test_an_injected_conflict_ends_a_guest_that_panics() -> None:
    sim = bs.Simulation(mixed(), repaint(on_conflict="panic"), seed=7)
    sim.inject(bs.TlbConflict(core=1, va=LINEAR, size=1 << 40, after="verify_on_secondary"))
    result = sim.run()
    assert result.outcome == "guest-failed"
    assert result.exit_status == 3


@pytest.mark.parametrize(
    ("conflict", "word"),
    [
        (dict(core=9, va=0), "core=9"),
        (dict(core=0, va=0, after="no_such_function"), "after=no_such_function"),
    ],
)
def test_injections_that_cannot_be_are_refused(conflict: dict[str, Any], word: str) -> None:
    with pytest.raises(bs.ConfigError, match=word):
        bs.Simulation(mixed(), repaint()).inject(bs.TlbConflict(**conflict))


def test_memory_can_be_read_and_written_between_runs() -> None:
    sim = bs.Simulation(mixed(), bs.elf(guests.build("hello")))
    sim.memory.write(0x4100_0000, b"0123456789")
    assert sim.memory.read(0x4100_0002, 4) == b"2345"
    pa = 0x4200_0000
    pattern = ((pa * 0x9E37_79B9_7F4A_7C15) & ((1 << 64) - 1)) ^ (pa >> 29)
    assert sim.memory.read(pa, 8) == pattern.to_bytes(8, "little")
    with pytest.raises(bs.ConfigError, match="pa=0x"):
        sim.memory.read(0x4000_0000 + (128 << 20) - 4, 8)
    assert sim.run().console == "hello\nworld\n"


@pytest.mark.parametrize(
    ("guest", "outcome"),
    [("forever", "timeout"), ("deadlock", "deadlock"), ("nowhere", "abort-loop"), ("abort-loop", "abort-loop"), ("fail", "guest-failed")],
)
def test_guests_that_go_wrong_end_in_a_described_outcome(guest: str, outcome: str) -> None:
    result = bs.Simulation(mixed(), bs.elf(guests.build(guest))).run(timeout="2ms")
    assert result.outcome == outcome
    assert result.detail
    assert result.exit_status == 3


def test_what_a_failing_guest_says_is_in_the_detail() -> None:
    result = bs.Simulation(mixed(), bs.elf(guests.build("fail"))).run()
    assert "the roof leaks" in result.detail


def test_names_that_do_not_exist_are_refused() -> None:
    with pytest.raises(bs.ConfigError, match="workload=repant.*did you mean 'repaint'"):
        bs.bare("repant")
    with pytest.raises(bs.ConfigError, match="strategy=rfc.*did you mean 'rfc-range'"):
        bs.bare("repaint", strategy="rfc")
    with pytest.raises(bs.ConfigError, match="sabotage=no-flsh"):
        bs.bare("repaint", sabotage="no-flsh")
    with pytest.raises(bs.ConfigError, match="grannule.*did you mean 'granule'"):
        bs.bare("repaint", grannule="4k")
    with pytest.raises(bs.ConfigError, match="verify_stride=x"):
        bs.bare("repaint", verify_stride="x")


def test_a_core_list_may_be_empty_of_overrides_but_a_seed_must_fit() -> None:
    with pytest.raises(bs.ConfigError, match="seed=-1"):
        bs.Simulation(mixed(), repaint(), seed=-1)
