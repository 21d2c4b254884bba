# SPDX-License-Identifier: Apache-2.0
"""What an exploration found: each distinct finding once, with the run that shows it soonest."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import _core, findings
from ..files import check_writable, write_whole
from ..findings import Hazard, Violation
from ..outcomes import OUTCOMES
from ..result import Result
from .coverage import Coverage
from .observe import Key, Observed, Sighting
from .plan import RunSpec, Subject

if TYPE_CHECKING:
    import pandas

    from ..baseline import Baseline

SCHEMA = "bbmsim.explore/1"


@dataclass(frozen=True)
class Found:
    """A distinct finding: equal in kind, rule, symbol and entry."""

    kind: str  #: "violation", "hazard", "effect" (a conflict abort that no hazard tells of), "outcome"
    rule: str  #: a rule's id; "stale", "conflict"; "conflict-abort"; an outcome of the guest
    symbol: str  #: with offset: of the writer, or of a hazard's access if no writer is known
    entry: str  #: what became what: "level 2 block -> table"
    id: str  #: of the shortest run, for replay()
    spec: RunSpec  #: what that run was
    time_ps: int  #: when it happened there
    count: int  #: how often, in all runs
    runs: int  #: how many runs show it
    schedules: Mapping[str, int]  #: of these, by schedule
    tlb: Mapping[str, int]  #: of these, by powers: "typical", "nasty", "retain,minimal"
    finding: Violation | Hazard | None  #: in the shortest run; None: an effect or outcome
    text: str
    core: int | None  #: the writer, or whose access it was
    va: tuple[int, int]  #: [first, last)
    descriptor_pa: int
    timeline: tuple[str, ...] = ()  #: what led to it, in the shortest run
    accepted: bool = False  #: by a baseline

    def lines(self) -> list[str]:
        """For people."""
        if self.finding is not None:
            return self.finding.lines()
        head = f"{self.rule}: {f'entries changed at {self.symbol}' if self.symbol else OUTCOMES.get(self.rule, '')}".rstrip()
        return [head, f"  {self.text}"]

    def to_dict(self) -> dict[str, Any]:
        out = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name not in ("spec", "finding")}
        out["schedule"], out["powers"], out["seed"] = dataclasses.asdict(self.spec.schedule), list(self.spec.powers), self.spec.seed
        out["schedules"], out["tlb"], out["timeline"] = dict(self.schedules), dict(self.tlb), list(self.timeline)
        out["va"] = list(self.va)
        out["finding"] = None if self.finding is None else dataclasses.asdict(self.finding)
        return out


class Exploration:
    """The outcome of explore()."""

    def __init__(
        self, subject: Subject, runs: Sequence[Observed], *, seed: int, asked: int, schedules: Sequence[str], powers: Sequence[str],
        crashed: Sequence[str], interrupted: bool, wall_s: float, jobs: int,
    ) -> None:
        self.subject = subject
        self.runs = list(runs)  #: in their order; the first is the plain one
        self.seed, self.asked = seed, asked
        self.schedules, self.powers = tuple(schedules), tuple(powers)
        self.crashed = list(crashed)  #: IDs of runs that ended their worker process
        self.interrupted = interrupted
        self.wall_s, self.jobs = wall_s, jobs
        self.findings: list[Found] = _distinct(subject, self.runs)  #: shortest first
        self.coverage = Coverage(self.runs, self.schedules, self.powers)
        self.baseline: dict[str, Any] | None = None

    def replay(self, run_id: str) -> Result:
        """That run again; the same as in the exploration, for any ID of this board and workload."""
        spec = self.subject.parse(run_id)
        return self.subject.simulation(spec).run(timeout=spec.limit_us * 1_000_000)

    def accept(self, baseline: Baseline) -> None:
        """Findings that the baseline lists count no longer; they stay in the list, marked."""
        found = {kind: [f for f in self.findings if f.kind == kind] for kind in ("violation", "hazard")}
        judged = baseline.judge(self.violations, self.hazards, self.effects)
        silenced = {id(found["violation"][i]) for i, _ in judged.violations} | {id(found["hazard"][i]) for i, _ in judged.hazards}
        silenced |= {id(self.effects[i]) for i, _ in judged.others}
        self.findings = [dataclasses.replace(f, accepted=id(f) in silenced) for f in self.findings]
        self.baseline = {**judged.to_dict(baseline.path), "effects": [i for i, _ in judged.others]}

    @property
    def violations(self) -> list[Violation]:
        return [f.finding for f in self.findings if isinstance(f.finding, Violation)]

    @property
    def hazards(self) -> list[Hazard]:
        return [f.finding for f in self.findings if isinstance(f.finding, Hazard)]

    @property
    def effects(self) -> list[Found]:
        """Conflict aborts, and ends of the guest that are none."""
        return [f for f in self.findings if f.finding is None]

    @property
    def record(self) -> dict[str, Any]:
        """What the reports for CI systems take of a run's record."""
        poked = [{"where": str(where), "word": str(word)} for where, word in self.subject.poke]
        out = {**self.to_dict(), "pokes": poked}
        if self.baseline is None:
            del out["baseline"]
        return out

    @property
    def outcome(self) -> str:
        """Of the guest: "poweroff" if it came to its end in some run, else the plain run's."""
        ended = next((run for run in self.runs if run.finished), None) or (self.runs[0] if self.runs else None)
        return "stopped" if ended is None else ended.outcome

    @property
    def detail(self) -> str:
        return next((run.detail for run in self.runs if run.outcome == self.outcome), "")

    @property
    def clean(self) -> bool:
        """Nothing found, but for what a baseline accepts."""
        return all(f.accepted for f in self.findings)

    @property
    def finished(self) -> bool:
        """The guest came to its own end in some run."""
        return any(run.finished for run in self.runs)

    @property
    def exit_status(self) -> int:
        """The CLI's: 0 clean, 1 findings, 3 the guest failed in every run (or Ctrl-C came first), 4 internal error."""
        if self.crashed or any(run.outcome == "internal-error" for run in self.runs):
            return 4
        if not self.clean:
            return 1
        return 0 if self.finished and not self.interrupted else 3

    def frame(self) -> pandas.DataFrame:
        """One row a run: its ID, schedule, powers, outcome, simulated time and findings."""
        import pandas

        return pandas.DataFrame(
            {
                "id": self.subject.id_of(run.spec),
                "schedule": run.spec.schedule.name,
                "tlb": run.spec.tlb,
                "seed": run.spec.seed,
                "outcome": run.outcome,
                "simulated_ps": run.simulated_ps,
                "findings": len({s.key for s in run.sightings}),
            }
            for run in self.runs
        )

    def to_dict(self) -> dict[str, Any]:
        """As plain values (docs/exploration.schema.json). Equal explorations differ in `host` only."""
        outcomes = Counter(run.outcome for run in self.runs)
        return {
            "schema": SCHEMA,
            "versions": {"bbmsim": _core.version},
            "workload": self.subject.workload.to_dict(),
            "board": self.subject.board.to_dict(),
            "seed": self.seed,
            "schedules": list(self.schedules),
            "powers": list(self.powers),
            "runs": {"asked": self.asked, "done": len(self.runs), "interrupted": self.interrupted, "crashed": self.crashed},
            "outcomes": dict(sorted(outcomes.items())),
            "findings": [f.to_dict() for f in self.findings],
            "baseline": self.baseline,
            "coverage": self.coverage.to_dict(),
            "host": {"wall_s": round(self.wall_s, 3), "cpu_s": round(sum(run.cpu_s for run in self.runs), 3), "jobs": self.jobs},
        }

    def save(self, path: str | Path) -> None:
        """The whole of it as JSON; appears whole or not at all."""
        write_whole(check_writable(path, "json"), json.dumps(self.to_dict(), indent=1) + "\n", "json")

    def __repr__(self) -> str:
        return f"<Exploration: {len(self.runs)} runs, {len(self.findings)} distinct findings>"


