# SPDX-License-Identifier: Apache-2.0
"""A time axis with long stretches in which nothing begins or ends left out, so that what lies around them can be seen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

_MOST_BREAKS = 4
_GAP = 0.09  # of the width, for each stretch that is left out
_MARGIN = 0.04  # of what surrounds a break, shown before and behind it


@dataclass(frozen=True)
class Break:
    begin_ps: int
    end_ps: int


@dataclass(frozen=True)
class Axis:
    """Time to [0, 1], straight between the breaks."""

    begin_ps: int
    end_ps: int
    breaks: tuple[Break, ...]

    def at(self, ps: int) -> float:
        shown = max(1, self.shown_ps)
        room = 1 - _GAP * len(self.breaks)
        ps = min(max(ps, self.begin_ps), self.end_ps)
        x = 0.0
        since = self.begin_ps
        for b in self.breaks:
            if ps <= b.begin_ps:
                break
            x += room * (b.begin_ps - since) / shown
            if ps < b.end_ps:
                return x + _GAP * (ps - b.begin_ps) / (b.end_ps - b.begin_ps)
            x += _GAP
            since = b.end_ps
        return x + room * (ps - since) / shown

    @property
    def shown_ps(self) -> int:
        return self.end_ps - self.begin_ps - sum(b.end_ps - b.begin_ps for b in self.breaks)

    def pieces(self) -> list[tuple[int, int]]:
        """What is drawn to scale."""
        edges = [self.begin_ps, *(e for b in self.breaks for e in (b.begin_ps, b.end_ps)), self.end_ps]
        return list(zip(edges[::2], edges[1::2]))

    def ticks_from(self, first: int, last: int) -> list[int]:
        """Behind `first` up to `last`, round distances from it, such that about eight fill the axis."""
        raw = max(1.0, self.shown_ps / 8)
        scale = 10 ** math.floor(math.log10(raw))
        step = max(1, next(int(m * scale) for m in (1, 2, 5, 10) if m * scale >= raw))
        return list(range(first + step, last + 1, step))


def broken_axis(begin_ps: int, end_ps: int, moments: Iterable[int]) -> Axis:
    """Between two of the moments a stretch is left out if it is longer than all that would be shown without it."""
    edges = sorted({begin_ps, end_ps, *(m for m in moments if begin_ps < m < end_ps)})
    gaps = sorted(pairwise(edges), key=lambda g: g[0] - g[1])
    left = end_ps - begin_ps
    chosen: list[tuple[int, int]] = []
    for first, last in gaps[:_MOST_BREAKS]:
        if last - first <= left - (last - first):
            break
        left -= last - first
        chosen.append((first, last))
    breaks = []
    for first, last in sorted(chosen):
        margin = min(int(left * _MARGIN) + 1, (last - first) // 4)
        if last - first > 2 * margin + 1:
            breaks.append(Break(first + margin, last - margin))
    return Axis(begin_ps, max(end_ps, begin_ps + 1), tuple(breaks))
