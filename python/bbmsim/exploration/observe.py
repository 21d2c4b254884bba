# SPDX-License-Identifier: Apache-2.0
"""What one run found, small enough to be sent from a worker process."""

from __future__ import annotations

import dataclasses
import re
import time
from dataclasses import dataclass
from typing import Any

from ..events import EventKind
from ..result import OUTCOMES, Result
from ..simulation import Simulation
from .plan import RunSpec, Subject

_VARYING = re.compile(r"0x[0-9a-f_]+|\d+")  # in what an outcome says of itself
_ABORT = 0  # of ConflictBehaviour: the access took a TLB conflict abort
CONFLICT_ABORT = "conflict-abort"


@dataclass(frozen=True)
class Key:
    """Findings with equal keys are one."""

    kind: str  #: "violation", "hazard", "effect", "outcome"
    rule: str  #: a rule's id; "stale", "conflict"; "conflict-abort"; an outcome
    symbol: str  #: with offset: of the writer, or of the access
    entry: str  #: "level 2 block -> table", or what the outcome says


@dataclass(frozen=True)
class Sighting:
    """A finding of one run."""

    key: Key
    time_ps: int  #: when it first happened
    count: int
    values: dict[str, Any]  #: of the record; for an effect or outcome: core, pc, va, text


@dataclass(frozen=True)
class Observed:
    """One run."""

    index: int
    spec: RunSpec
    outcome: str
    detail: str
    simulated_ps: int
    sightings: tuple[Sighting, ...]
    checker: dict[str, Any]  #: what the checker looked at
    cpu_s: float

    @property
    def finished(self) -> bool:
        return self.outcome in ("poweroff", "reset")


def observe(subject: Subject, index: int, spec: RunSpec) -> Observed:
    """Runs it."""
    start = time.thread_time()
    sim = subject.simulation(spec)
    result = sim.run(timeout=spec.limit_us * 1_000_000)
    found = tuple(sightings(sim, result))
    record = result.record
    return Observed(index, spec, result.outcome, result.detail, record["simulated_ps"], found, record["checker"], time.thread_time() - start)


def sightings(sim: Simulation, result: Result) -> list[Sighting]:
    """Violations, hazards, conflict aborts that no hazard tells of, and an end that is no end."""
    record = result.record
    out = [
        Sighting(Key("violation", v["rule"], v["symbol"], change_text(v["level"], v["old"], v["new"])), v["first_ps"], v["count"], v)
        for v in record["violations"]
    ]
    told: set[tuple[int | None, int]] = set()
    for h in record["hazards"]:
        if h["kind"] == "conflict":
            told.add((h["core"], h["pc"]))
        level = 3 if h["violation"] is None else record["violations"][h["violation"]]["level"]
        entry = change_text(level, h["entry_value"], h["memory_value"])
        out.append(Sighting(Key("hazard", h["kind"], h["symbol"], entry), h["first_ps"], h["count"], h))
    out += _conflict_aborts(sim, result, told)
    if not result.finished:
        text = result.detail or OUTCOMES[result.outcome]
        key = Key("outcome", result.outcome, "", _VARYING.sub("N", text))
        out.append(Sighting(key, record["simulated_ps"], 1, {"core": None, "pc": 0, "va": [0, 0], "text": text}))
    return out


def _conflict_aborts(sim: Simulation, result: Result, told: set[tuple[int | None, int]]) -> list[Sighting]:
    """By place: the first of each, and how many there were."""
    found: dict[tuple[Key, int | None], Sighting] = {}
    for e in result.events_of(EventKind.CONFLICT):
        if e.sub != _ABORT or (e.core, e.pc) in told:
            continue
        key = Key("effect", CONFLICT_ABORT, sim.symbolize(e.pc), f"level {e.level} entry")
        before = found.get((key, e.core))
        text = f"Core {e.core} took a TLB conflict abort at {key.symbol}: {e.a} translations of {e.va:#x} matched."
        values = {"core": e.core, "pc": e.pc, "va": [e.va, e.va + 1], "text": text}
        if before is None:
            found[key, e.core] = Sighting(key, e.time_ps, 1, values)
        else:
            found[key, e.core] = dataclasses.replace(before, count=before.count + 1)
    return list(found.values())


def change_text(level: int, old: int, new: int) -> str:
    """ "level 2 block (contiguous) -> table"."""
    return f"level {level} {_entry(old, level)} -> {_entry(new, level)}"


def _entry(value: int, level: int) -> str:
    if not value & 1:
        return "invalid"
    if value & 2 and level < 3:
        return "table"
    kind = "page" if level == 3 else "block"
    return f"{kind} (contiguous)" if value >> 52 & 1 else kind
