# SPDX-License-Identifier: Apache-2.0
"""Where cycles went and TLB misses were, by function and call stack."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from .errors import ConfigError

DEFAULT_INTERVAL = 10_000
#: what a flame graph may show, in words
METRICS = {
    "cycles": "cycles, but for those in WFI or powered off",
    "tlb-misses": "TLB misses: table walks",
    "walk-cycles": "cycles of table walks",
}
#: frames below which a core does nothing
IDLE = ("[WFI]", "[off]")
_MOST_FUNCTIONS = 500


class Sample(NamedTuple):
    core: int
    time_ps: int
    cycles: int  #: since the core's last one
    walks: int  #: likewise
    function: str  #: the innermost


@dataclass(frozen=True)
class FunctionFigures:
    """One function on one core, without what it calls."""

    function: str
    core: int
    cycles: int
    tlb_misses: int
    walk_cycles: int


class Profile:
    """Cycles are sampled, waits and table walks are exact. Frames in brackets are no functions: [WFE], [WFI], [DSB] and
    [off] are waits, [user] is EL0, [no symbol] is code that the symbol table does not know.
    """

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.interval_cycles: int = raw["interval_cycles"]
        self.dropped_samples: int = raw["dropped_samples"]
        self._frames: list[str] = raw["frames"]
        self._nodes: list[tuple[int, int]] = raw["nodes"]
        self._cores: list[list[tuple[int, int, int, int]]] = raw["cores"]
        self._samples: list[tuple[int, int, int, int, int]] = raw["samples"]

    @property
    def samples(self) -> Iterator[Sample]:
        """In the order of each core's time; the first million."""
        for core, time_ps, cycles, walks, frame in self._samples:
            yield Sample(core, time_ps, cycles, walks, self._frames[frame])

    @cached_property
    def functions(self) -> list[FunctionFigures]:
        """Most cycles first."""
        sums: dict[tuple[int, int], list[int]] = {}
        for core, figures in enumerate(self._cores):
            for node, *values in figures:
                total = sums.setdefault((core, self._nodes[node][1]), [0, 0, 0])
                for i, value in enumerate(values):
                    total[i] += value
        out = [FunctionFigures(self._frames[frame], core, *values) for (core, frame), values in sums.items()]
        return sorted(out, key=lambda f: (-f.cycles, -f.tlb_misses, f.core, f.function))

    def stacks(self, metric: str = "cycles", core: int | None = None) -> dict[tuple[str, ...], int]:
        """Call stacks, outermost first, of all cores or one, with their own figure; those with none are left out."""
        if metric not in METRICS:
            raise ConfigError(f"metric={metric}: one of {', '.join(METRICS)}", "metric")
        if core is not None and not 0 <= core < len(self._cores):
            raise ConfigError(f"core={core}: the board has cores 0 to {len(self._cores) - 1}", "core")
        column = 1 + list(METRICS).index(metric)
        sums: dict[int, int] = {}
        for i, figures in enumerate(self._cores):
            if core in (None, i):
                for values in figures:
                    sums[values[0]] = sums.get(values[0], 0) + values[column]
        out: dict[tuple[str, ...], int] = {}
        for node, value in sums.items():
            stack = self._stack(node)
            if value and not (metric == "cycles" and stack and stack[-1] in IDLE):
                out[stack] = out.get(stack, 0) + value
        return dict(sorted(out.items()))

    def folded(self, metric: str = "cycles", core: int | None = None) -> str:
        """A line for each stack: frames with `;` between them, a space, the figure. What flame graph tools read."""
        return "".join(f"{';'.join(stack) or 'all'} {n}\n" for stack, n in self.stacks(metric, core).items())

    def _stack(self, node: int) -> tuple[str, ...]:
        out = []
        while node:
            node, frame = self._nodes[node]
            out.append(self._frames[frame])
        return tuple(reversed(out))

    def to_record(self) -> dict[str, Any]:
        """The record's `profile`: functions by core, those with most cycles or TLB misses."""
        by_misses = sorted(self.functions, key=lambda f: (-f.tlb_misses, f.core, f.function))[:_MOST_FUNCTIONS]
        chosen = set(self.functions[:_MOST_FUNCTIONS]) | set(by_misses)
        return {
            "interval_cycles": self.interval_cycles,
            "functions": [vars(f) for f in self.functions if f in chosen],
        }
