# SPDX-License-Identifier: Apache-2.0
"""The typed event stream: `for event in sim.events(Violation, PhaseEnd): ...`."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import NamedTuple, Union

from .findings import Hazard, Violation


class EventKind(enum.IntEnum):
    """The simulator's own kinds, with the values of EventKind in models/mmu/event.hpp."""

    DESCRIPTOR_WRITE = 0
    WALK = 1
    FILL = 2
    EVICT = 3
    TLBI = 4
    DVM = 5
    DSB = 6
    CONTEXT_SYNC = 7
    CONFLICT = 8
    EXCEPTION = 9
    EXCEPTION_RETURN = 10
    WFE = 11
    WFE_WAKE = 12
    WFI = 13
    WFI_WAKE = 14
    SEV = 15
    EXCLUSIVE = 16
    PSCI = 17
    CONSOLE = 18
    MARKER = 19
    PROBE = 20
    INJECTED = 21
    VIOLATION = 22
    HAZARD = 23
    INSTRUCTION = 24


class RawEvent(NamedTuple):
    """One event as the simulator emits it; what va, pa, level, a, b mean depends on the kind (event.hpp)."""

    kind: EventKind
    core: int | None
    level: int
    sub: int
    time_ps: int
    pc: int
    va: int
    pa: int
    a: int
    b: int


@dataclass(frozen=True)
class ConsoleLine:
    """A line that the guest wrote to its UART, without the line end."""

    text: str
    time_ps: int


@dataclass(frozen=True)
class PhaseBegin:
    name: str
    core: int | None
    time_ps: int


@dataclass(frozen=True)
class PhaseEnd:
    name: str
    core: int | None
    time_ps: int


@dataclass(frozen=True)
class ConflictEvent:
    """An access that matched several TLB entries."""

    core: int | None
    va: int
    pc: int
    time_ps: int
    matches: int


@dataclass(frozen=True)
class ExceptionEvent:
    core: int | None
    pc: int
    esr: int
    far: int
    target: int
    time_ps: int


@dataclass(frozen=True)
class InjectedEvent:
    """An injection fired."""

    id: int
    core: int | None
    va: int
    pc: int
    time_ps: int


@dataclass(frozen=True)
class TlbiEvent:
    core: int | None
    pc: int
    operand: int
    broadcast: bool
    range: bool
    time_ps: int


@dataclass(frozen=True)
class Progress:
    """The guest's own measure of how far it is."""

    done: int
    total: int
    time_ps: int


Event = Union[
    Violation, Hazard, ConsoleLine, PhaseBegin, PhaseEnd, ConflictEvent, ExceptionEvent, InjectedEvent, TlbiEvent, Progress
]

#: what each event type listens to
KINDS: dict[type, tuple[EventKind, ...]] = {
    Violation: (EventKind.VIOLATION,),
    Hazard: (EventKind.HAZARD,),
    ConsoleLine: (EventKind.CONSOLE,),
    PhaseBegin: (EventKind.MARKER,),
    PhaseEnd: (EventKind.MARKER,),
    Progress: (EventKind.MARKER,),
    ConflictEvent: (EventKind.CONFLICT,),
    ExceptionEvent: (EventKind.EXCEPTION,),
    InjectedEvent: (EventKind.INJECTED,),
    TlbiEvent: (EventKind.TLBI,),
}

MARKER_BEGIN, MARKER_END, MARKER_PROGRESS = 0, 1, 2


def mask_of(kinds: set[EventKind]) -> int:
    return sum(1 << kind for kind in kinds)
