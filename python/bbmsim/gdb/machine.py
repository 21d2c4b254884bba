# SPDX-License-Identifier: Apache-2.0
"""The simulation as GDB sees it: registers by number, memory by VA or PA, points, threads. Knows no packets."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ConfigError
from ..simulation import Simulation
from .target_xml import FIRST_SYSTEM_REGISTER, SystemRegister, target_xml

SP, PC = 31, 32
_LAST = (1 << 64) - 1
_IN_FPU = ("FPSR", "FPCR")  # these have numbers of their own
MOST_POINTS = 1024


class Unmapped(Exception):
    """Memory that is not there."""


@dataclass(frozen=True)
class Point:
    """A breakpoint (kind 0, 1) or a watchpoint (2 write, 3 read, 4 access), as the packets Z0 to Z4 number them."""

    kind: int
    address: int
    size: int


class Machine:
    def __init__(self, sim: Simulation) -> None:
        self.sim = sim
        self.session = sim._session
        self.debugger = sim._session.debugger()
        self.names = [core.name for core in sim.board.cores]
        self.physical = False  #: addresses are PAs
        found: dict[int, SystemRegister] = {}
        self._has: list[set[int]] = []
        for core in range(len(self.names)):
            registers = [SystemRegister(*r) for r in self.debugger.system_registers(core)]
            found.update((r.encoding, r) for r in registers if r.readable and r.name not in _IN_FPU)
            self._has.append({r.encoding for r in registers})
        self.system = [found[encoding] for encoding in sorted(found)]
        self.xml = target_xml(self.system)
        self._points: list[Point] = []

    # --- registers

    def register(self, core: int, number: int) -> bytes | None:
        """Little endian; None: this core has no such register. Raises ValueError if none has."""
        if number < FIRST_SYSTEM_REGISTER:
            return self.debugger.read_register(core, number)
        register = self._system(number)
        if register.encoding not in self._has[core]:
            return None
        return self.debugger.read_system_register(core, register.encoding).to_bytes(8, "little")

    def set_register(self, core: int, number: int, data: bytes) -> bool:
        if number < FIRST_SYSTEM_REGISTER:
            self.debugger.write_register(core, number, data)
            return True
        register = self._system(number)
        if len(data) != 8 or not register.writable or register.encoding not in self._has[core]:
            return False
        return self.debugger.write_system_register(core, register.encoding, int.from_bytes(data, "little"))

    def all_registers(self, core: int) -> list[bytes]:
        return [self.debugger.read_register(core, n) for n in range(FIRST_SYSTEM_REGISTER)]

    def pc(self, core: int) -> int:
        return int.from_bytes(self.debugger.read_register(core, PC), "little")

    def _system(self, number: int) -> SystemRegister:
        if not 0 <= number - FIRST_SYSTEM_REGISTER < len(self.system):
            raise ValueError(f"register {number}")
        return self.system[number - FIRST_SYSTEM_REGISTER]

    # --- memory

    def read(self, core: int, address: int, size: int) -> bytes:
        """As much from the beginning as is mapped RAM. Raises Unmapped if that is nothing."""
        out = b""
        try:
            for pa, part in self._pieces(core, address, size):
                out += self.sim.memory.read(pa, part)
        except (Unmapped, ConfigError):
            if not out:
                raise Unmapped from None
        return out

    def write(self, core: int, address: int, data: bytes) -> None:
        """All of it, or nothing and Unmapped. Read-only mappings too. The checker counts the host as the writer."""
        pieces = self._pieces(core, address, len(data))
        if sum(part for _, part in pieces) != len(data):
            raise Unmapped
        try:
            for pa, part in pieces:
                self.sim.memory.read(pa, part)
        except ConfigError:
            raise Unmapped from None
        for pa, part in pieces:
            self.sim.memory.write(pa, data[:part])
            data = data[part:]

    def _pieces(self, core: int, address: int, size: int) -> list[tuple[int, int]]:
        """(PA, bytes) for each 4 KiB page; ends early where nothing is mapped, and raises Unmapped if that is at once."""
        out: list[tuple[int, int]] = []
        whole = size
        while size:
            part = min(size, 4096 - address % 4096)
            pa = address if self.physical else self.debugger.translate(core, address)
            if pa is None or address > _LAST:
                break
            out.append((pa, part))
            address, size = address + part, size - part
        if whole and not out:
            raise Unmapped
        return out

    # --- break- and watchpoints

    def insert(self, point: Point) -> bool:
        if point in self._points:
            return True
        if len(self._points) >= MOST_POINTS or (point.kind >= 2 and not 0 < point.size <= 1 << 32):
            return False
        self._points.append(point)
        self._apply()
        return True

    def remove(self, point: Point) -> None:
        if point in self._points:
            self._points.remove(point)
            self._apply()

    def kind_at(self, address: int) -> int:
        return next((p.kind for p in self._points if p.kind < 2 and p.address == address), 1)

    def watchpoint(self, index: int) -> Point:
        return self._watchpoints()[index]

    def clear(self) -> None:
        self._points.clear()
        self.physical = False
        self._apply()
        self.debugger.hold(0)

    def _watchpoints(self) -> list[Point]:
        return [p for p in self._points if p.kind >= 2]

    def _apply(self) -> None:
        self.debugger.set_breakpoints([p.address for p in self._points if p.kind < 2])
        self.debugger.set_watchpoints(
            [(p.address, min(p.address + p.size - 1, _LAST), p.kind in (3, 4), p.kind in (2, 4)) for p in self._watchpoints()]
        )

    # --- threads

    def describe(self, core: int) -> str:
        state = self.debugger.state(core)
        at = "" if state == "is off" else f" before {self.session.symbolize(self.pc(core))}"
        return f"{self.names[core]} {state}{at}"
