# SPDX-License-Identifier: Apache-2.0
"""What the checker reports. Violations (the protocol) and hazards (its effect) are never mixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import rules
from .descriptors import describe_descriptor
from .units import address, format_count, format_time


@dataclass(frozen=True)
class Holder:
    """A core for which a finding matters."""

    core: int
    bbml: int
    reaches: bool  #: through a base register in force
    may_hold: bool  #: left the table without a covering TLBI
    holds: bool  #: its modelled TLBs have the entry
    filled_ps: int  #: when the held entry was filled

    def __str__(self) -> str:
        how = [
            words
            for given, words in (
                (self.holds, f"holds the old entry, filled at {format_time(self.filled_ps)}"),
                (self.reaches, "reaches the table"),
                (self.may_hold and not self.holds, "may hold the old entry"),
            )
            if given
        ]
        return f"core {self.core} (BBM level {self.bbml}): {', '.join(how) or 'affected'}"


@dataclass(frozen=True)
class Violation:
    """A rule of break-before-make that a write, barrier or TLBI broke. Equal ones (rule, core, pc) are one."""

    rule: str  #: "BBM-SIZE"
    arm_rule: str  #: "R_WHZWS"
    severity: str
    core: int | None  #: the writer; None: not a core
    pc: int
    symbol: str
    instruction: str | None
    va: tuple[int, int]  #: [first, last)
    level: int
    old: int
    new: int
    descriptor_pa: int
    first_ps: int
    last_ps: int
    count: int
    holders: tuple[Holder, ...]
    text: str
    source: str | None = None  #: file and line, where known

    @property
    def explanation(self) -> str:
        return self.text

    def lines(self) -> list[str]:
        """For people: a heading, then facts."""
        times = f", {format_count(self.count)} times" if self.count > 1 else ""
        where = "" if self.core is None else f" at {self.symbol}"
        out = [f"{self.rule} ({self.arm_rule}): {_core(self.core)}{where}{times}"]
        if self.instruction:
            out.append(f"  instruction  {self.instruction}   (pc {address(self.pc)})")
        if self.source:
            out.append(f"  source       {self.source}")
        out.append(f"  VA range     {address(self.va[0])} to {address(self.va[1])}, level {self.level}")
        values = rules.load()[self.rule].values
        for when, value in (("old", self.old), ("new", self.new)):
            plain = f"tables at {address(value)}" if values == "tables" else address(value)
            out.append(f"  {when}          {describe_descriptor(value, self.level) if values == 'descriptor' else plain}")
        where = f"descriptor   at {address(self.descriptor_pa)}, first" if values == "descriptor" else "first       "
        out.append(f"  {where} at {format_time(self.first_ps)}")
        out += [f"  matters for  {holder}" for holder in self.holders]
        out.append(f"  {self.text}")
        return out

    def __str__(self) -> str:
        return "\n".join(self.lines())


@dataclass(frozen=True)
class Hazard:
    """An access that a conflicting or stale translation answered, or a store that undid what hardware had set."""

    kind: str  #: of hazards.HAZARDS
    core: int | None
    pc: int
    symbol: str
    instruction: str | None
    va: tuple[int, int]
    descriptor_pa: int
    entry_value: int  #: the descriptor from which the used entry was made, or as hardware had left it
    memory_value: int  #: what memory holds
    first_ps: int
    count: int
    violation: int | None  #: index of the violation that let it in
    behaviour: str
    text: str
    source: str | None = None  #: file and line, where known

    def lines(self) -> list[str]:
        times = f", {format_count(self.count)} times" if self.count > 1 else ""
        out = [f"{self.kind}: {_core(self.core)} at {self.symbol}{times}: {self.behaviour}"]
        if self.instruction:
            out.append(f"  instruction  {self.instruction}   (pc {address(self.pc)})")
        if self.source:
            out.append(f"  source       {self.source}")
        out.append(f"  VA range     {address(self.va[0])} to {address(self.va[1])}, first at {format_time(self.first_ps)}")
        out.append(f"  entry from   {address(self.entry_value)}; memory holds {address(self.memory_value)}")
        if self.violation is not None:
            out.append(f"  let in by    violation {self.violation + 1}")
        out.append(f"  {self.text}")
        return out

    def __str__(self) -> str:
        return "\n".join(self.lines())


@dataclass(frozen=True)
class Note:
    """Worth knowing, and no finding."""

    core: int | None
    pc: int
    symbol: str
    va: int
    count: int
    text: str
    source: str | None = None  #: file and line, where known

    def __str__(self) -> str:
        where = f" at {self.symbol}" if self.symbol else ""
        where += f" ({self.source})" if self.source else ""
        times = f" ({format_count(self.count)} times)" if self.count > 1 else ""
        return f"{_core(self.core)}{where}: {self.text}{times}"


def _core(core: int | None) -> str:
    return "a device or the host" if core is None else f"core {core}"


def violation(values: Mapping[str, Any]) -> Violation:
    fields: dict[str, Any] = {**values, "va": tuple(values["va"])}
    fields["holders"] = tuple(Holder(**holder) for holder in values["holders"])
    return Violation(**fields)


def hazard(values: Mapping[str, Any]) -> Hazard:
    fields: dict[str, Any] = {**values, "va": tuple(values["va"])}
    return Hazard(**fields)


def note(values: Mapping[str, Any]) -> Note:
    return Note(**values)
