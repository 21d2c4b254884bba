# SPDX-License-Identifier: Apache-2.0
"""Each kind of injected fault, and how a guest takes it. The guest is `migrate`: one page gets another output address,
rightly, and every core counts in `wrong.coreN` how many of its 256 reads saw the old page.
"""

from __future__ import annotations

import json
from dataclasses import fields
from functools import lru_cache
from typing import Any

import bbmsim as bs
import jsonschema
import pytest
from bbmsim.inject import KINDS, parse_injection
from bbmsim.perfetto import trace_json
from bbmsim.reactions import describe_abort, lines
from bbmsim.report.html import render
from conftest import ROOT, Bbmsim

CORES = "cortex-x4,cortex-a720*2"
PAGE = 4096
READS = 256
CHANGE, CHANGED = "migrate_entry", "migrate_entry:return"


@lru_cache(maxsize=None)
def page() -> int:
    """The VA of the page that moves, as the guest prints it."""
    return int(undisturbed().console.split("migrate: 0x")[1].split()[0], 16)


def run(*faults: bs.Injection, seed: int = 3) -> bs.Result:
    board = bs.Board(cores=bs.parse_cores(CORES), memory="64MiB")
    simulation = bs.Simulation(board, bs.bare("migrate"), seed=seed)
    for fault in faults:
        simulation.inject(fault)
    result = simulation.run(timeout="1s")
    for injected in result.record["injected"]:
        assert lines(injected)
    return result


@lru_cache(maxsize=None)
def undisturbed() -> bs.Result:
    return run()


def wrong(result: bs.Result) -> list[int]:
    return [result.results[f"wrong.core{i}"] for i in range(3)]


def abort_of(result: bs.Result, number: int = 0) -> str:
    return describe_abort(result.record["injected"][number]["reaction"]["first_abort"]["esr"])


def test_undisturbed_it_is_right() -> None:
    result = undisturbed()
    assert result.outcome == "poweroff" and result.clean and wrong(result) == [0, 0, 0]
    assert result.record["injected"] == []


def test_a_lost_tlbi_leaves_what_it_should_have_removed() -> None:
    result = run(bs.LostTlbi(core=1, va=page(), after=CHANGE))
    assert wrong(result) == [0, READS, 0]
    assert not result.violations and {h.core for h in result.hazards} == {1} and {h.kind for h in result.hazards} == {"stale"}
    (injected,) = result.record["injected"]
    assert injected["fired"] == 1 and injected["reaction"]["hazards"] == list(range(len(result.hazards)))
    elsewhere = run(bs.LostTlbi(core=1, va=page() + PAGE, after=CHANGE))
    assert wrong(elsewhere) == [0, 0, 0] and elsewhere.record["injected"][0]["fired"] == 0


def test_a_late_tlbi_leaves_it_for_a_while() -> None:
    result = run(bs.LateTlbi(core=1, va=page(), after=CHANGE, delay="100ms"))
    assert wrong(result) == [0, READS, 0] and {h.core for h in result.hazards} == {1}
    in_time = run(bs.LateTlbi(core=1, va=page(), after=CHANGE, delay="1ns"))
    assert wrong(in_time) == [0, 0, 0] and in_time.clean and in_time.record["injected"][0]["fired"] == 1


def test_a_planted_entry_of_before_is_used() -> None:
    result = run(bs.StaleEntry(core=1, va=page(), taken=CHANGE, after=CHANGED))
    assert wrong(result) == [0, READS, 0] and {h.core for h in result.hazards} == {1}
    now = run(bs.StaleEntry(core=1, va=page(), after=CHANGED))
    assert wrong(now) == [0, 0, 0] and now.clean
    other = run(bs.StaleEntry(core=2, va=page(), oa=0x4000_0000, after=CHANGED))
    assert wrong(other) == [0, 0, READS]


def test_walks_fail() -> None:
    abort = run(bs.WalkAbort(core=2, va=page(), after=CHANGED))
    assert abort.outcome == "guest-failed" and abort_of(abort) == "data abort at EL1, external abort on the walk at level 3"
    fault = run(bs.WalkFault(core=1, va=page(), after=CHANGED, level=2))
    assert fault.outcome == "guest-failed" and abort_of(fault) == "data abort at EL1, translation fault at level 2"
    first = fault.record["injected"][0]["reaction"]["first_abort"]
    assert first["far"] == page() and fault.record["injected"][0]["first_va"] == page()


