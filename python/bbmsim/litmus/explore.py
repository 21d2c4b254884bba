# SPDX-License-Identifier: Apache-2.0
"""Runs a litmus test many times: each run on a fresh machine, with a schedule and powers of the TLBs drawn from its own
seed, so that any one of them can be had again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .. import _core
from ..config import POWERS, Board, Core, Interconnect, nasty, parse_cores, tlb_mode
from ..errors import ConfigError
from ..findings import Hazard, Violation, hazard, violation
from ..units import some
from . import layout
from .assemble import line_of
from .state import Final, States
from .test import LitmusTest

DEFAULT_CORE = "cortex-a720"  #: BBM level 0
_LIMIT_PS = 100_000_000  # of simulated time; a test takes a few microseconds
_HOST_SECONDS = 5.0
_QUANTA_NS = (1, 1, 2, 5, 20, 100, 1000)
_MEMORY = "64MiB"
_INTERVALS_NS = (10, 30, 100, 400)
_SCHEDULES = ("default", "default", "random", "targeted", "pct")
_HOLD_NS = 1500
_LENGTH_US = 6


@dataclass
class Outcome:
    """One final state that was seen."""

    runs: int
    first_run: int  #: the first of them
    holds: bool  #: the condition, without its quantifier


@dataclass
class Found:
    """A finding of the checker, the first of its kind: rule (or kind of hazard) and instruction."""

    finding: Violation | Hazard
    line: int | None  #: of the file
    runs: int
    first_run: int


@dataclass
class Exploration:
    """All runs of one test."""

    test: LitmusTest
    board: str  #: which cores
    runs: int
    seed: int
    states: dict[str, Outcome] = field(default_factory=dict)
    violations: list[Found] = field(default_factory=list)
    hazards: list[Found] = field(default_factory=list)
    unfinished: int = 0  #: runs that went on for ever, or faulted without end
    filtered: int = 0  #: runs that the test's filter put aside
    host_s: float = 0.0

    @property
    def positive(self) -> int:
        """Runs in which the condition, without its quantifier, held."""
        return sum(o.runs for o in self.states.values() if o.holds)

    @property
    def negative(self) -> int:
        return sum(o.runs for o in self.states.values() if not o.holds)

    @property
    def ok(self) -> bool:
        """What the quantifier says, of the runs that were made."""
        kind = self.test.parsed["quantifier"]
        if kind == "exists":
            return self.positive > 0
        return self.positive == 0 if kind == "~exists" else self.negative == 0

    @property
    def exit_status(self) -> int:
        return 1 if self.violations or self.hazards else 0


def default_cores(test: LitmusTest) -> list[Core]:
    return parse_cores(f"{DEFAULT_CORE}*{len(test.ids)}")


def explore(
    test: LitmusTest, *, runs: int = 1000, seed: int = 0, cores: Sequence[Core] | None = None, tlb: str = "nasty",
    progress: Callable[[int], None] | None = None,
) -> Exploration:
    """`tlb`: "nasty" (each run with some powers of the nasty TLB), "typical", or the powers of every run, as for --tlb.
    Raises ConfigError if the board has too few cores, or TLBs can't be so.
    """
    board_cores = list(cores) if cores is not None else default_cores(test)
    if len(board_cores) < len(test.ids):
        raise ConfigError(f"cores: {test.path} has {some(len(test.ids), 'process', 'processes')}, the board {some(len(board_cores), 'core')}", "cores")
    board_cores = board_cores[: len(test.ids)]
    machine = _Machine(test, board_cores, tlb)
    out = Exploration(test, str(Board(cores=board_cores, memory=_MEMORY)).rpartition(",")[0], runs, seed)
    started = time.perf_counter()
    for run in range(runs):
        machine.one(run, random.Random(f"{seed}:{run}"), out)
        if progress is not None:
            progress(run + 1)
    out.host_s = time.perf_counter() - started
    return out


class _Machine:
    """What all runs of a test share."""

    def __init__(self, test: LitmusTest, cores: Sequence[Core], tlb: str) -> None:
        self.test = test
        self.states = States(test)
        self.cores, self.tlb = tuple(cores), tlb
        self.segments = test.segments([i // 16 << 8 | i % 16 for i in range(len(test.ids))])
        self.process_pages = [bytes(test.process_page(i)) for i in range(len(test.ids))]
        self.touchable = test.touchable()
        self.boards: dict[tuple[str, ...] | None, dict[str, Any]] = {}
        self.board(None if tlb != "nasty" else ())  # what is wrong is found before the first run

    def board(
        self, powers: tuple[str, ...] | None, interval_ns: int = 100, quantum_ns: int = 1, schedule: str = "default"
    ) -> dict[str, Any]:
        """As _core takes it; made once for each set of powers, then only its figures change."""
        made = self.boards.get(powers)
        if made is None:
            cores = tlb_mode(self.cores, self.tlb) if powers is None else nasty(self.cores, *powers) if powers else self.cores
            interconnect = Interconnect(psci_on_ns=10)
            board = Board(cores=cores, memory=_MEMORY, zero_fill=True, interconnect=interconnect)
            made = self.boards[powers] = board.to_dict()
        made["quantum_ns"] = quantum_ns
        made["schedule"] |= {"name": schedule, "hold_ns": _HOLD_NS, "length_us": _LENGTH_US}
        for core in made["cores"]:
            core["mmu"]["nasty"]["interval_ns"] = interval_ns
        return made

    def _draw_powers(self, draw: random.Random) -> tuple[str, ...] | None:
        """None: as --tlb says. Unlimited retention is costly to set up, and rare: all of a test's entries fit anyway."""
        if self.tlb != "nasty":
            return None
        if draw.random() < 0.2:
            return ()
        powers = [p for p in (*POWERS, "minimal") if p != "retain" and draw.random() < 0.6]
        if draw.random() < 0.02:
            powers.append("retain")
        return tuple(powers)

    def one(self, run: int, draw: random.Random, out: Exploration) -> None:
        board = self.board(self._draw_powers(draw), draw.choice(_INTERVALS_NS), draw.choice(_QUANTA_NS), draw.choice(_SCHEDULES))
        session = _core.Session(board, draw.getrandbits(63))
        for pa, data in self.segments:
            session.load(pa, data)
        longest = draw.choice((0, 10, 100, 400))
        for i, page in enumerate(self.process_pages):
            changed = bytearray(page)
            changed[layout.DELAY : layout.DELAY + 8] = draw.randint(0, longest).to_bytes(8, "little")
            warm = draw.random()
            for j, va in enumerate(va for va in self.touchable if draw.random() < warm):
                changed[layout.TOUCH + 8 * j : layout.TOUCH + 8 * j + 8] = va.to_bytes(8, "little")
            session.load(layout.PAGES + layout.PAGE * i, bytes(changed))
        session.set_entry(layout.CODE)
        outcome = session.run(_LIMIT_PS, _HOST_SECONDS)
        session.finish()
        self._findings(session, run, out)
        final = self._final(session)
        if outcome != "poweroff" or not final.complete:
            out.unfinished += 1
        elif not self.states.admits(final):
            out.filtered += 1
        else:
            seen = out.states.setdefault(self.states.line(final), Outcome(0, run, self.states.judge(final)))
            seen.runs += 1

    def _final(self, session: _core.Session) -> Final:
        count = len(self.test.variables)
        return Final(
            self.test,
            session.read_memory(layout.PAGES, layout.PAGE * len(self.test.ids)),
            session.read_memory(layout.TABLES, layout.table_bytes(self.test.descriptors.spaces)),
            session.read_memory(layout.VARIABLES, layout.PAGE * count) if count else b"",
        )

    def _findings(self, session: _core.Session, run: int, out: Exploration) -> None:
        if session.violation_count():
            for values in session.violations():
                self._add(out.violations, violation(values), "rule", run)
        if session.hazard_count():
            for values in session.hazards():
                self._add(out.hazards, hazard(values), "kind", run)

    def _add(self, into: list[Found], finding: Any, kind: str, run: int) -> None:
        for found in into:
            if getattr(found.finding, kind) == getattr(finding, kind) and found.finding.pc == finding.pc:
                found.runs += 1
                return
        into.append(Found(finding, line_of(self.test.code, finding.pc), 1, run))
