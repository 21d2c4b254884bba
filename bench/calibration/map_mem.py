# SPDX-License-Identifier: Apache-2.0
"""map_mem() at each step, and what each assumed parameter does to the ratio of the first to the last."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import bbmsim as bs
from bbmsim.config import Board, replace_field

from .published import STEPS
from .rows import Row, Table

PAGE, GROUP, TABLE = 4096, 16, 512  #: bytes; entries of a contiguous group, of a table


def run(board: Board, step: str) -> bs.Result:
    result = bs.Simulation(board, bs.bare("map-mem", step=step, verify="none")).run(timeout="1000s")
    if result.outcome != "poweroff" or not result.clean:
        raise SystemExit(f"map-mem step={step}: {result.outcome}: {result.detail}; {len(result.violations)} violations")
    return result


@dataclass(frozen=True)
class Machine:
    """A simulated one; secondaries are off meanwhile, as in the kernel."""

    cores: str
    gib: int
    hop_ns: int | None = None  #: None: as boards come

    @property
    def name(self) -> str:
        return f"{self.cores}, {self.gib}GiB" + ("" if self.hop_ns is None else f", hop_ns={self.hop_ns}")

    def board(self) -> Board:
        plain = Board(cores=bs.parse_cores(self.cores), memory=f"{self.gib}GiB")
        if self.hop_ns is None:
            return plain
        return dataclasses.replace(plain, interconnect=dataclasses.replace(plain.interconnect, hop_ns=self.hop_ns))


#: for the M2 and the Altra: as boards come, then with the interconnect that the published price of a TLBI comes to
MACHINES = (
    Machine("apple-m1-p*8", 16),
    Machine("apple-m1-p*8", 16, 60),
    Machine("neoverse-n1:freq_mhz=3000*64", 4),
    Machine("neoverse-n1:freq_mhz=3000*64", 4, 400),
)


def steps(machine: Machine, say: Callable[[str], None]) -> Iterator[Row]:
    name = machine.name
    for step in STEPS:
        result = run(machine.board(), step)
        phase = result.phases["map_mem"]
        core = phase.cores[0]
        say(f"map-mem {name} {step}: {phase.duration_ps / 1e9:.2f} ms, {result.record['host']['wall_s']:.1f} s of host time")
        yield Row("map-mem", name, step, "ms", phase.duration_ps / 1e9)
        for cause, cycles in core.cycles.items():
            if cycles:
                yield Row("map-mem", name, step, f"{cause} cycles", cycles)
        yield Row("map-mem", name, step, "TLBIs", sum(core.tlbi.values()))
        yield Row("map-mem", name, step, "DSBs", core.dsb)


@dataclass(frozen=True)
class Prices:
    """What the steps' differences come to, in ns, for each of what they remove."""

    window: float  #: a table page mapped and unmapped: 2 writes, 3 DSB, 2 ISB, a broadcast TLBI
    barriers: float  #: DSB ISHST and ISB behind an entry
    entry: float  #: all else, for each of the 4 KiB pages


def prices(ms: tuple[float, ...], gib: int) -> Prices:
    pages = (gib << 30) / PAGE
    windows = (ms[0] - ms[1]) * 1e6 / (pages / GROUP - pages / TABLE)
    barriers = (ms[1] - ms[2]) * 1e6 / pages
    return Prices(windows, barriers, (ms[3] * 1e6 - pages / TABLE * windows) / pages)


#: what is assumed and could matter: core fields by their path, board fields with a dot in front
PARAMETERS = (
    "timing.barrier",
    "timing.load",
    "timing.store",
    "timing.alu",
    "maintenance.tlbi_issue_cycles",
    "cache.memory_cycles",
    "cache.store_line_cycles",
    "cache.store_buffer_lines",
    "mmu.walk_read_cycles",
    "mmu.walk_start_cycles",
    ".interconnect.hop_ns",
    ".interconnect.dvm_target_ns",
)
FACTORS = (0.5, 2.0)


def changed(board: Board, path: str, factor: float) -> tuple[Board, float]:
    """The board with that field of every core, or of the board, times `factor`; and its new value."""
    target: Any = board if path.startswith(".") else board.cores[0]
    names = path.strip(".").split(".")
    value: Any = functools.reduce(getattr, names, target)
    new = type(value)(value * factor)
    if target is board:
        return replace_field(board, names, new), new
    return dataclasses.replace(board, cores=[replace_field(core, names, new) for core in board.cores]), new


def parameters(machine: Machine, say: Callable[[str], None]) -> Iterator[Row]:
    """The ratio with one parameter changed."""
    name, plain = machine.name, machine.board()
    boards = {"as it is": plain}
    for path in PARAMETERS:
        for factor in FACTORS:
            board, value = changed(plain, path, factor)
            boards[f"{path.strip('.')}={value:g}"] = board
    for case, board in boards.items():
        first, last = (run(board, step).phases["map_mem"].duration_ps for step in (STEPS[0], STEPS[-1]))
        say(f"map-mem {name}, {case}: {first / last:.2f}")
        yield Row("map-mem-parameter", name, case, "ratio", first / last)


def times(table: Table, board: str) -> tuple[float, ...]:
    """In ms, in the order of the steps."""
    return tuple(table.value("map-mem", board, step, "ms") for step in STEPS)


def ratio(table: Table, board: str) -> float:
    """How many times faster the last step is than the first."""
    ms = times(table, board)
    return ms[0] / ms[-1]
