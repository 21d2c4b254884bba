# SPDX-License-Identifier: Apache-2.0
"""Which run an exploration tries when: schedules x powers of the TLB x seeds, each run determined by its ID alone."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..config import POWERS, SCHEDULES, Board, Schedule, nasty
from ..errors import ConfigError, did_you_mean
from ..inject import Injection
from ..simulation import Simulation
from ..workload import Workload

ALL_POWERS = (*POWERS, "minimal")
_FORM = re.compile(r"([a-z]+(?:-\d+)*)\.([a-z_+]+)\.([0-9a-f]+)\.([0-9a-f]+)\.([0-9a-f]{4})-([0-9a-f]{4})")
_DIGITS = 4


@dataclass(frozen=True)
class RunSpec:
    """One run of a subject (see Subject): what differs between the runs of an exploration."""

    schedule: Schedule = Schedule()
    powers: tuple[str, ...] = ()  #: of the nasty TLB, beyond those that the board's cores have anyway
    seed: int = 0
    limit_us: int = 0  #: of simulated time

    @property
    def tlb(self) -> str:
        """ "typical", "nasty" or the powers, as for --tlb."""
        return "nasty" if set(self.powers) == set(ALL_POWERS) else ",".join(self.powers) or "typical"

    def text(self) -> str:
        """Without the digests: "pct-3-812-50000.speculate+retain.1f0c.f4240"."""
        s = self.schedule
        parameters = [s.hold_ns] if s.name in ("random", "targeted") else [s.hold_ns, s.depth, s.length_us] if s.name == "pct" else []
        schedule = "-".join([s.name, *map(str, parameters)])
        return f"{schedule}.{self.tlb.replace(',', '+')}.{self.seed:x}.{self.limit_us:x}"


@dataclass(frozen=True)
class Subject:
    """What is explored. Two digests stand for it in every ID, so that a run is repeated on the same or not at all."""

    board: Board
    workload: Workload
    inject: Sequence[Injection] = ()
    poke: Sequence[tuple[str | int, str | int]] = ()
    board_digest: str = field(init=False)
    workload_digest: str = field(init=False)

    def __post_init__(self) -> None:
        plain = dataclasses.replace(self.board, schedule=Schedule()).to_dict()
        object.__setattr__(self, "workload", self.workload.on(self.board))
        object.__setattr__(self, "board_digest", _digest(json.dumps(plain, sort_keys=True).encode()))
        program = self.workload.program()
        changes = repr(([f.spec() for f in self.inject], list(self.poke), self.workload.bootargs, program.entry, program.dtb))
        object.__setattr__(self, "workload_digest", _digest(changes.encode(), *(data for _, data in program.segments)))

    def simulation(self, spec: RunSpec) -> Simulation:
        """The run, before its first step."""
        sim = Simulation(self.board_of(spec), self.workload, seed=spec.seed)
        for where, word in self.poke:
            sim.poke(where, word)
        for fault in self.inject:
            sim.inject(fault)
        return sim

    def board_of(self, spec: RunSpec) -> Board:
        cores = nasty(self.board.cores, *spec.powers) if spec.powers else list(self.board.cores)
        return dataclasses.replace(self.board, cores=cores, schedule=spec.schedule)

    def id_of(self, spec: RunSpec) -> str:
        return f"{spec.text()}.{self.board_digest}-{self.workload_digest}"

    def parse(self, text: str) -> RunSpec:
        """The run of an ID; raises ConfigError for one of another board or workload, by name."""
        spec, board, workload = parse_id(text)
        if board != self.board_digest:
            raise ConfigError(
                f"replay={text}: of another board ({board}; this one is {self.board_digest}): give the --cores, --memory and --tlb of "
                "the exploration", "replay",
            )
        if workload != self.workload_digest:
            raise ConfigError(
                f"replay={text}: of another workload ({workload}; this one is {self.workload_digest}): the same program, --set, "
                "--inject and --poke as in the exploration", "replay",
            )
        return spec


def parse_id(text: str) -> tuple[RunSpec, str, str]:
    """The run, and the digests of board and workload."""
    match = _FORM.fullmatch(text)
    if match is None:
        raise ConfigError(f"replay={text}: not the ID of a run, such as pct-50000-3-812.speculate+retain.1f0c.f4240.3fa2-77c0", "replay")
    schedule, powers, seed, limit, board, workload = match.groups()
    name, *numbers = schedule.split("-")
    chosen = ALL_POWERS if powers == "nasty" else () if powers == "typical" else tuple(powers.split("+"))
    expected = {"default": 0, "random": 1, "targeted": 1, "pct": 3}.get(name)
    for power in chosen:
        if power not in ALL_POWERS:
            raise ConfigError(f"replay={text}: no power '{power}'{did_you_mean(power, ALL_POWERS)}", "replay")
    if expected is None or len(numbers) != expected:
        raise ConfigError(f"replay={text}: no schedule '{schedule}'", "replay")
    values = dict(zip(("hold_ns", "depth", "length_us"), map(int, numbers)))
    spec = RunSpec(Schedule(name, **values), chosen, int(seed, 16), int(limit, 16))
    if spec.seed >= 1 << 64:
        raise ConfigError(f"replay={text}: its seed has more than 64 bits", "replay")
    return spec, board, workload


def draw(seed: int, index: int, schedules: Sequence[str], powers: Sequence[str], length_us: int, limit_us: int) -> RunSpec:
    """Run number `index`, from 1 on, of an exploration. `length_us`: how long the plain run took."""
    source = random.Random(f"bbmsim explore {seed} {index}")
    name = schedules[(index - 1) % len(schedules)]
    hold_ns = min(200_000, max(1000, round(50 * length_us * 10 ** source.uniform(-2, 1))))
    schedule = {
        "default": Schedule(),
        "pct": Schedule("pct", depth=source.randint(1, 5), length_us=max(1, length_us), hold_ns=hold_ns),
    }.get(name) or Schedule(name, hold_ns=hold_ns)
    how = source.random()
    chosen: tuple[str, ...] = ()
    if powers and how >= 0.25:
        chosen = tuple(powers) if how < 0.5 else tuple(p for p in powers if source.random() < 0.5)
    return RunSpec(schedule, chosen, source.getrandbits(32), limit_us)


def check_names(given: Sequence[str], known: Sequence[str], what: str) -> tuple[str, ...]:
    """In the order of `known`, each once; raises ConfigError."""
    for name in given:
        if name not in known:
            raise ConfigError(f"{what}={name}: no such {what.removesuffix('s')}{did_you_mean(name, known)}", what)
    return tuple(name for name in known if name in given)


def check_schedules(given: Sequence[str]) -> tuple[str, ...]:
    chosen = check_names(given, SCHEDULES, "schedules")
    if not chosen:
        raise ConfigError("schedules: at least one", "schedules")
    return chosen


def _digest(*parts: bytes) -> str:
    total = hashlib.sha256()
    for part in parts:
        total.update(len(part).to_bytes(8, "little"))
        total.update(part)
    return total.hexdigest()[:_DIGITS]
