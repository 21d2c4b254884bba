# SPDX-License-Identifier: Apache-2.0
"""What an exploration has looked at, and what it has not seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .. import _core
from ..units import format_count
from .observe import Observed


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

    @property
    def unseen(self) -> list[str]:
        """In words, what no run had."""
        return [f"no run under {name}" for name, n in (*self.schedules.items(), *self.powers.items()) if not n]

    def lines(self) -> list[str]:
        """For people."""
        looked = f"{format_count(self.descriptor_writes)} writes of live descriptors, {format_count(self.fills)} TLB fills"
        rules = [name for name, n in self.rules.items() if n]
        return [
            f"coverage   {looked}",
            f"  schedules  {', '.join(f'{name} {n}' for name, n in self.schedules.items())}",
            f"  TLB powers {', '.join(f'{name} {n}' for name, n in self.powers.items())}",
            f"  rules      broken: {', '.join(rules) or 'none'}; not: {len(self.rules) - len(rules)} of {len(self.rules)}",
            *(f"  not seen   {line}" for line in self.unseen),
        ]

    def to_dict(self) -> dict[str, Any]:
        return {
            "schedules": self.schedules,
            "powers": self.powers,
            "rules": self.rules,
            "descriptor_writes": self.descriptor_writes,
            "fills": self.fills,
            "unseen": self.unseen,
        }