def _distinct(subject: Subject, runs: Sequence[Observed]) -> list[Found]:
    plain = {s.key for run in runs if run.index == 0 for s in run.sightings if s.key.kind == "outcome"}
    seen: dict[Key, list[tuple[Observed, Sighting]]] = {}
    for run in runs:
        for sighting in run.sightings:
            if sighting.key not in plain:  # a guest that fails anyway is no finding
                seen.setdefault(sighting.key, []).append((run, sighting))
    out = [_found(subject, key, of) for key, of in seen.items()]
    return sorted(out, key=lambda f: (f.time_ps, f.kind, f.rule, f.symbol, f.entry))


def _found(subject: Subject, key: Key, seen: Sequence[tuple[Observed, Sighting]]) -> Found:
    run, shortest = min(seen, key=lambda pair: (pair[1].time_ps, pair[0].index))
    runs = {r.index: r for r, _ in seen}
    values = shortest.values
    finding = findings.violation(values) if key.kind == "violation" else findings.hazard(values) if key.kind == "hazard" else None
    return Found(
        key.kind, key.rule, key.symbol, key.entry, subject.id_of(run.spec), run.spec, shortest.time_ps, sum(s.count for _, s in seen), len(runs),
        dict(sorted(Counter(r.spec.schedule.name for r in runs.values()).items())),
        dict(sorted(Counter(r.spec.tlb for r in runs.values()).items())), finding, values["text"], values["core"],
        (values["va"][0], values["va"][1]), values.get("descriptor_pa", 0),
    )
