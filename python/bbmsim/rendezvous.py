# SPDX-License-Identifier: Apache-2.0
"""Who met whom around a repaint: for each core when it was out of the kernel's map, when it counted itself in and was
released, and what it did meanwhile. From what sim/rendezvous_recorder.hpp kept while a phase "repaint", "park" or "kpti"
was open.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: what a core does, in the words of the record
ACTIVITIES = {
    "run": "runs",
    "spin": "spins: counted in, between two waits",
    "wfe": "waits in WFE",
    "flush": "TLBIs, and the DSB behind them",
    "off": "is off",
}
_MOST_SPANS = 160  # of a core, in the record


@dataclass(frozen=True)
class Span:
    kind: str  #: one of ACTIVITIES
    begin_ps: int
    end_ps: int


@dataclass(frozen=True)
class Meeting:
    counted_in_ps: int
    variable: int  #: physical address of what it counted in
    released_ps: int | None  #: the store that let it go on; None: it did not wait
    released_by: int | None  #: core


@dataclass(frozen=True)
class CoreThere:
    """A core at the rendezvous."""

    spans: tuple[Span, ...]  #: one behind the other; the shortest are left out where there are too many
    sums_ps: Mapping[str, int]  #: by activity, exactly; they add up to the windows
    out_of_map: tuple[tuple[int, int], ...]  #: TTBR1 led elsewhere: from, to
    meetings: tuple[Meeting, ...]
    more_meetings: int  #: beyond those


@dataclass(frozen=True)
class Rendezvous:
    windows: tuple[tuple[int, int], ...]  #: while one of the phases was open on any core
    cores: tuple[CoreThere, ...]

    @property
    def begin_ps(self) -> int:
        return self.windows[0][0]

    @property
    def end_ps(self) -> int:
        return self.windows[-1][1]


def rendezvous_of(data: Mapping[str, Any]) -> Rendezvous:
    """From the record's `rendezvous`."""
    return Rendezvous(
        tuple((w[0], w[1]) for w in data["windows"]),
        tuple(
            CoreThere(
                tuple(Span(*s) for s in c["spans"]), dict(c["sums_ps"]), tuple((o[0], o[1]) for o in c["out_of_map"]),
                tuple(Meeting(**m) for m in c["meetings"]), c["more_meetings"],
            )
            for c in data["cores"]
        ),
    )


def to_record(raw: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The record's `rendezvous`; spans as [kind, begin, end]."""
    if raw is None:
        return None
    windows = [(int(w[0]), int(w[1])) for w in raw["windows"]]
    home = _home(raw["cores"])
    return {"windows": [list(w) for w in windows], "cores": [_core(c, windows, home) for c in raw["cores"]]}


def _home(cores: Sequence[Mapping[str, Any]]) -> set[int]:
    """Roots of the kernel's map: what every core began with, and what all ended with if that is the same."""
    home = {c["roots"][0][1] for c in cores if c["roots"]}
    last = {c["roots"][-1][1] for c in cores if c["roots"]}
    return home | last if len(last) == 1 else home


def _core(raw: Mapping[str, Any], windows: Sequence[tuple[int, int]], home: set[int]) -> dict[str, Any]:
    spans: list[tuple[str, int, int]] = []
    for begin, end in windows:
        spans += _activities(raw, begin, end)
    sums = dict.fromkeys(ACTIVITIES, 0)
    for kind, begin, end in spans:
        sums[kind] += end - begin
    _correct(sums, raw)
    meetings = [
        {"counted_in_ps": at, "variable": pa, "released_ps": released or None, "released_by": by}
        for at, pa, released, by in raw["meetings"]
    ]
    return {
        "spans": [list(s) for s in _coarser(spans)], "sums_ps": sums, "out_of_map": _out(raw["roots"], home, windows[-1][1]),
        "meetings": meetings, "more_meetings": raw["more_meetings"],
    }


def _dense(span: Sequence[int]) -> bool:
    """Of spans that are too many the recorder makes fewer: drawn is what is mostly of its kind."""
    begin, end, busy, _ = span
    return 2 * busy >= end - begin


def _correct(sums: dict[str, int], raw: Mapping[str, Any]) -> None:
    """What such spans hold beside their kind, and those that are not drawn hold of it: the recorder's sums are exact."""
    for kind, name in (("off", "off"), ("wfe", "waits"), ("flush", "flushes")):
        for span in raw[name]:
            begin, end, busy, _ = span
            moved = end - begin - busy if _dense(span) else -busy
            moved = max(-sums["run"], min(sums[kind], moved))
            sums[kind] -= moved
            sums["run"] += moved


def _out(roots: Sequence[tuple[int, int]], home: set[int], end: int) -> list[list[int]]:
    out: list[list[int]] = []
    for (since, root), until in zip(roots, [*(t for t, _ in roots[1:]), end]):
        if root in home:
            continue
        if out and out[-1][1] == since:
            out[-1][1] = until
        else:
            out.append([since, until])
    return out


def _activities(raw: Mapping[str, Any], begin: int, end: int) -> list[tuple[str, int, int]]:
    """[begin, end) in spans. Where two overlap the first of off, wfe, flush, spin counts."""
    spins = []
    for counted, _, released, _ in raw["meetings"]:
        if released:
            spins.append((counted, next((w[1] for w in raw["waits"] if w[1] >= released), released)))
    layers = [("off", raw["off"]), ("wfe", raw["waits"]), ("flush", raw["flushes"]), ("spin", spins)]
    cuts = {begin, end}
    clipped: list[tuple[str, list[tuple[int, int]]]] = []
    for kind, found in layers:
        own = [(max(s[0], begin), min(s[1], end)) for s in found if s[0] < end and s[1] > begin and (len(s) == 2 or _dense(s))]
        clipped.append((kind, own))
        cuts.update(edge for span in own for edge in span)
    edges = sorted(cuts)
    kinds = ["run"] * (len(edges) - 1)
    index = {edge: i for i, edge in enumerate(edges)}
    for kind, own in reversed(clipped):
        for first, last in own:
            kinds[index[first] : index[last]] = [kind] * (index[last] - index[first])
    out: list[tuple[str, int, int]] = []
    for kind, first, last in zip(kinds, edges, edges[1:]):
        if out and out[-1][0] == kind:
            out[-1] = (kind, out[-1][1], last)
        else:
            out.append((kind, first, last))
    return out


def _coarser(spans: list[tuple[str, int, int]]) -> list[tuple[str, int, int]]:
    """At most so many: the shortest go into the one before them."""
    while len(spans) > _MOST_SPANS:
        shortest = sorted(end - begin for _, begin, end in spans)[len(spans) // 3]
        out: list[tuple[str, int, int]] = []
        for kind, begin, end in spans:
            joins = out and out[-1][2] == begin and (out[-1][0] == kind or end - begin <= shortest)
            if joins:
                out[-1] = (out[-1][0], out[-1][1], end)
            else:
                out.append((kind, begin, end))
        spans = out
    return spans
