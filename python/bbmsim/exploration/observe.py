# SPDX-License-Identifier: Apache-2.0
"""What one run found, small enough to be sent from a worker process."""

from __future__ import annotations

import dataclasses
import re
import time
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..hazards import CONFLICT_ABORT
from ..outcomes import OUTCOMES
from ..result import Result
from ..simulation import Simulation
from ..units import address
from .plan import RunSpec, Subject

_VARYING = re.compile(r"0x[0-9a-f_]+|\d+")  # in what an outcome says of itself


@dataclass(frozen=True)
class Key:
    """Findings with equal keys are one."""

    kind: str  #: "violation", "hazard", "effect", "outcome"
    rule: str  #: a rule's id; "stale", "conflict"; "conflict-abort"; an outcome
    symbol: str  #: with offset: of the writer, or of a hazard's access if no writer is known
    entry: str  #: "level 2 block -> table", or what the outcome says


@dataclass(frozen=True)
class Sighting:
    """A finding of one run."""

    key: Key
    time_ps: int  #: when it first happened
    count: int
    values: dict[str, Any]  #: of the record; for an effect or outcome: core, pc, va, text


class Change(NamedTuple):
    """How often a kind of change of a live descriptor was seen (ChangeCount in sim/change_tally.hpp)."""

    row: str  #: what differs: "make", "break", "size", "oa", ...
    level: int
    entry: str  #: "table", "block", "page"
    contiguous: bool
    verdict: str  #: "legal", "after-break", "violates"
    times: int

    @property
    def kind(self) -> str:
        return f"level {self.level} {self.entry}{' (contiguous)' if self.contiguous else ''}"


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
    changes: tuple[Change, ...]  #: of live descriptors
    cpu_s: float

    @property
    def finished(self) -> bool:
        return self.outcome in ("poweroff", "reset")


def observe(subject: Subject, index: int, spec: RunSpec) -> Observed:
    """Runs it."""
    start = time.thread_time()
    sim = subject.simulation(spec)
    sim.tally_changes()
    result = sim.run(timeout=spec.limit_us * 1_000_000)
    found = tuple(sightings(sim, result))
    record = result.record
    changes = tuple(Change(c["row"], c["level"], c["entry"], c["contiguous"], c["verdict"], c["count"]) for c in sim.changes())
    return Observed(
        index, spec, result.outcome, result.detail, record["simulated_ps"], found, record["checker"], changes, time.thread_time() - start
    )


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
        # One change lets in as many hazards as there are places that use what it left behind.
        let_in = None if h["violation"] is None else record["violations"][h["violation"]]
        symbol, level = (h["symbol"], 3) if let_in is None else (let_in["symbol"], let_in["level"])
        entry = change_text(level, h["entry_value"], h["memory_value"])
        out.append(Sighting(Key("hazard", h["kind"], symbol, entry), h["first_ps"], h["count"], h))
    out += _conflict_aborts(sim, told)
    if not result.finished:
        text = result.detail or OUTCOMES[result.outcome]
        key = Key("outcome", result.outcome, "", _VARYING.sub("N", text))
        out.append(Sighting(key, record["simulated_ps"], 1, {"core": None, "pc": 0, "va": [0, 0], "text": text}))
    return out


def _conflict_aborts(sim: Simulation, told: set[tuple[int | None, int]]) -> list[Sighting]:
    """By the instruction that changed the entries: the first of each, and how many there were."""
    found: dict[Key, Sighting] = {}
    for a in sim.conflict_aborts():
        if (a["core"], a["pc"]) in told:
            continue
        writer = a["writer"] or "(nobody)"
        key = Key("effect", CONFLICT_ABORT, writer, f"level {a['level']} entry")
        text = (
            f"Core {a['core']} took a TLB conflict abort at {a['symbol']}: {a['matches']} translations of {address(a['va'])} matched, the "
            f"largest from the level {a['level']} descriptor at {address(a['descriptor_pa'])}, which {writer} changed."
        )
        values = {"core": a["core"], "pc": a["pc"], "va": [a["va"], a["va"] + 1], "descriptor_pa": a["descriptor_pa"], "text": text}
        here = Sighting(key, a["first_ps"], a["count"], values)
        before = found.get(key, here)
        first = min(before, here, key=lambda s: s.time_ps)
        found[key] = here if before is here else dataclasses.replace(first, count=before.count + here.count)
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
