# SPDX-License-Identifier: Apache-2.0
"""Looking into a simulation that stands still: registers, TLBs, memory, translation tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from . import _core
from .errors import ConfigError

T = TypeVar("T")


@dataclass(frozen=True)
class Registers:
    """The general-purpose registers of a PE, and where it is."""

    x: tuple[int, ...]  #: X0 to X30
    sp: int
    pc: int
    nzcv: int
    el: int
    daif: int
    cycles: int  #: local time in cycles of this core's clock
    instructions: int
    powered: bool


@dataclass(frozen=True)
class TlbEntry:
    """A TLB or walk-cache entry, and the descriptors that its walk read."""

    va: int
    bytes: int
    pa: int
    asid: int
    is_global: bool
    stale: bool  #: a descriptor of its origin has changed since
    table: bool  #: a walk-cache entry
    level: int
    contiguous: bool
    granule: str
    attributes: dict[str, Any]
    permissions: dict[str, bool]
    origin: tuple[tuple[int, int], ...]  #: physical address and value, root first
    filled_ps: int


@dataclass(frozen=True)
class Walk:
    """A walk of the tables as memory holds them."""

    fault: str | None
    level: int  #: of the fault or the final descriptor
    pa: int
    bytes: int  #: span of the final descriptor
    attributes: dict[str, Any]
    permissions: dict[str, bool]
    is_global: bool
    contiguous: bool
    steps: tuple[tuple[int, int, int], ...]  #: descriptor's physical address, value, level


class TlbView:
    """One structure of a core's MMU: "l1i", "l1d", "l2" or "walk"."""

    def __init__(self, session: _core.Session, core: int, which: str) -> None:
        if which not in ("l1i", "l1d", "l2", "walk"):
            raise ConfigError(f"tlb={which}: one of l1i, l1d, l2, walk", "tlb")
        self._session, self._core, self.which = session, core, which

    def entries(self) -> list[TlbEntry]:
        return [_built(TlbEntry, values, "origin") for values in self._session.tlb(self._core, self.which)]

    def __len__(self) -> int:
        return len(self._session.tlb(self._core, self.which))


class CoreView:
    """A PE of the simulation."""

    def __init__(self, session: _core.Session, index: int) -> None:
        self._session, self.index = session, index

    @property
    def regs(self) -> Registers:
        return _built(Registers, self._session.registers(self.index), "x")

    def sysreg(self, name: str) -> int:
        """A system register by its name in the Arm manual, such as "TTBR1_EL1"."""
        try:
            return self._session.sysreg(self.index, name)
        except ValueError as error:
            raise ConfigError(str(error), "sysreg") from None

    def tlb(self, which: str) -> TlbView:
        return TlbView(self._session, self.index, which)

    @property
    def stats(self) -> dict[str, Any]:
        """The counters of the record's `cores[]`, so far."""
        return self._session.core_stats(self.index)


class Memory:
    """Physical memory. Writes count as the host's, and live translation tables are checked as for any writer."""

    def __init__(self, session: _core.Session) -> None:
        self._session = session
        self.writes: list[tuple[int, int]] = []  #: address and bytes of every write() so far

    def read(self, pa: int, size: int) -> bytes:
        try:
            return self._session.read_memory(pa, size)
        except (IndexError, ValueError) as error:
            raise ConfigError(f"pa={pa:#x}: {error}", "pa") from None

    def write(self, pa: int, data: bytes) -> None:
        try:
            self._session.write_memory(pa, data)
            self.writes.append((pa, len(data)))
        except (IndexError, ValueError) as error:
            raise ConfigError(f"pa={pa:#x}: {error}", "pa") from None


def walk(session: _core.Session, core: int, va: int) -> Walk:
    try:
        values = session.walk(core, va)
    except IndexError as error:
        raise ConfigError(str(error), "core") from None
    return _built(Walk, values, "steps")


def _built(kind: type[T], values: dict[str, Any], sequence: str) -> T:
    return kind(**{**values, sequence: tuple(values[sequence])})
