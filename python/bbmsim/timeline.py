# SPDX-License-Identifier: Apache-2.0
"""What each core did when: spans and marks from the recorded events, bounded in number, for the record and reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from .events import MARKER_BEGIN, MARKER_END, EventKind, RawEvent, mask_of

#: waits, phases and what is rare: kept for the whole run
RARE = mask_of(
    {
        EventKind.WFE,
        EventKind.WFE_WAKE,
        EventKind.WFI,
        EventKind.WFI_WAKE,
        EventKind.SEV,
        EventKind.CONFLICT,
        EventKind.EXCEPTION,
        EventKind.PSCI,
        EventKind.MARKER,
        EventKind.INJECTED,
        EventKind.VIOLATION,
        EventKind.HAZARD,
    }
)
#: TLB maintenance: the first so many
FREQUENT = mask_of({EventKind.TLBI, EventKind.DVM, EventKind.DSB})
MOST_RARE = 200_000
MOST_FREQUENT = 40_000
MOST_FREQUENT_TRACED = 1_000_000
_WAITS = {EventKind.WFE: "wfe", EventKind.WFI: "wfi"}
_WAKES = {EventKind.WFE_WAKE: "wfe", EventKind.WFI_WAKE: "wfi"}
_MARKS = {
    EventKind.TLBI: "tlbi",
    EventKind.CONFLICT: "conflict",
    EventKind.EXCEPTION: "exception",
    EventKind.INJECTED: "injected",
    EventKind.VIOLATION: "violation",
    EventKind.HAZARD: "hazard",
    EventKind.SEV: "sev",
}
_MOST_PHASES = 500
_RESOLUTION = 2000  # spans of a core closer than the run's length divided by this become one


@dataclass(frozen=True)
class Recording:
    """The first events of some kinds, and how many more there were."""

    events: list[RawEvent]
    dropped: int


_KINDS = {kind.value: kind for kind in EventKind}


def recording(raw: tuple[Sequence[tuple[Any, ...]], int]) -> Recording:
    make = tuple.__new__  # as RawEvent._make, without a call in Python: there may be many
    return Recording([make(RawEvent, (_KINDS[e[0]], *e[1:])) for e in raw[0]], raw[1])


def build(
    rare: Recording, frequent: Recording, freq_mhz: list[float], phase_names: list[str], end_ps: int
) -> dict[str, Any]:
    """`spans`: core, kind (wfe, wfi, dsb, dvm), begin and end in ps; `marks`: core, kind, first, last, count.

    `maintenance_until_ps`: TLBIs, DVM messages and DSBs are complete up to there.
    """
    waited = [e for e in frequent.events if e.a or e.kind is not EventKind.DSB]
    events = sorted(rare.events + waited, key=attrgetter("time_ps"))
    open_waits: dict[tuple[int, str], int] = {}
    open_phases: dict[tuple[int, int], int] = {}
    spans: list[tuple[int, str, int, int]] = []
    phases: list[dict[str, Any]] = []
    marks: list[tuple[int, str, int]] = []
    for e in events:
        if e.core is None:
            continue
        cycle_ps = 1e6 / freq_mhz[e.core]
        if e.kind in _WAITS:
            open_waits.setdefault((e.core, _WAITS[e.kind]), e.time_ps)
        elif e.kind in _WAKES:
            begin = open_waits.pop((e.core, _WAKES[e.kind]), None)
            if begin is not None:
                spans.append((e.core, _WAKES[e.kind], begin, e.time_ps))
        elif e.kind is EventKind.DSB and e.a:
            spans.append((e.core, "dsb", max(0, e.time_ps - round(e.a * cycle_ps)), e.time_ps))
        elif e.kind is EventKind.DVM:
            spans.append((e.core, "dvm", e.time_ps, e.time_ps + round(e.b * cycle_ps)))
        elif e.kind is EventKind.MARKER and e.sub in (MARKER_BEGIN, MARKER_END) and e.a < len(phase_names):
            if e.sub == MARKER_BEGIN:
                open_phases.setdefault((e.core, e.a), e.time_ps)
            else:
                begin = open_phases.pop((e.core, e.a), None)
                if begin is not None:
                    phases.append({"core": e.core, "name": phase_names[e.a], "begin_ps": begin, "end_ps": e.time_ps})
        elif e.kind in _MARKS:
            marks.append((e.core, _MARKS[e.kind], e.time_ps))
    covered = max(map(attrgetter("time_ps"), rare.events), default=0) if rare.dropped else end_ps
    spans += [(core, kind, begin, covered) for (core, kind), begin in open_waits.items()]
    phases += [
        {"core": core, "name": phase_names[i], "begin_ps": begin, "end_ps": covered}
        for (core, i), begin in open_phases.items()
    ]
    phases.sort(key=lambda p: (p["begin_ps"], -p["end_ps"], p["core"], p["name"]))
    near = max(1, covered // _RESOLUTION)
    return {
        "end_ps": end_ps,
        "maintenance_until_ps": max(map(attrgetter("time_ps"), frequent.events), default=0) if frequent.dropped else end_ps,
        "phases": _merge_phases(phases, near)[:_MOST_PHASES],
        "spans": _merge_spans(spans, near),
        "marks": _merge_marks(marks, near),
    }


def _merge_phases(phases: list[dict[str, Any]], near: int) -> list[dict[str, Any]]:
    """Occurrences of one phase on one core that follow each other at once are drawn as one."""
    out: list[dict[str, Any]] = []
    latest: dict[tuple[int, str], dict[str, Any]] = {}
    for p in phases:
        before = latest.get((p["core"], p["name"]))
        if before is not None and p["begin_ps"] - before["end_ps"] <= near:
            before["end_ps"] = max(before["end_ps"], p["end_ps"])
            continue
        latest[p["core"], p["name"]] = p
        out.append(p)
    return out


def _merge_spans(spans: list[tuple[int, str, int, int]], near: int) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    latest: dict[tuple[int, str], dict[str, Any]] = {}
    for core, kind, begin, end in sorted(spans, key=lambda s: (s[2], s[3], s[0], s[1])):
        before = latest.get((core, kind))
        if before is not None and begin - before["end_ps"] <= near:
            before["end_ps"] = max(before["end_ps"], end)
            before["busy_ps"] += end - begin
            before["count"] += 1
            continue
        span = {"core": core, "kind": kind, "begin_ps": begin, "end_ps": end, "busy_ps": end - begin, "count": 1}
        latest[core, kind] = span
        out.append(span)
    return out


def _merge_marks(marks: list[tuple[int, str, int]], near: int) -> list[dict[str, Any]]:
    out: list[dict[str, Any]] = []
    latest: dict[tuple[int, str], dict[str, Any]] = {}
    for core, kind, time_ps in sorted(marks, key=lambda m: (m[2], m[0], m[1])):
        before = latest.get((core, kind))
        if before is not None and time_ps - before["first_ps"] <= near:
            before["last_ps"] = time_ps
            before["count"] += 1
            continue
        mark = {"core": core, "kind": kind, "first_ps": time_ps, "last_ps": time_ps, "count": 1}
        latest[core, kind] = mark
        out.append(mark)
    return out
