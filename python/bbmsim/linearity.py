# SPDX-License-Identifier: Apache-2.0
"""Is cost a straight line over memory? For each curve how far it is from one, and if too far, which cause bends it where.

The line goes through the sizes from 1 GiB on, by least squares of relative errors, with one weight for all causes of a
run: so the distances of the causes from their own lines add up to the whole's, and the cause with the largest part of
it is the reason. Counts (tables, writes, TLBIs, misses) say whether more was done or the same cost more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .extrapolation import groups, size_and_cores
from .result import CAUSES
from .units import format_count, format_size

Floats = NDArray[np.float64]

FROM_GIB = 1.0  #: below it fixed costs bend every curve
_SLIGHT = 0.1  # of what changed most: less is not told
LIMIT = 0.02  #: of the line: what still counts as straight
#: what is counted in a row: the unit in which a cause's cycles are spent
COUNTS = {
    "table_pages": "new tables", "descriptor_writes": "live writes", "tlbis": "TLBIs", "boot_core_walks": "walks",
    "boot_core_l1d_cache_misses": "L1D misses", "boot_core_l2_cache_misses": "L2 misses",
    "boot_core_l3_cache_misses": "L3 misses", "boot_core_line_transfers": "lines of other cores",
}  # fmt: skip


@dataclass(frozen=True)
class Straightness:
    """Of one curve over memory."""

    name: str  #: "set.strategy=merged, cores=...": the columns that it is one of
    deviation: float  #: the largest distance from the line, of the line
    at_gib: float  #: where that is
    reason: str  #: "" if it is straight

    @property
    def straight(self) -> bool:
        return self.deviation <= LIMIT

    def __str__(self) -> str:
        where = f"{self.deviation * 100:.2f} % off a straight line at {_size(self.at_gib)}"
        return f"{self.name}: {where}{f': {self.reason}' if self.reason else ''}"


def linearity(frame: pd.DataFrame, phase: str, *, by: Sequence[str]) -> list[Straightness]:
    """One for each group of rows equal in the columns `by` that has three sizes or more from 1 GiB on; else none of it.

    `frame` is of compare() or sweep(): PHASE_us, boot_core_CAUSE, and what of COUNTS it has. Rows of one size (seeds)
    count by their mean.
    """
    metric = f"{phase}_us"
    if metric not in frame:
        return []
    rows = frame[frame[metric].notna() & (frame[metric] > 0)].copy()
    rows["_gib"] = size_and_cores(rows)["gib"]
    rows = rows[rows["_gib"] >= FROM_GIB]
    out = []
    for values, group in groups(rows, by):
        numbers = group.select_dtypes("number").columns
        mean = group[numbers].groupby("_gib").mean().sort_index()
        if len(mean) < 3:
            continue
        name = ", ".join(f"{k}={v}" for k, v in zip(by, values)) or "all runs"
        out.append(_judge(name, mean, metric))
    return out


def _judge(name: str, mean: pd.DataFrame, metric: str) -> Straightness:
    gib = mean.index.to_numpy(float)
    time = mean[metric].to_numpy(float)
    line = _line(gib, time, 1.0 / time)
    off = np.abs(time - line) / line
    worst = int(off.argmax())
    deviation = float(off[worst])
    reason = _reason(gib, mean, time, worst) if deviation > LIMIT else ""
    return Straightness(name, deviation, float(gib[worst]), reason)


def _reason(gib: Floats, mean: pd.DataFrame, time: Floats, worst: int) -> str:
    """Which cause of the boot core is off the line in the same direction and most, and how its cost changes."""
    columns = {cause: mean[f"boot_core_{cause}"].to_numpy(float) for cause in CAUSES if f"boot_core_{cause}" in mean}
    if not columns:
        return "no causes are known"
    whole = sum(columns.values(), np.zeros_like(gib))
    distance = {cause: float((y - _line(gib, y, 1.0 / time))[worst]) for cause, y in columns.items()}
    total = float((whole - _line(gib, whole, 1.0 / time))[worst])
    cause = max(distance, key=lambda c: distance[c] if total > 0 else -distance[c])
    share = distance[cause] / total if total else 0.0
    y = columns[cause]
    slopes = np.diff(y) / np.diff(gib)
    bend = int(np.abs(np.diff(slopes)).argmax()) + 1  # between the two slopes that differ most
    change = f"{format_count(slopes[bend - 1])} cycles a GiB up to {_size(gib[bend])}, {format_count(slopes[bend])} beyond"
    return f"{cause} bends ({share * 100:.0f} % of it): {change}; {_counts(gib, mean, bend)}"


def _counts(gib: Floats, mean: pd.DataFrame, bend: int) -> str:
    """What was done more or less often beyond the bend, by GiB."""
    changed: list[tuple[float, str]] = []
    known = [key for key in COUNTS if key in mean]
    for key in known:
        slopes = np.diff(mean[key].to_numpy(float)) / np.diff(gib)
        before, after = float(slopes[bend - 1]), float(slopes[bend])
        size = max(abs(before), abs(after))
        if size >= 0.5 and abs(after - before) > LIMIT * size:  # not what happens once
            changed.append((abs(after - before), f"{COUNTS[key]} ({format_count(before)} a GiB, then {format_count(after)})"))
    if changed:
        most = max(change for change, _ in changed)
        return "with it " + ", ".join(text for change, text in sorted(changed, reverse=True) if change > _SLIGHT * most)
    return f"as many {', '.join(COUNTS[k] for k in known)} a GiB as before, so each costs another time" if known else "nothing was counted"


def _line(gib: Floats, y: Floats, weights: Floats) -> Floats:
    x = np.column_stack([np.ones_like(gib), gib / gib.max()]).astype(np.float64)
    solution, *_ = np.linalg.lstsq(x * weights[:, None], y * weights, rcond=None)
    return np.asarray(x @ solution, dtype=np.float64)


def _size(gib: float) -> str:
    return format_size(round(gib * 2**30))


def lines(found: Sequence[Straightness]) -> list[str]:
    """For people: one for all that are straight, one for each that is not."""
    straight = [s for s in found if s.straight]
    out = []
    if straight:
        worst = max(straight, key=lambda s: s.deviation)
        which = f"all {len(found)} curves" if len(straight) == len(found) > 1 else f"{len(straight)} of {len(found)} curves"
        out.append(f"linear in memory from {_size(FROM_GIB)} on, within {LIMIT * 100:g} %: {which}; the least straight: {worst}")
    out += [f"not linear in memory: {s}" for s in found if not s.straight]
    return out


