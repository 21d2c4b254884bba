# SPDX-License-Identifier: Apache-2.0
"""What an exploration has looked at, and what it has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .. import _core
from ..units import format_count
from .observe import Observed


#: rows of the table by which changes are judged (the manual, findings): what a change changes
ROWS = {
    "make": "invalid to valid",
    "break": "valid to invalid",
    "size": "table to leaf, or leaf to table",
    "table": "another table",
    "oa": "another output address",
    "memtype": "another memory type or cacheability",
    "share": "another shareability",
    "cont": "the Contiguous bit",
    "global": "nG",
    "permission": "permissions and flags",
    "software": "bits that translation ignores",
}


@dataclass(frozen=True)
class Row:
    """Changes of one kind of live entry: how many, in how many runs, under what."""

    row: str
    entry: str  #: "level 2 block (contiguous)"
    verdict: str  #: "legal", "after-break": made where the former entry was broken and flushed, "violates"
    count: int
    runs: int
    schedules: Mapping[str, int]  #: runs
    powers: Mapping[str, int]  #: runs; "typical": with none


class Coverage:
    """Over all runs of an exploration."""

    def __init__(self, runs: Sequence[Observed], schedules: Sequence[str], powers: Sequence[str]) -> None:
        self.schedules = {name: 0 for name in dict.fromkeys(("default", *schedules))}  #: runs by schedule
        self.powers = {name: 0 for name in ("typical", *powers)}  #: runs by power of the TLB
        for run in runs:
            self.schedules[run.spec.schedule.name] += 1
            for power in run.spec.powers or ("typical",):
                self.powers[power] = self.powers.get(power, 0) + 1
        broken = Counter(s.key.rule for run in runs for s in run.sightings if s.key.kind == "violation")
        self.rules = {r["id"]: broken[r["id"]] for r in _core.rules()}  #: sightings by rule of the checker
        self.descriptor_writes = sum(run.checker["descriptor_writes"] for run in runs)
        self.fills = sum(run.checker["fills"] for run in runs)
        self.changes = _rows(runs)

    @property
    def unseen(self) -> list[str]:
        """In words, what no run had."""
        out = [f"no run under {name}" for name, n in (*self.schedules.items(), *self.powers.items()) if not n]
        rows = {c.row for c in self.changes}
        if not any(c.verdict == "after-break" for c in self.changes):
            out.append("no entry was broken, flushed and made anew")
        missing = [words for row, words in ROWS.items() if row not in rows]
        if missing:
            out.append(f"no live entry with a change of: {'; '.join(missing)}")
        for change in self.changes:
            absent = [name for name in self.schedules if self.schedules[name] and name not in change.schedules]
            absent += [name for name in self.powers if self.powers[name] and name not in change.powers]
            if absent:
                out.append(f"{change.row} of {change.entry}, {change.verdict}: not under {', '.join(absent)}")
        return out

    def lines(self) -> list[str]:
        """For people."""
        looked = f"{format_count(self.descriptor_writes)} writes of live descriptors, {format_count(self.fills)} TLB fills"
        rules = [name for name, n in self.rules.items() if n]
        quiet = [name for name, n in self.rules.items() if not n]
        width = max((len(f"{c.row} {c.entry}") for c in self.changes), default=0)
        return [
            f"coverage   {looked}",
            f"  schedules  {_tally(self.schedules)}",
            f"  TLB powers {_tally(self.powers)}",
            f"  broken     {', '.join(rules) or 'no rule'}",
            f"  unbroken   {', '.join(quiet) or 'no rule'}",
            "  changes of live entries, by what changed, what was there, and the verdict:",
            *(f"    {f'{c.row} {c.entry}':{width}}  {c.verdict:11}  {format_count(c.count):>9} in {c.runs} runs: {_tally(c.schedules)}" for c in self.changes),
            *(f"  not seen   {line}" for line in self.unseen),
        ]

    def to_dict(self) -> dict[str, Any]:
        return {
            "schedules": self.schedules,
            "powers": self.powers,
            "rules": self.rules,
            "descriptor_writes": self.descriptor_writes,
            "fills": self.fills,
            "changes": [{**asdict(c), "schedules": dict(c.schedules), "powers": dict(c.powers)} for c in self.changes],
            "unseen": self.unseen,
        }


def _rows(runs: Sequence[Observed]) -> list[Row]:
    count: Counter[tuple[str, str, str]] = Counter()
    seen: dict[tuple[str, str, str], list[Observed]] = {}
    for run in runs:
        for change in run.changes:
            key = (change.row, change.kind, change.verdict)
            count[key] += change.times
            of = seen.setdefault(key, [])
            if not of or of[-1] is not run:
                of.append(run)
    order = list(ROWS)
    return [
        Row(
            *key, count[key], len(seen[key]), dict(sorted(Counter(r.spec.schedule.name for r in seen[key]).items())),
            dict(sorted(Counter(p for r in seen[key] for p in r.spec.powers or ("typical",)).items())),
        )
        for key in sorted(seen, key=lambda k: (order.index(k[0]), k[1], k[2]))
    ]


def _tally(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {n}" for name, n in counts.items())
