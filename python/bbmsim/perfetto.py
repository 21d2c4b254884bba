# SPDX-License-Identifier: Apache-2.0
"""A run as a trace for ui.perfetto.dev: the JSON trace event format, one process, two tracks a core (phases, and what
the core waited for), flows from each TLBI to its receipts. With a profile a third track, the functions that samples met,
and a counter of TLB misses.
"""

from __future__ import annotations

import json
from typing import Any

from .events import EventKind, RawEvent
from .profile import Profile
from .timeline import Recording

_SPANS = {EventKind.WFE: "WFE", EventKind.WFI: "WFI"}
_ENDS = {EventKind.WFE_WAKE: "WFE", EventKind.WFI_WAKE: "WFI"}
_INSTANTS = {
    EventKind.CONFLICT: "TLB conflict",
    EventKind.INJECTED: "injected",
    EventKind.EXCEPTION: "exception",
    EventKind.PSCI: "PSCI",
    EventKind.VIOLATION: "violation",
    EventKind.HAZARD: "hazard",
    EventKind.SEV: "SEV",
}


class _Trace:
    def __init__(self, record: dict[str, Any]) -> None:
        self.out: list[dict[str, Any]] = []
        self.cycle_us = [1.0 / c["freq_mhz"] for c in record["board"]["cores"]]
        self.meta("process_name", 0, record["workload"]["name"], process=True)
        for i, c in enumerate(record["cores"]):
            self.meta("thread_name", _phases_track(i), f"core {i} {c['name']}: phases")
            self.meta("thread_name", _track(i), f"core {i}: waits, TLB maintenance")
            self.meta("thread_sort_index", _phases_track(i), 2 * i)
            self.meta("thread_sort_index", _track(i), 2 * i + 1)

    def meta(self, what: str, tid: int, value: str | int, process: bool = False) -> None:
        key = "sort_index" if what.endswith("index") else "name"
        self.out.append({"ph": "M", "pid": 1, **({} if process else {"tid": tid}), "name": what, "args": {key: value}})

    def functions(self, profile: Profile) -> None:
        """Samples in a row that met the same function are one slice."""
        for i in range(len(self.cycle_us)):
            self.meta("thread_name", _functions_track(i), f"core {i}: functions, sampled")
            self.meta("thread_sort_index", _functions_track(i), 2 * i + 1)
        running: dict[int, tuple[str, float, float]] = {}  # function, from, to
        for s in profile.samples:
            end = _us(s.time_ps)
            begin = end - s.cycles * self.cycle_us[s.core]
            name, since, until = running.get(s.core, ("", 0.0, 0.0))
            if name != s.function or begin > until + 1e-3:
                self.slice(s.core, name, since, until)
                name, since = s.function, max(0.0, begin)
            running[s.core] = (name, since, end)
            if s.walks or s.cycles > profile.interval_cycles // 2:
                rate = 1000 * s.walks / max(1, s.cycles)
                self.out.append(
                    {"ph": "C", "pid": 1, "name": f"core {s.core}: TLB misses per 1000 cycles", "ts": round(max(0.0, begin), 6), "args": {"misses": round(rate, 3)}}
                )
        for core_index, (name, since, until) in running.items():
            self.slice(core_index, name, since, until)

    def slice(self, core: int, name: str, since: float, until: float) -> None:
        if name:
            self.out.append(
                {"ph": "X", "pid": 1, "tid": _functions_track(core), "name": name, "ts": round(since, 6), "dur": round(until - since, 6)}
            )

    def complete(self, core: int, name: str, ts: float, dur: float, **args: Any) -> None:
        self.out.append({"ph": "X", "pid": 1, "tid": _track(core), "name": name, "ts": ts, "dur": dur, "args": args})


def _phases_track(core: int) -> int:
    return 2 * core + 1


def _functions_track(core: int) -> int:
    return 1000 + core


def _track(core: int) -> int:
    return 2 * core + 2


def _us(ps: float) -> float:
    return round(ps / 1e6, 6)


def trace_json(record: dict[str, Any], rare: Recording, frequent: Recording, profile: Profile | None = None) -> str:
    """The whole file's text. Times are simulated microseconds."""
    trace = _Trace(record)
    waiting: dict[tuple[int, str], int] = {}
    sent: dict[int, list[int]] = {}  # issuer -> flow numbers of its TLBIs, newest last
    flows = 0
    for e in sorted(rare.events + frequent.events, key=lambda e: e.time_ps):
        if e.core is None:
            continue
        if e.kind in _SPANS:
            waiting.setdefault((e.core, _SPANS[e.kind]), e.time_ps)
        elif e.kind in _ENDS:
            begin = waiting.pop((e.core, _ENDS[e.kind]), None)
            if begin is not None:
                trace.complete(e.core, _ENDS[e.kind], _us(begin), _us(e.time_ps - begin))
        elif e.kind is EventKind.DSB:
            if e.a:
                stall = e.a * trace.cycle_us[e.core]
                trace.complete(e.core, "DSB", round(max(0.0, _us(e.time_ps) - stall), 6), round(stall, 6), cycles=e.a)
        elif e.kind is EventKind.TLBI:
            trace.complete(e.core, "TLBI", _us(e.time_ps), 0.001, pc=hex(e.pc), operand=hex(e.a), broadcast=bool(e.b & 1))
            if e.b & 1:
                flows += 1
                sent.setdefault(e.core, []).append(flows)
                trace.out.append(_flow("s", flows, e.core, e.time_ps))
        elif e.kind is EventKind.DVM:
            length = max(0.001, e.b * trace.cycle_us[e.core])
            trace.complete(e.core, "DVM", _us(e.time_ps), round(length, 6), issuer=e.a)
            if sent.get(e.a):
                trace.out.append(_flow("f", sent[e.a][-1], e.core, e.time_ps))
        elif e.kind in _INSTANTS:
            name = _INSTANTS[e.kind]
            if e.kind is EventKind.INJECTED:
                name = f"{name} {record['injected'][e.a]['kind']}"
            trace.out.append(_instant(e, name))
    end_ps = record["simulated_ps"]
    for (core, name), begin in waiting.items():
        trace.complete(core, name, _us(begin), _us(end_ps - begin))
    for p in record["timeline"]["phases"]:
        length = _us(p["end_ps"] - p["begin_ps"])
        trace.out.append(
            {"ph": "X", "pid": 1, "tid": _phases_track(p["core"]), "name": p["name"], "ts": _us(p["begin_ps"]), "dur": length}
        )
    if profile is not None:
        trace.functions(profile)
    other = {"schema": "bbmsim.trace/1", "dropped_events": rare.dropped + frequent.dropped}
    return json.dumps({"displayTimeUnit": "ns", "otherData": other, "traceEvents": trace.out}) + "\n"


def _flow(phase: str, number: int, core: int, time_ps: int) -> dict[str, Any]:
    out = {"ph": phase, "pid": 1, "tid": _track(core), "name": "DVM", "cat": "dvm", "id": number, "ts": _us(time_ps)}
    return {**out, "bp": "e"} if phase == "f" else out


def _instant(e: RawEvent, name: str) -> dict[str, Any]:
    assert e.core is not None
    args = {"pc": hex(e.pc), "va": hex(e.va), "a": hex(e.a), "b": hex(e.b)}
    return {"ph": "i", "s": "t", "pid": 1, "tid": _track(e.core), "name": name, "ts": _us(e.time_ps), "args": args}