def test_a_bit_of_a_descriptor_turns_over() -> None:
    result = run(bs.DescriptorFlip(core=1, va=page(), bit=13, after=CHANGED))
    assert wrong(result)[1] == READS
    assert any(v.core is None and v.rule == "BBM-OA" and v.old ^ v.new == 1 << 13 for v in result.violations)
    assert result.record["injected"][0]["reaction"]["violations"]
    gone = run(bs.DescriptorFlip(core=1, va=page(), bit=0, level=2, after=CHANGED))
    assert gone.outcome == "guest-failed" and "translation fault at level 2" in abort_of(gone)


def test_a_bit_of_a_tlb_entry_turns_over() -> None:
    result = run(bs.TlbFlip(core=1, va=page(), bit=13, after=CHANGED))
    assert wrong(result) == [0, READS - 1, 0], "the first read makes the entry"
    assert result.clean, "nobody broke the protocol, and no entry is older than memory"
    tag = run(bs.TlbFlip(core=1, va=page(), bit=14, tag=True, after=CHANGED))
    assert wrong(tag) == [0, 0, 0] and tag.record["injected"][0]["fired"] == 1


def test_a_conflict_sticks_until_everything_is_flushed() -> None:
    once = run(bs.TlbConflict(core=1, va=page(), after=CHANGED, sticky=True))
    assert (once.outcome, wrong(once)) == ("poweroff", [0, 0, 0])
    assert once.record["injected"][0]["reaction"]["aborts"] == 1 and abort_of(once) == "data abort at EL1, TLB conflict"
    # The handler's first flush is lost as well: the access conflicts again.
    both = run(
        bs.TlbConflict(core=1, va=page(), after=CHANGED, sticky=True), bs.LostTlbi(core=1, after=CHANGED)
    )
    assert both.record["injected"][0]["fired"] == 1 and both.record["injected"][0]["reaction"]["aborts"] == 2
    assert both.outcome == "poweroff"


def test_events_come_late_or_for_nothing() -> None:
    late = run(bs.DelayedSev(core=1, delay="50us", times=0))
    assert (late.outcome, wrong(late)) == ("poweroff", [0, 0, 0]) and late.record["injected"][0]["fired"] > 0
    assert late.record["simulated_ps"] > undisturbed().record["simulated_ps"] + 50_000_000
    woken = run(bs.SpuriousWake(core=2, times=0))
    assert (woken.outcome, wrong(woken), woken.clean) == ("poweroff", [0, 0, 0], True)
    assert woken.record["injected"][0]["fired"] > 3
    assert woken.record["cores"][2]["instructions"] > undisturbed().record["cores"][2]["instructions"]


def test_a_core_stalls() -> None:
    at = run(bs.Stall(core=1, duration="200us", at="repaint_on_secondary"))
    soon = run(bs.Stall(core=1, duration="200us", after=CHANGE))
    for result in (at, soon):
        assert (result.outcome, wrong(result), result.clean) == ("poweroff", [0, 0, 0], True)
        assert result.record["injected"][0]["fired"] == 1
        assert result.record["simulated_ps"] > undisturbed().record["simulated_ps"] + 150_000_000
    assert at.record["injected"][0]["first_symbol"].startswith("repaint_on_secondary")


def test_a_core_does_not_come_up() -> None:
    result = run(bs.CpuOnFailure(core=2, error="denied"))
    assert result.outcome == "guest-failed" and "PSCI CPU_ON of core 2: error 3" in result.detail
    assert result.record["cores"][2]["instructions"] == 0


def test_time_place_turn_and_chance() -> None:
    second = run(bs.WalkFault(core=1, va=0xFFFF_0000_0000_0000, size=1 << 40, nth=2, after_time="1us"))
    assert second.record["injected"][0]["hits"] == 2 and second.record["injected"][0]["first_ps"] >= 1_000_000
    chance = bs.SpuriousWake(core=1, probability=0.5, times=0)
    fired = run(chance).record["injected"][0]
    assert 0 < fired["fired"] < fired["hits"] and run(chance).record["injected"][0] == fired
    physical = undisturbed().console.split(" to 0x")[1].split(",")[0]
    by_pa = run(bs.TlbConflict(core=2, pa=int(physical, 16), after=CHANGED))
    assert by_pa.record["injected"][0]["first_va"] == page()


def test_the_record_the_trace_and_the_report_tell_it() -> None:
    result = run(bs.LostTlbi(core=1, va=page(), after=CHANGE), bs.Stall(core=2, duration="1us", after=CHANGE))
    jsonschema.validate(result.record, json.loads((ROOT / "docs" / "run-record.schema.json").read_text()))
    assert [m["core"] for m in result.record["timeline"]["marks"] if m["kind"] == "injected"] == [1, 2]
    assert result._events is not None
    trace = json.loads(trace_json(result.record, *result._events))
    names = {e["name"] for e in trace["traceEvents"]}
    assert {"injected lost-tlbi", "injected stall"} <= names
    page_ = render(result)
    assert "lost-tlbi on core 1, VA 0x" in page_ and "stall on core 2" in page_ and "let in hazards 1" in page_
    assert bs.Result(result.record).record == result.record


