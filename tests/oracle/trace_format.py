# SPDX-License-Identifier: Apache-2.0
"""Reads the trace format of docs/manual/traces.md, strictly enough for traces that the generator writes."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class PeConfig:
    bbml: int = 0
    conflict_free: bool = False
    asid_bits: int = 16


@dataclass(frozen=True, slots=True)
class Event:
    line: int
    pe: int  #: -1: the host or a device
    op: str
    name: str = ""  #: of a barrier, TLBI or register; of a write: "", "atomic" or "hardware"
    a: int = 0  #: address, operand or value
    b: int = 0  #: value written


@dataclass
class Trace:
    pes: dict[int, PeConfig] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


def parse(text: str) -> Trace:
    trace = Trace()
    for number, raw in enumerate(text.splitlines(), 1):
        words = raw.split("#")[0].split()
        if not words or words[0] in ("bbmsim-trace", "ram"):
            continue
        if words[0] == "pe":
            options = dict(w.split("=") for w in words[2:])
            bbml = int(options.get("bbml", "0"))
            free = bool(int(options.get("conflict_free", "0"))) or bbml >= 3
            trace.pes[int(words[1])] = PeConfig(bbml, free, int(options.get("asid_bits", "16")))
            continue
        pe = -1 if words[0] == "-" else int(words[0])
        op, rest = words[1], words[2:]
        if op == "write":
            how = next((w for w in rest[2:] if w in ("atomic", "hardware")), "")
            event = Event(number, pe, op, how, int(rest[0], 0), int(rest[1], 0))
        elif op == "dsb":
            event = Event(number, pe, op, rest[0])
        elif op in ("tlbi", "msr"):
            event = Event(number, pe, op, rest[0], int(rest[1], 0) if len(rest) > 1 else 0)
        elif op in ("read", "fetch", "load"):
            event = Event(number, pe, op, "", int(rest[0], 0))
        else:
            event = Event(number, pe, op)
        trace.events.append(event)
    return trace
