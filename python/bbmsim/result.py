# SPDX-License-Identifier: Apache-2.0
"""The outcome of a run, and what can be made of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import findings
from .errors import BbmsimError, ConfigError
from .files import check_writable, plot_format, write_whole
from .maps import taken_map
from .profile import METRICS, Profile
from .rendezvous import rendezvous_of
from .timeline import Recording

if TYPE_CHECKING:
    import pandas

    from .baseline import Baseline

SCHEMA = "bbmsim.run/1"
CAUSES = ("execution", "cache", "walk", "tlbi_dsb", "wfe", "parked")
#: what Result.plot() draws
PLOTS = ("rendezvous", "cost", "map")


@dataclass(frozen=True)
class PhaseCore:
    """What one core did during a phase."""

    total_cycles: int
    cycles: Mapping[str, int]  #: by cause; they add up to total_cycles
    instructions: int
    descriptor_writes: Mapping[str, int]  #: to live tables, by level
    tlbi: Mapping[str, int]  #: by mnemonic
    dvm_sent: int
    dvm_received: int
    dsb: int
    l1i_misses: int
    l1d_misses: int
    l2_misses: int
    walks: int
    walk_reads: int
    l1d_cache_misses: int
    l2_cache_misses: int
    l3_cache_misses: int = 0  #: lines that memory answered for
    line_transfers: int = 0  #: lines that another core's cache gave up or shared
    cache_cycles: Mapping[str, int] = field(default_factory=dict)  #: where those of `cache` went; they add up to it
    walk_cycles: Mapping[str, int] = field(default_factory=dict)  #: likewise those of `walk`


@dataclass(frozen=True)
class Phase:
    """A part of the run and what it cost, for every core of the board over the phase's time."""

    name: str
    core: int | None  #: whose entry began it
    begin_ps: int
    end_ps: int
    duration_ps: int  #: the sum over its occurrences
    complete: bool  #: False: the run ended inside
    count: int
    table_pages: int  #: tables that became live in it
    total_cycles: int
    cores: tuple[PhaseCore, ...]


