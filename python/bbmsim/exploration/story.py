# SPDX-License-Identifier: Apache-2.0
"""How a finding came about: its shortest run again up to there, with the events around it as lines of text."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from ..descriptors import describe_descriptor
from ..events import EventKind, RawEvent
from ..findings import Violation
from ..simulation import Simulation
from ..units import address, format_time
from .exploration import Exploration, Found
from .plan import RunSpec, Subject

_KINDS = {
    EventKind.DESCRIPTOR_WRITE, EventKind.TLBI, EventKind.DSB, EventKind.FILL, EventKind.CONFLICT, EventKind.VIOLATION, EventKind.HAZARD,
}
_BEFORE_PS = 200_000_000  # this much earlier than what is told first
_FURTHEST_PS = 2_000_000_000
_MOST_EVENTS = 100_000
_MOST_LINES = 16
_STRUCTURES = ("L1I TLB", "L1D TLB", "L2 TLB", "walk cache")
_VA_BITS = (1 << 44) - 1  # of a TLBI's operand, in pages


def add_stories(exploration: Exploration, jobs: int, say: Callable[[str], None]) -> None:
    """Gives each finding its time line. Ctrl-C leaves the rest without."""
    by_run: dict[RunSpec, list[int]] = {}
    for i, found in enumerate(exploration.findings):
        if found.kind != "outcome":
            by_run.setdefault(found.spec, []).append(i)
    tasks = iter(list(by_run.items()))
    subject, findings = exploration.subject, exploration.findings
    from .pool import Pool  # brings multiprocessing

    pool: Pool[tuple[RunSpec, list[int]], list[tuple[str, ...]]] = Pool(
        lambda task: tell(subject, task[0], [findings[i] for i in task[1]]), jobs, say
    )
    told: dict[int, tuple[str, ...]] = {}
    try:
        for (_, indices), lines in pool.results(lambda: next(tasks, None)):
            told.update(zip(indices, lines or ()))
    except KeyboardInterrupt:
        exploration.interrupted = True
    finally:
        pool.close()
    exploration.findings = [dataclasses.replace(f, timeline=told.get(i, ())) for i, f in enumerate(findings)]


def tell(subject: Subject, spec: RunSpec, found: Sequence[Found]) -> list[tuple[str, ...]]:
    """A time line for each finding of that run."""
    sim = subject.simulation(spec)
    begin = max(0, min(f.time_ps for f in found) - _FURTHEST_PS, min(map(_told_first, found)) - _BEFORE_PS)
    if begin:
        sim.step(begin)
    events = sim.keep_events(_KINDS, _MOST_EVENTS)
    sim.step(max(1, max(f.time_ps for f in found) - sim.now_ps) + 1_000_000)
    kept = events()  # in the order in which memory saw them
    return [tuple(_lines(sim, f, kept)) for f in found]


def _told_first(found: Found) -> int:
    """When the story begins: with the fill of what is held, if that is known."""
    holders = found.finding.holders if isinstance(found.finding, Violation) else ()
    return min([found.time_ps, *(h.filled_ps for h in holders if h.holds)])


def _lines(sim: Simulation, found: Found, events: Sequence[RawEvent]) -> list[str]:
    finding = found.finding
    core, descriptor, (low, high) = found.core, found.descriptor_pa, found.va
    level = finding.level if isinstance(finding, Violation) else 2  # walk-cache entries above it are of no interest
    if isinstance(finding, Violation):  # of several ranges, that of the first
        written = next((e for e in events if e.kind is EventKind.DESCRIPTOR_WRITE and e.pa == descriptor and e.time_ps >= found.time_ps), None)
        if written is not None:
            low, high = written.va, min(high, written.va + _span(written.level))
    relevant: list[RawEvent] = []
    maintains: set[int | None] = {core}  # cores whose barriers and TLBIs are part of it
    for e in events:
        if e.time_ps > found.time_ps:
            continue
        if e.kind is EventKind.DESCRIPTOR_WRITE:
            taken = e.pa == descriptor or (e.va < high and low < e.va + _span(e.level))
            if taken:
                maintains.add(e.core)
        elif e.kind is EventKind.FILL:
            taken = e.level >= level and e.va < high and low < e.va + max(1, e.a)
        elif e.kind is EventKind.TLBI:
            taken = e.core in maintains and bool(relevant) and _may_cover(e, low, high)
        elif e.kind is EventKind.DSB:
            taken = bool(relevant) and relevant[-1].core == e.core and relevant[-1].kind in (EventKind.DESCRIPTOR_WRITE, EventKind.TLBI)
        else:
            taken = e.time_ps == found.time_ps if e.kind in (EventKind.VIOLATION, EventKind.HAZARD) else low <= e.va < high
        if taken:
            relevant.append(e)
    end = max((i for i, e in enumerate(relevant) if e.time_ps == found.time_ps), default=len(relevant) - 1)
    relevant = _without_repetition(relevant[: end + 1])
    left_out = max(0, len(relevant) - _MOST_LINES)
    lines = [f"({left_out} earlier events of these are left out)"] if left_out else []
    return lines + [_line(sim, e, found.time_ps) for e in relevant[left_out:]]


def _without_repetition(events: Sequence[RawEvent]) -> list[RawEvent]:
    """Of the fills of one core between other events, the last of each level: that is what it holds."""
    last: dict[tuple[int | None, int], int] = {}
    out: list[RawEvent | None] = list(events)
    for i, e in enumerate(events):
        if e.kind is not EventKind.FILL:
            last = {key: at for key, at in last.items() if key[0] != e.core}
            continue
        before = last.get((e.core, e.level))
        if before is not None:
            out[before] = None
        last[e.core, e.level] = i
    return [e for e in out if e is not None]


def _span(level: int) -> int:
    """Of a descriptor of the smallest granule: at least so much is concerned."""
    return 1 << (12 + 9 * (3 - min(level, 3)))


def _may_cover(tlbi: RawEvent, low: int, high: int) -> bool:
    """By address, or of everything: an operand that names a page elsewhere does not count."""
    page = (tlbi.a & _VA_BITS) << 12
    mask = (_VA_BITS << 12) | 0xFFF
    return not tlbi.a or bool(tlbi.b & 4) or (low & mask) <= page < max((high - 1) & mask, (low & mask)) + 1


def _line(sim: Simulation, e: RawEvent, now_ps: int) -> str:
    when = "now" if e.time_ps == now_ps else f"-{format_time(now_ps - e.time_ps)}"
    who = "device" if e.core is None else f"core {e.core}"
    return f"{when:>9}  {who}  {_words(e)}{_place(sim, e)}"


def _place(sim: Simulation, e: RawEvent) -> str:
    return f"  at {sim.symbolize(e.pc)}" if e.pc and e.kind not in (EventKind.VIOLATION, EventKind.HAZARD) else ""


def _words(e: RawEvent) -> str:
    if e.kind is EventKind.DESCRIPTOR_WRITE:
        change = f"{describe_descriptor(e.a, e.level).split(',')[0]} -> {describe_descriptor(e.b, e.level).split(',')[0]}"
        return f"writes the level {e.level} descriptor of {address(e.va)}: {change}"
    if e.kind is EventKind.TLBI:
        return f"TLBI, {'broadcast' if e.b & 1 else 'local'}" + (f", operand {e.a:#x}" if e.a else "")
    if e.kind is EventKind.FILL:
        structure = _STRUCTURES[e.b] if e.b < len(_STRUCTURES) else "TLB"
        return f"fills its {structure}: {address(e.va)}, level {e.level}"
    words: dict[EventKind, Any] = {
        EventKind.DSB: "DSB completes",
        EventKind.CONFLICT: f"{e.a} translations of {address(e.va)} match",
        EventKind.VIOLATION: "breaks a rule",
        EventKind.HAZARD: "is answered by a translation that should not be",
    }
    return str(words[e.kind])
