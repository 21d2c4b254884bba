# SPDX-License-Identifier: Apache-2.0
"""What the reference knows: of each PE, of each entry that it may hold, and what it found."""

from __future__ import annotations

from dataclasses import dataclass, field

from .tables import Context, Entry
from .trace_format import PeConfig


@dataclass(frozen=True)
class Write:
    """A descriptor write that took something out of the tables."""

    line: int
    pe: int
    pa: int
    value: int = 0

Places = set[tuple[int, int, int, int]]  #: walk-cache entries: level, table, ASID, number of what they map


@dataclass
class Held:
    """What is known of an entry that a PE may hold."""

    cause: Write | None = None  #: the write since which memory no longer leads to it; None: memory still does
    broken: bool = False  #: once gone, its address was seen unmapped in its context
    doomed: set[int] = field(default_factory=set)  #: incomplete TLBIs that will have removed it
    defects: set[str] = field(default_factory=set)  #: what was wrong with TLBIs meant for it
    maybe: set[str] = field(default_factory=set)  #: names that depend on whether a TLBI was meant for it
    reported: bool = False  #: a finding has been made about it: another one would be a repetition
    owed: list[Write] = field(default_factory=list)  #: legal replacements that owe a TLBI
    deferred: list[tuple[Write, frozenset[str]]] = field(default_factory=list)  #: violations once this PE, now off, comes back
    harmless: list[Write] = field(default_factory=list)  #: likewise, of what nothing can come


@dataclass
class Pe:
    number: int
    config: PeConfig
    on: bool = True
    awake: bool = True  #: on, and its MMU has been on since: what it holds matters
    registers: dict[str, int] = field(default_factory=dict)  #: in force
    written: dict[str, int] = field(default_factory=dict)  #: from the next synchronization on
    contexts: list[Context] = field(default_factory=list)
    held: dict[Entry, Held] = field(default_factory=dict)
    left: set[Context] = field(default_factory=set)  #: coarse only: left, and not flushed since
    fresh: set[int] = field(default_factory=set)  #: descriptors that it made valid since its last synchronization
    translated: dict[str, int] = field(default_factory=dict)  #: the registers that it last translated with
    unflushed: dict[int, set[Entry]] = field(default_factory=dict)  #: lines where cached fields changed, and what was held then
    flushes: list[tuple[int, int]] = field(default_factory=list)  #: VMALLs for it: number, line


@dataclass(frozen=True)
class Finding:
    line: int
    pa: int  #: descriptor, or root of the tables; -1: registers
    pe: int
    rules: frozenset[str]  #: all that are broken there
    repeated: bool  #: only about held entries that an earlier finding was about
    stores: frozenset[int] = frozenset()  #: lines of the stores that it is about, if it is made later than there