class Result:
    """A finished run. `record` is the whole of it as plain values: what save() writes."""

    def __init__(
        self, record: dict[str, Any], events: tuple[Recording, Recording] | None = None, profile: Profile | None = None
    ) -> None:
        self.record = record
        self.profile = profile  #: None: not asked for, or loaded from a record, which has its functions only
        self._events = events
        self.outcome: str = record["outcome"]
        self.detail: str = record["detail"]  #: one line about the outcome
        self.violations = [findings.violation(v) for v in record["violations"]]
        self.hazards = [findings.hazard(h) for h in record["hazards"]]
        self.notes = [findings.note(n) for n in record["notes"]]
        self.remarks: list[str] = list(record["remarks"])  #: what the guest met that this version does not model
        self.refused: list[str] = [r["text"] for r in record.get("refused", [])]  #: cores that the kernel turned away, why
        self.console: str = record["console"]
        self.results: dict[str, int] = dict(record["results"])  #: what the guest reported, by name
        self.maps = [taken_map(m) for m in record["maps"]]  #: in the order in which they were asked for
        census = record.get("census")
        #: of the linear map, "before" and "after" the repaint; empty without one, or with too much RAM
        self.census = {} if census is None else {name: taken_map(census[name]) for name in ("before", "after")}
        met = record.get("rendezvous")
        self.rendezvous = None if met is None else rendezvous_of(met)  #: None: nothing was repainted
        self.phases = {
            name: Phase(**{"name": name, **p, "cores": tuple(PhaseCore(**c) for c in p["cores"])})
            for name, p in record["phases"].items()
        }

    @classmethod
    def load(cls, path: str | Path) -> Result:
        """A saved record; raises ConfigError if the file is something else."""
        try:
            record = json.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"run={path}: can't be read ({error.strerror})", "run") from None
        except ValueError:
            raise ConfigError(f"run={path}: not JSON", "run") from None
        if not isinstance(record, dict) or record.get("schema") != SCHEMA:
            raise ConfigError(f"run={path}: not a run record (its schema is not '{SCHEMA}')", "run")
        try:
            return cls(record)
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise ConfigError(f"run={path}: a damaged run record ({error})", "run") from None

    def accept(self, baseline: Baseline) -> None:
        """Findings that the baseline lists count no longer; they stay in the record, which says so."""
        self.record["baseline"] = baseline.judge(self.violations, self.hazards).to_dict(baseline.path)

    @property
    def clean(self) -> bool:
        """No violations and no hazards, but for those that a baseline accepts."""
        known = self.record.get("baseline", {"violations": (), "hazards": ()})
        return len(self.violations) == len(known["violations"]) and len(self.hazards) == len(known["hazards"])

    @property
    def finished(self) -> bool:
        """The guest came to its own end."""
        return self.outcome in ("poweroff", "reset")

    @property
    def exit_status(self) -> int:
        """The CLI's: 0 clean, 1 findings, 3 the guest failed or didn't finish, 4 internal error."""
        if self.outcome == "internal-error":
            return 4
        if not self.clean:
            return 1
        return 0 if self.finished else 3

    @property
    def stats(self) -> dict[str, Any]:
        """Counters as a nested mapping: "cores" (a list), "checker", "injected", "host"."""
        return {key: self.record[key] for key in ("cores", "checker", "injected", "host")}

    def frame(self, name: str) -> pandas.DataFrame:
        """A table: "cost" (cycles by cause), "phases", "tlb", "tlbi", "descriptor_writes", "cores" or "profile"."""
        import pandas

        makers: dict[str, Callable[[], list[dict[str, Any]]]] = {
            "cost": self._cost_rows,
            "phases": self._phase_rows,
            "tlb": lambda: [{**_who(i, c), **c["tlb"]} for i, c in enumerate(self.record["cores"])],
            "tlbi": lambda: [{**_who(i, c), **c["tlbi"]} for i, c in enumerate(self.record["cores"])],
            "descriptor_writes": lambda: [
                {**_who(i, c), **c["descriptor_writes"]} for i, c in enumerate(self.record["cores"])
            ],
            "profile": self._profile_rows,
            "cores": lambda: [
                {**_who(i, c), **{k: v for k, v in c.items() if isinstance(v, int)}}
                for i, c in enumerate(self.record["cores"])
            ],
        }
        if name not in makers:
            raise ConfigError(f"frame={name}: one of {', '.join(makers)}", "frame")
        table = pandas.DataFrame(makers[name]())
        return table.fillna(0).astype({c: "int64" for c in table.columns if table[c].dtype == "float64"})

    def _cost_rows(self) -> list[dict[str, Any]]:
        whole = [
            {"phase": "(whole run)", **_who(i, c), "total": c["cycles"], **c["cost"]}
            for i, c in enumerate(self.record["cores"])
        ]
        return whole + [
            {"phase": p.name, **_who(i, self.record["cores"][i]), "total": c.total_cycles, **c.cycles}
            for p in self.phases.values()
            for i, c in enumerate(p.cores)
        ]

    def _profile_rows(self) -> list[dict[str, Any]]:
        if self.record["profile"] is None:
            raise BbmsimError("profile: ask for it before the run, with Simulation.profile() or --flame")
        return [
            {"function": f["function"], **_who(f["core"], self.record["cores"][f["core"]]), **{k: f[k] for k in ("cycles", "tlb_misses", "walk_cycles")}}
            for f in self.record["profile"]["functions"]
        ]

    def _phase_rows(self) -> list[dict[str, Any]]:
        return [
            {
                "phase": p.name,
                **_who(i, self.record["cores"][i]),
                "duration_ps": p.duration_ps,
                "total_cycles": c.total_cycles,
                "instructions": c.instructions,
                "descriptor_writes": sum(c.descriptor_writes.values()),
                "tlbis": sum(c.tlbi.values()),
                "dvm_received": c.dvm_received,
                "dsb": c.dsb,
                "walks": c.walks,
            }
            for p in self.phases.values()
            for i, c in enumerate(p.cores)
        ]

    def to_json(self) -> str:
        return json.dumps(self.record, indent=1, ensure_ascii=True) + "\n"

    def save(self, path: str | Path) -> None:
        """The run record, schema bbmsim.run/1; appears whole or not at all."""
        write_whole(check_writable(path, "json"), self.to_json(), "json")

    def trace(self, path: str | Path) -> None:
        """A trace for ui.perfetto.dev. Only of a run of this process: a saved record has no events."""
        from .perfetto import trace_json

        if self._events is None:
            raise BbmsimError("trace: a run that was loaded from its record has no events; run it again")
        write_whole(check_writable(path, "trace"), trace_json(self.record, *self._events, self.profile), "trace")

    def flame(self, path: str | Path, *, metric: str = "cycles", core: int | None = None) -> None:
        """A flame graph: .svg, .html (all metrics, `metric` first), or .folded for other tools; of all cores or one."""
        from .report import flame
        from .report.lines import summary

        if self.profile is None:
            raise BbmsimError("flame: this result has no call stacks; ask for them with Simulation.profile() before the run")
        target = check_flame(path)
        title = summary(self.record) + ("" if core is None else f", core {core}")
        if target.suffix == ".folded":
            text = self.profile.folded(metric, core)
        elif target.suffix == ".svg":
            text = flame.svg(self.profile.stacks(metric, core), title, metric)
        else:
            metrics = [metric, *(m for m in METRICS if m != metric)]
            text = flame.page({m: flame.svg(self.profile.stacks(m, core), title, m) for m in metrics}, title)
        write_whole(target, text, "flame")

    def html(self, path: str | Path) -> None:
        """The report: one file that needs nothing else."""
        from .report.html import render

        write_whole(check_writable(path, "html"), render(self), "html")

    def plot(self, path: str | Path, kind: str = "rendezvous", *, phase: str = "repaint") -> None:
        """A PNG or SVG, by the ending: "rendezvous" (who waited where), "cost" (each core's time in `phase`, by cause), or
        "map" (what maps the bytes before and after the repaint, and at each map_at()).
        """
        from .report.plot import drawn
        from .report.run_figures import run_figure

        target = check_writable(path, "plot")
        write_whole(target, drawn(run_figure(self, kind, phase), plot_format(target)), "plot")

    def __repr__(self) -> str:
        return (
            f"<Result {self.outcome}: {len(self.violations)} violations, {len(self.hazards)} hazards, "
            f"{self.record['simulated_ps']} ps>"
        )


def check_flame(path: str | Path) -> Path:
    """The path, if a flame graph can be written there; its ending says in what form."""
    if Path(path).suffix not in (".svg", ".html", ".folded"):
        raise ConfigError(f"flame={path}: its name must end in .svg, .html or .folded", "flame")
    return check_writable(path, "flame")


def _who(index: int, core: Mapping[str, Any]) -> dict[str, Any]:
    return {"core": index, "name": core["name"]}