def test_every_kind_is_listed_parsed_and_in_the_manual(bbmsim: Bbmsim) -> None:
    listed = bbmsim("list", "injections").stdout
    manual = (ROOT / "docs" / "manual" / "injection.md").read_text()
    values = {"core": "1", "va": "0x1000", "bit": "13", "delay": "1us", "duration": "1us"}
    for name, kind in KINDS.items():
        assert f"{name} " in listed and f"`{name}`" in manual and f"bs.{kind.__name__}" in manual
        given = [f"{f.name}={values[f.name]}" for f in fields(kind) if f.name in values]
        parsed = parse_injection(f"{name}:{','.join(given)}")
        assert type(parsed) is kind and parsed.core == 1 and getattr(bs, kind.__name__) is kind


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("lost-tlb:core=1", "did you mean 'lost-tlbi'"),
        ("stall", "write stall:KEY=VALUE,... with core, duration"),
        ("stall:core=1", "duration= is missing"),
        ("stall:core=1,duration=long", "duration=long: not a time"),
        ("stall:core=1,duration=1us,va=0", "stall has no setting 'va'"),
        ("tlb-flip:core=1,va=0,bit=3", "bit=3: 12 to 47"),
        ("tlb-flip:core=1,va=0,bit=13,structure=l3", "structure=l3: one of l1d, l1i, l2"),
        ("walk-abort:core=1,level=4", "level=4: 0 to 3"),
        ("cpu-on-failure:core=1,error=boredom", "error=boredom: one of"),
        ("tlb-conflict:core=1,va=0,el=3", "el=3: 0 or 1"),
        ("tlb-conflict:core=1,va=0,sticky=yes", "sticky=yes: 0 or 1"),
        ("descriptor-flip:core=1,va=0,bit=64", "bit=64: 0 to 63"),
        ("stall:core=1,duration=1us,times=3", "to repeat it, name a symbol"),
        ("stall:core=1,duration=1us,at=nowhere_at_all", "inject=stall: at=nowhere_at_all"),
        ("stall:core=4,duration=1us", "inject=stall: core"),
        ("stall:core=1,duration=1us,core=2", "inject=stall:core=1,duration=1us,core=2: core is given twice"),
        ("stall:core=1,duration=1us,nth=0", "inject=stall:core=1,duration=1us,nth=0: nth=0: 1 or more"),
    ],
)
def test_what_cannot_be_is_one_line(text: str, says: str) -> None:
    board = bs.Board(cores=bs.parse_cores(CORES), memory="64MiB")
    with pytest.raises(bs.ConfigError) as raised:
        bs.Simulation(board, bs.bare("migrate")).inject(parse_injection(text))
    assert says in str(raised.value) and "\n" not in str(raised.value)


def test_findings_that_a_fault_let_in_are_numbered_in_runs() -> None:
    (injected,) = run(bs.LostTlbi(core=1, after=bs.symbol(CHANGE))).record["injected"]
    many = {**injected, "reaction": {**injected["reaction"], "hazards": [0, 1, 3, *range(6, 64)]}}
    assert "let in hazards 1, 2, 4, 7 to 64" in lines(many)


def test_a_stale_entry_that_could_not_be_made_says_why() -> None:
    (injected,) = run(bs.StaleEntry(core=1, va=0xFFFF_7000_0000_0000)).record["injected"]
    assert injected["fired"] == 0 and "did not fire: the tables gave no translation to put in" in lines(injected)[0]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: bs.Stall(core=1, duration=5), "duration=5: text"),
        (lambda: bs.Stall(core=True, duration="1us"), "core=True: a whole number"),
        (lambda: bs.TlbConflict(core=1, va="0x1000"), "va='0x1000': a whole number"),
        (lambda: bs.TlbConflict(core=1, va=0, after=3), "after=3: a symbol or its name"),
        (lambda: bs.TlbConflict(core=1, va=0, sticky=1), "sticky=1: True or False"),
        (lambda: bs.LostTlbi(core=1, probability="0.5"), "probability='0.5': a number"),
    ],
)
def test_values_of_another_type_are_refused(make: Any, says: str) -> None:
    with pytest.raises(bs.ConfigError) as raised:
        make()
    assert str(raised.value) == says
