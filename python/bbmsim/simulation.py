# SPDX-License-Identifier: Apache-2.0
"""One simulation: a board, a workload and a seed. Several may be alive in one script, run in turns."""

from __future__ import annotations

import dataclasses
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar, overload

from . import _core, findings, inspection, maps, record, snapshot, timeline
from . import events as event_types
from .config import Board
from .errors import BbmsimError, ConfigError, InternalError, did_you_mean
from .events import KINDS, EventKind, RawEvent, mask_of
from .files import check_writable
from .inject import Injection, Symbol
from .loader import Program, Symbols
from .poke import Poke, locate, parse_word
from .profile import DEFAULT_INTERVAL
from .result import Result
from .units import check_whole, parse_time, time_limit
from .workload import Workload

E = TypeVar("E")
_SLICE_SECONDS = 0.2  # Python gets a word in this often: Ctrl-C, progress


class Simulation:
    """Deterministic: equal boards, workloads and seeds give equal records, but for their `host` part.

    Raises ConfigError for a board or workload that can't be, before anything runs.
    """

    def __init__(self, board: Board, workload: Workload, *, seed: int = 0) -> None:
        if not isinstance(board, Board):
            raise ConfigError(f"board={board!r}: a bs.Board", "board")
        if not isinstance(workload, Workload):
            raise ConfigError(f"workload={workload!r}: what bs.bare(), bs.elf(), bs.image() or bs.linux() give", "workload")
        check_whole("seed", seed, 0, (1 << 64) - 1)
        self.board = board
        self.workload = workload = workload.on(board)
        self.seed = seed
        self.disk_bytes = board.disk.bytes if board.disk.path else 0  #: size of the image when the simulation was made
        self._program = workload.program()
        self._program.check_fits(board.memory_bytes, workload.path)
        try:
            self._session = _core.Session(board.to_dict(), seed)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        except RuntimeError as error:
            if str(error).startswith("memory="):  # more address space than the host gives
                raise ConfigError(str(error), "memory") from None
            raise
        for pa, data in self._program.segments:
            self._session.load(pa, data)
        self._session.set_entry(self._program.entry)
        symbols = self._program.symbols
        if isinstance(symbols, Symbols):
            self._session.set_symbol_columns(symbols.text, symbols.addresses, symbols.sizes, symbols.to_physical % (1 << 64))
        else:
            self._session.set_symbols(symbols)
        self._session.set_bootargs(workload.bootargs)
        if self._program.initrd is not None:
            self._session.set_initrd(*self._program.initrd)
        if self._program.dtb is not None:
            try:
                self._session.set_dtb(self._program.dtb)
            except ValueError as error:
                raise ConfigError(str(error)) from None
        for spec in workload.phases():
            for enter in spec.enter:
                self._session.add_phase(spec.name, enter, spec.leave, spec.leave_anywhere)
        self._maps: list[maps.MapAt] = []
        self.pokes: list[Poke] = []  #: what poke() has changed
        self._rare = self._session.record(timeline.RARE, timeline.MOST_RARE)
        self._frequent: int | None = None
        self._traced = self._profiled = False
        self._prepare(started=False)
        if board.memory_bytes <= maps.MOST_AUTOMATIC:
            for moment in maps.automatic():
                self.map_at(moment)

    def _prepare(self, *, started: bool) -> None:
        self._started = self._resumed = started
        self._phases_open = True  # for phase() and profile(), until it runs on
        self._saves: dict[int, tuple[str, Path]] = {}
        self._stopping = False
        self._outcome = "stopped"
        self._result: Result | None = None
        self._wall_s = self._cpu_s = 0.0
        self.cores: Sequence[inspection.CoreView] = tuple(
            inspection.CoreView(self._session, i) for i in range(len(self.board.cores))
        )
        self.memory = inspection.Memory(self._session)

    # --- before or between running

    def inject(self, fault: Injection) -> int:
        """Orders a fault; its number in the record's `injected`. Raises ConfigError for a core or symbol that there isn't."""
        self._not_finished()
        if not isinstance(fault, Injection):
            raise ConfigError(f"inject={fault!r}: an injection, such as bs.Stall(...)", "inject")
        try:
            self._check_core(fault.core)
            for field, name in fault.symbols():
                self._check_symbol(name.removesuffix(":return"), field)
            return self._session.inject(fault.spec())
        except (ConfigError, ValueError) as error:
            raise ConfigError(f"inject={fault.kind}: {error}", getattr(error, "field", "inject")) from None

    def poke(self, where: str | int, word: str | int) -> Poke:
        """Replaces one 32-bit instruction of the program in memory: at "symbol+0x1c" or an address, by a word or "nop".
        Before the run begins. Raises ConfigError for what the program does not have. A kernel patches some of its code
        itself while it boots, which may overwrite the word.
        """
        if self._started:
            raise BbmsimError("poke: instructions are changed before the run begins")
        new = parse_word(word)
        va, pa = locate(self._program, where, self.workload.name)
        old = int.from_bytes(self._session.read_memory(pa, 4), "little")
        self._session.write_memory(pa, new.to_bytes(4, "little"))
        name = where if isinstance(where, str) else self._session.symbolize(va)
        done = Poke(name, va, pa, old, new, self._session.disassemble(old, va), self._session.disassemble(new, va))
        self.pokes.append(done)
        return done

    @property
    def device_tree(self) -> bytes:
        """The flattened device tree that the guest is given."""
        return self._session.device_tree()

    def phase(self, name: str, *, enter: str | Symbol, leave: str | Symbol | None = None) -> None:
        """Accounts from `enter` until the same core reaches `leave`, or returns from `enter`. Before the run begins."""
        if not self._phases_open:
            raise BbmsimError(f"phase={name}: phases are named before the run begins")
        if not name:
            raise ConfigError("phase: has no name", "phase")
        names = [s.name if isinstance(s, Symbol) else s for s in (enter, leave or "")]
        self._check_symbol(names[0], "enter")
        if names[1]:
            self._check_symbol(names[1], "leave")
        self._session.add_phase(name, names[0], names[1])

    def map_at(
        self,
        moment: str | Symbol | maps.MapAt,
        *,
        core: int | None = None,
        nth: int = 1,
        va: int | None = None,
        size: int | str | None = None,
    ) -> None:
        """Takes a census of [va, va + size), by default of the linear map, for Result.maps: at the entry of a symbol
        ("NAME", "NAME+0x1c"), when the core that entered it returns ("NAME:return"), when a phase begins or ends
        ("phase:NAME", "phase:NAME:end"), at a time ("5ms"), or at the "end".
        `core`: only its entries count, and its tables are looked at (default: any core's; core 0's at a time or the end).
        """
        asked = moment if isinstance(moment, maps.MapAt) else maps.map_at(
            moment.name if isinstance(moment, Symbol) else moment, core=core, nth=nth, va=va, size=size
        )
        self._not_finished()
        if asked.symbol and not asked.when.startswith("phase"):
            self._check_symbol(asked.symbol, "map-at")
        self._check_core(asked.core)
        first, last = asked.range
        self._session.add_map(
            when=asked.when, symbol=asked.symbol, time_ps=asked.time_ps, core=asked.core, nth=asked.nth, va_first=first,
            va_last=last,
        )
        self._maps.append(asked)

    def profile(self, *, interval_cycles: int = DEFAULT_INTERVAL) -> None:
        """Gather Result.profile: every core's cycles by sampling its call stack every so many of them, TLB misses exactly.
        The run is the same with it. Before the run begins.
        """
        if not self._phases_open:
            raise BbmsimError("profile: ask for it before the run begins")
        if self._profiled:  # a snapshot of a run that was
            return
        if interval_cycles < 100:
            raise ConfigError(f"interval_cycles={interval_cycles}: 100 or more", "interval_cycles")
        self._session.start_profile(interval_cycles)
        self._profiled = True

    def record_trace(self) -> None:
        """Keep a million maintenance events, for Result.trace(). Before the run begins."""
        if self._started:
            raise BbmsimError("trace: ask for it before the run begins")
        self._traced = True

    def tally_changes(self) -> None:
        """Counts changes of live descriptors by kind, for changes(), and TLB conflict aborts by who wrote the entries, for
        conflict_aborts(). Before the run begins; the run is the same with it.
        """
        if self._started:
            raise BbmsimError("tally_changes: ask for it before the run begins")
        self._session.tally_changes()

    def changes(self) -> list[dict[str, Any]]:
        """`row` (make, break, size, table, oa, memtype, share, cont, global, permission, software), `level`, `entry` (table,
        block, page), `contiguous`, `verdict` (legal, after-break, violates), `count`."""
        return self._session.changes()

    def conflict_aborts(self) -> list[dict[str, Any]]:
        """`core`, `writer` (symbol), `level`, and of the first: `descriptor_pa`, `pc`, `symbol`, `va`, `matches`, `first_ps`;
        `count`."""
        return self._session.conflict_aborts()

    def keep_events(self, kinds: set[EventKind], most: int) -> Callable[[], list[RawEvent]]:
        """Keeps the first so many events of the kinds from now on; what it returns gives them."""
        number = self._session.record(mask_of(kinds), most)
        return lambda: timeline.recording(self._session.recorded(number)).events

    # --- the guest's console

    def send(self, data: str | bytes, *, console: str = "uart") -> None:
        """Types at the UART, or at the "virtio" console of a board with a disk: now, as far as the guest takes it; the
        rest waits for it. A guest that was in a deadlock for want of input goes on.
        """
        self._not_finished()
        self._session.send(_typed(data, "send"), self._is_virtio(console))
        if self._outcome == "deadlock":
            self._outcome = "stopped"

    def expect(self, prompt: str, reply: str | bytes, *, console: str = "uart") -> None:
        """Types `reply` a millisecond of simulated time after the guest printed `prompt`, wherever the answer to the one
        before left off. Any number of them make a script; what was never printed is in the record's `remarks`.
        """
        if not prompt:
            raise ConfigError("expect: an empty prompt", "expect")
        self._not_finished()
        self._session.expect(prompt.encode(), _typed(reply, "expect"), self._is_virtio(console))

    def _is_virtio(self, console: str) -> bool:
        if console not in ("uart", "virtio"):
            raise ConfigError(f"console={console}: one of uart, virtio", "console")
        if console == "virtio" and not self.board.disk.path:
            raise ConfigError("console=virtio: only a board with a disk has one", "console")
        return console == "virtio"

    # --- running

    def run(
        self, *, timeout: str | int | None = None, progress: Callable[[Simulation], None] | None = None
    ) -> Result:
        """Runs to the end, or until `timeout` of simulated time ("10s", or picoseconds), and gives the result.

        `progress` is called a few times a second. KeyboardInterrupt leaves the simulation usable.
        """
        limit = time_limit(timeout)
        self._session.watch(0, 0)
        while self._result is None:
            if self._stopping or self._slice(limit):
                return self._finish()
            if progress is not None:
                progress(self)
        return self._result

    @overload
    def events(self, *, timeout: str | int | None = None) -> Iterator[event_types.Event]: ...
    @overload
    def events(self, kind: type[E], /, *, timeout: str | int | None = None) -> Iterator[E]: ...
    @overload
    def events(self, *kinds: type[Any], timeout: str | int | None = None) -> Iterator[event_types.Event]: ...
    def events(self, *kinds: type[Any], timeout: str | int | None = None) -> Iterator[Any]:
        """Runs, and yields events of the types as they happen. The simulation stands still meanwhile: the loop may
        inspect it, inject, stop() it, or break. Ends when the run ends; run() then gives the result.
        """
        wanted = kinds or tuple(KINDS)
        for kind in wanted:
            if kind not in KINDS:
                names = {k.__name__ for k in KINDS}
                raise ConfigError(f"events={kind!r}: one of {', '.join(sorted(names))}", "events")
        return self._events(wanted, time_limit(timeout))

    def step(self, ps: int) -> None:
        """Runs for that much simulated time."""
        target = self.now_ps + ps
        self._session.watch(0, 0)
        while self._result is None and self._outcome == "stopped" and self.now_ps < target:
            before = self.now_ps
            self._begin()
            outcome = self._timed_run(target)
            if outcome not in ("stopped", "timeout"):
                self._outcome = outcome
                return
            if outcome == "timeout" or self.now_ps == before:
                return

    def advance(self, ps: int, host_seconds: float) -> bool:
        """Runs for that much simulated time or so long by the host's clock, whichever is less; True when the run is over,
        or stands in a deadlock that send() may end.
        """
        self._session.watch(0, 0)
        self._begin()
        if self._outcome == "stopped":
            outcome = self._timed_run(self.now_ps + ps, host_seconds)
            self._outcome = "stopped" if outcome == "timeout" else outcome
        return self._outcome != "stopped"

    def stop(self) -> None:
        """Ends events() and run() at the next opportunity, with the outcome "stopped"."""
        self._stopping = True

    @property
    def now_ps(self) -> int:
        """Simulated time."""
        return self._session.now_ps()

    @property
    def instructions(self) -> int:
        """Executed by all cores so far."""
        return self._session.instructions()

    @property
    def progress(self) -> tuple[int, int]:
        """What the guest says: done, total; (0, 0) if it says nothing."""
        return self._session.progress()

    @property
    def mips(self) -> float:
        """Million guest instructions per second of one host core."""
        return self.instructions / self._cpu_s / 1e6 if self._cpu_s else 0.0

    @property
    def current_phase(self) -> str:
        """The innermost phase that has begun and not ended."""
        inside = [p for p in self._session.phases() if p["count"] and not p["complete"]]
        return str(max(inside, key=lambda p: int(p["begin_ps"]))["name"]) if inside else ""

    @property
    def outcome(self) -> str:
        """As it is now: "stopped" while the run can go on."""
        return self._outcome

    @property
    def console_bytes(self) -> bytes:
        """What the guest has written to its consoles."""
        return self._session.console()

    @property
    def console(self) -> str:
        """The same as text."""
        return self._session.console().decode("utf-8", "replace")

    def symbolize(self, pc: int) -> str:
        """ "split_pmd+0x1c", or the address where there is no symbol."""
        return self._session.symbolize(pc)

    def walk(self, *, core: int, va: int) -> inspection.Walk:
        """The translation tables as memory holds them now: no TLB, no side effect."""
        return inspection.walk(self._session, core, va)

    def census(self, *, core: int = 0, va: int | None = None, size: int | str | None = None) -> maps.Census:
        """What [va, va + size) is mapped with by that core's tables as memory holds them now; by default the linear map."""
        self._check_core(core)
        return maps.census_of(self._session.census(core, *maps.va_range(va, size)))

    # --- snapshots

    def save(self, path: str | Path) -> None:
        """Writes all of its state as it is now to a file for resume(): whole, or not at all. Changes nothing of the run."""
        self._check_savable("save")
        target = check_writable(path, "save")
        snapshot.write(target, self._state())

    def save_at(self, moment: str, path: str | Path) -> None:
        """The same when the run comes to a moment: a time ("5ms"), or the first execution of a symbol ("NAME", "NAME+0x1c")
        by any core, at the first picosecond from then on between two of the board's. `unsaved` names those that never came.
        """
        target = check_writable(path, "save-at")
        self._not_finished()
        self._check_savable("save-at")
        if moment[:1].isdigit() and not moment.startswith("0x"):
            symbol, time_ps = "", parse_time(moment, "save-at")
        else:
            symbol, time_ps = moment, 0
            self._check_symbol(moment, "save-at")
        try:
            self._saves[self._session.save_at(symbol, time_ps)] = (moment, target)
        except ValueError:
            raise ConfigError(f"save-at={moment}: the run is beyond that already", "save-at") from None

    @property
    def resumed(self) -> bool:
        """It began in the middle, of a snapshot or as a fork."""
        return self._resumed

    @property
    def unsaved(self) -> list[tuple[str, Path]]:
        """Moments of save_at() that have not come yet, and their files."""
        return list(self._saves.values())

    def fork(self, *, seed: int | None = None, schedule: str | None = None, tlb: str | None = None) -> Simulation:
        """Another simulation that goes on from here, by itself: to inject faults into, or with other randomness from here on
        (`seed`), another schedule, or other powers of the TLB. Without any of these its run is this one's.
        """
        return Simulation._of(snapshot.changed(self._state(), seed=seed, schedule=schedule, tlb=tlb), (seed, schedule, tlb) != (None, None, None))

    def _check_savable(self, what: str) -> None:
        if self.board.disk.path and self.board.disk.writable:
            raise ConfigError(f"{what}: not with a disk that is written to ({self.board.disk.path},rw)", what)

    def _state(self) -> snapshot.State:
        self._not_finished()
        self._check_savable("save")
        if self._outcome not in ("stopped", "deadlock"):
            raise BbmsimError(f"the run is over: {self._outcome}")
        self._begin()
        try:
            core = self._session.state()
        except RuntimeError as error:
            raise BbmsimError(f"save: {error}") from None
        python = {
            "now_ps": self.now_ps,
            "seed": self.seed,
            "disk_bytes": self.disk_bytes,
            "disk_changed_ns": _changed_ns(self.board),
            "pokes": [dataclasses.asdict(p) for p in self.pokes],
            "maps": [dataclasses.asdict(m) for m in self._maps],
            "rare": self._rare,
            "frequent": self._frequent,
            "traced": self._traced,
            "profiled": self._profiled,
            "symbols": sorted(self._symbols),
        }
        return snapshot.State(self.board, self.workload, python, core)

    @classmethod
    def _of(cls, state: snapshot.State, reseed: bool) -> Simulation:
        sim = cls.__new__(cls)
        saved = state.python
        sim.board, sim.workload, sim.seed = state.board, state.workload, saved["seed"]
        sim.disk_bytes = saved["disk_bytes"]
        if saved["disk_changed_ns"] != _changed_ns(sim.board):
            raise ConfigError(f"disk={sim.board.disk.path}: has changed since the snapshot was made", "disk")
        sim._program = Program((), 0, tuple((name, 0, 0, 0) for name in saved["symbols"]))
        try:
            sim._session = _core.Session.resume(sim.board.to_dict(), state.core)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        except RuntimeError as error:
            raise ConfigError(f"resume: the snapshot does not fit ({error})", "resume") from None
        if reseed:
            sim._session.reseed(sim.seed)
        sim._maps = [maps.MapAt(**m) for m in saved["maps"]]
        sim.pokes = [Poke(**p) for p in saved["pokes"]]
        sim._rare, sim._frequent, sim._traced = saved["rare"], saved["frequent"], saved["traced"]
        sim._profiled = saved["profiled"]
        sim._prepare(started=True)
        return sim

    def _save_what_is_due(self) -> None:
        for number in self._session.take_saves():
            _, path = self._saves.pop(number)
            snapshot.write(path, self._state())

    # --- inside

    def _begin(self) -> None:
        self._phases_open = False
        if not self._started:
            most = timeline.MOST_FREQUENT_TRACED if self._traced else timeline.MOST_FREQUENT
            self._frequent = self._session.record(timeline.FREQUENT, most)
            self._started = True

    def _timed_run(self, limit: int, host_seconds: float = _SLICE_SECONDS) -> str:
        start, cpu = time.perf_counter(), time.thread_time()
        try:
            outcome = self._session.run(limit, host_seconds)
        except ValueError as error:
            raise ConfigError(str(error)) from None
        except RuntimeError as error:
            raise InternalError(str(error)) from None
        finally:
            self._wall_s += time.perf_counter() - start
            self._cpu_s += time.thread_time() - cpu
        self._save_what_is_due()
        return outcome

    def _slice(self, limit: int) -> bool:
        """True: the run is over."""
        self._begin()
        if self._outcome == "stopped":
            self._outcome = self._timed_run(limit)
        return self._outcome != "stopped"

    def _finish(self) -> Result:
        if self._result is None:
            self._session.finish()
            host = {"wall_s": round(self._wall_s, 6), "cpu_s": round(self._cpu_s, 6), "mips": round(self.mips, 3)}
            self._result = record.result_of(self, self._session, self._outcome, host, self._rare, self._frequent, self._maps)
        return self._result

    def _events(self, wanted: tuple[type[Any], ...], limit: int) -> Iterator[Any]:
        kinds = {kind for t in wanted for kind in KINDS[t]}
        self._session.watch(mask_of(kinds), mask_of(kinds))
        line = _ConsoleAssembler()
        over = self._result is not None
        try:
            while not over and not self._stopping:
                over = self._slice(limit)
                for values in self._session.take_events():
                    event = self._typed(RawEvent(EventKind(values[0]), *values[1:]), line)
                    if event is not None and isinstance(event, wanted):
                        yield event
                        if self._stopping:
                            return
        finally:
            self._session.watch(0, 0)

    def _typed(self, e: RawEvent, line: _ConsoleAssembler) -> event_types.Event | None:
        if e.kind is EventKind.CONSOLE:
            return line.add(e)
        if e.kind is EventKind.VIOLATION:
            return findings.violation(self._session.violations()[e.a])
        if e.kind is EventKind.HAZARD:
            return findings.hazard(self._session.hazards()[e.a])
        if e.kind is EventKind.CONFLICT:
            return event_types.ConflictEvent(e.core, e.va, e.pc, e.time_ps, e.a)
        if e.kind is EventKind.EXCEPTION:
            return event_types.ExceptionEvent(e.core, e.pc, e.a, e.va, e.b, e.time_ps)
        if e.kind is EventKind.INJECTED:
            return event_types.InjectedEvent(e.a, e.core, e.va, e.pc, e.time_ps)
        if e.kind is EventKind.TLBI:
            return event_types.TlbiEvent(e.core, e.pc, e.a, bool(e.b & 1), bool(e.b & 4), e.time_ps)
        if e.kind is EventKind.MARKER:
            if e.sub == event_types.MARKER_PROGRESS:
                return event_types.Progress(e.a, e.b, e.time_ps)
            name = str(self._session.phases()[e.a]["name"])
            if e.sub == event_types.MARKER_BEGIN:
                return event_types.PhaseBegin(name, e.core, e.time_ps)
            return event_types.PhaseEnd(name, e.core, e.time_ps)
        return None

    @cached_property
    def _symbols(self) -> set[str]:
        return {name for name, *_ in self._program.symbols}

    def _check_symbol(self, name: str, what: str) -> None:
        plain, plus, offset = name.partition("+")
        if plus and not re.fullmatch("0x[0-9a-fA-F]{1,16}", offset):
            raise ConfigError(f"{what}={name}: an offset is hexadecimal, as in {plain}+0x1c", what)
        if plain not in self._symbols:
            near = did_you_mean(plain, sorted(self._symbols))
            raise ConfigError(f"{what}={name}: {self.workload.name} has no such symbol{near}", what)

    def _check_core(self, core: int | None) -> None:
        if core is not None and not 0 <= core < len(self.board.cores):
            raise ConfigError(f"core={core}: the board has cores 0 to {len(self.board.cores) - 1}", "core")

    def _not_finished(self) -> None:
        if self._result is not None:
            raise BbmsimError("the run is over")


@dataclass
class _ConsoleAssembler:
    pending: bytes = b""

    def add(self, e: RawEvent) -> event_types.ConsoleLine | None:
        if e.sub != 0x0A:
            self.pending += bytes([e.sub])
            return None
        text, self.pending = self.pending.rstrip(b"\r").decode("utf-8", "replace"), b""
        return event_types.ConsoleLine(text, e.time_ps)


def _typed(data: str | bytes, what: str) -> bytes:
    if not isinstance(data, (str, bytes)):
        raise ConfigError(f"{what}={data!r}: text or bytes", what)
    return data.encode() if isinstance(data, str) else data


def _changed_ns(board: Board) -> int:
    return os.stat(board.disk.path).st_mtime_ns if board.disk.path else 0


def resume(
    path: str | Path, *, seed: int | None = None, schedule: str | None = None, tlb: str | None = None
) -> Simulation:
    """The simulation that save() wrote, as it was then: its run is the uninterrupted one's, unless something is changed as
    with Simulation.fork(). Raises ConfigError for a file that is damaged, truncated, of another build, or no snapshot.
    """
    return Simulation._of(snapshot.changed(snapshot.read(path), seed=seed, schedule=schedule, tlb=tlb), (seed, schedule, tlb) != (None, None, None))

