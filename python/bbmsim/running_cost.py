# SPDX-License-Identifier: Apache-2.0
"""What using the linear map costs before and after a repaint (`--set after=chase|stream|both`), beside the repaint's own cost.

All of it comes of the phases and results that the guest reports (workloads/bare/measure/chase.h), so a saved record
has it too. The phases are each core's own.
"""

from __future__ import annotations

from dataclasses import dataclass

from .result import Phase, PhaseCore, Result

KINDS = {"chase": "one load in each 4 KiB, each waiting for the one before", "stream": "a load of each 64 bytes, in order"}


@dataclass(frozen=True)
class Use:
    """One core's use of the map, before and after."""

    kind: str  #: "chase" or "stream"
    core: int
    name: str
    freq_mhz: float
    loads: int  #: in each phase
    before: PhaseCore
    after: PhaseCore
    once_ps: int | None  #: duration of the repaint; None: there was none

    def cycles(self, phase: PhaseCore) -> float:
        """Cycles per load."""
        return phase.total_cycles / self.loads

    def walk_cycles(self, phase: PhaseCore) -> float:
        """Of them, those of L2 TLB hits and walks."""
        return phase.cycles["walk"] / self.loads

    @property
    def slower(self) -> float:
        """Part by which a load has become slower: 0.25 is 25 %; negative: faster."""
        return self.cycles(self.after) / self.cycles(self.before) - 1

    @property
    def break_even_ps(self) -> float | None:
        """Time of such loads after which the slow-down has cost this core as much as the repaint; None: never."""
        lost = self.cycles(self.after) - self.cycles(self.before)
        if self.once_ps is None or lost <= 0:
            return None
        return self.once_ps / lost * self.cycles(self.after)


def uses(result: Result) -> list[Use]:
    """By kind, then by core; empty if the run did not measure, or not to its end."""
    found = []
    repaint = result.phases.get("repaint")
    for kind in KINDS:
        loads = result.results.get(f"measure.{kind}", 0)
        before, after = (_own(result, f"{kind}-{when}") for when in ("before", "after"))
        for i, core in enumerate(result.record["board"]["cores"]):
            if loads and i in before and i in after:
                once = None if repaint is None else repaint.duration_ps
                found.append(Use(kind, i, core["name"], core["freq_mhz"], loads, before[i].cores[i], after[i].cores[i], once))
    return found


def _own(result: Result, name: str) -> dict[int, Phase]:
    """Each core's own phase of that name, if it came to its end; all but one have the core in their name."""
    phases = (phase for key, phase in result.phases.items() if key.split("@")[0] == name)
    return {phase.core: phase for phase in phases if phase.core is not None and phase.complete}
