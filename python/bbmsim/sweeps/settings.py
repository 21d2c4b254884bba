# SPDX-License-Identifier: Apache-2.0
"""What a study may set, key by key, and the run that a set of such keys describes.

    workload, kernel, append, cores, memory, tlb, schedule, inject, seed, timeout
    set.NAME      a parameter of the workload
    board.PATH    a field of the board: board.hop_ns, board.interconnect.hop_ns, board.quantum_ns
    core.PATH     a field of every core: core.l2_tlb.entries, core.memory_cycles
    coreN.PATH    of core N alone: core0.bbml
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..config import Board, convert_value, field_paths, parse_cores, parse_schedule, replace_field, resolve_field, set_field, tlb_mode
from ..errors import ConfigError, did_you_mean
from ..inject import Injection, parse_injection
from ..linux.workload import linux
from ..simulation import Simulation
from ..units import check_whole, parse_time
from ..workload import Workload, from_name

Value = str | int | float | bool

DEFAULTS: dict[str, Value] = {
    "workload": "repaint", "kernel": "", "append": "", "cores": "cortex-x4,cortex-a720*3", "memory": "1GiB", "tlb": "typical",
    "schedule": "default", "inject": "", "seed": 0, "timeout": "100s",
}  # fmt: skip
_PREFIXES = re.compile(r"(set|board|core\d*)\.(.+)")
_NOT_OF_THE_BOARD = ("cores", "memory", "disk", "schedule")


def board_field(path: str) -> str:
    """The full path of a board's field from a path that may leave out its beginning."""
    paths = [p for p in field_paths(Board) if p.split(".")[0] not in _NOT_OF_THE_BOARD]
    if path in paths:
        return path
    matches = [p for p in paths if p.endswith("." + path)]
    if len(matches) == 1:
        return matches[0]
    raise ConfigError(f"board.{path}: a board has no such field{did_you_mean(path, paths)}", f"board.{path}")


def check_key(key: str) -> None:
    """Raises ConfigError, with what is possible, for a key that names nothing."""
    match = _PREFIXES.fullmatch(key)
    if match is None:
        if key not in DEFAULTS:
            known = [*DEFAULTS, "set.NAME", "board.PATH", "core.PATH", "coreN.PATH"]
            raise ConfigError(f"{key}: no such key{did_you_mean(key, known)}", key)
    elif match[1] == "board":
        board_field(match[2])
    elif match[1] != "set":
        try:
            resolve_field(match[2])
        except ConfigError as error:
            raise ConfigError(f"{match[1]}.{error}", key) from None


@dataclass(frozen=True)
class Run:
    """What a cell runs."""

    board: Board
    workload: Workload
    seed: int
    timeout_ps: int
    injections: tuple[Injection, ...]

    def simulation(self) -> Simulation:
        sim = Simulation(self.board, self.workload, seed=self.seed)
        for injection in self.injections:
            sim.inject(injection)
        return sim


def build(cell: Mapping[str, Any]) -> Run:
    """The run of a cell: keys as above, in any order, over DEFAULTS; cores may be a tuple of Core. Raises ConfigError."""
    values: dict[str, Any] = {**DEFAULTS, **cell}
    mix = values["cores"]
    cores = list(mix) if isinstance(mix, tuple) else parse_cores(_text(values, "cores"))
    board_fields: dict[str, Value] = {}
    parameters: dict[str, str] = {}
    for key, value in values.items():
        match = _PREFIXES.fullmatch(key)
        if match is None:
            continue
        kind, path = match.groups()
        if kind == "set":
            parameters[path] = str(int(value)) if isinstance(value, bool) else str(value)
        elif kind == "board":
            board_fields[board_field(path)] = value
        elif kind == "core":
            cores = [set_field(c, path, value) for c in cores]
        else:
            n = int(kind.removeprefix("core"))
            if n >= len(cores):
                raise ConfigError(f"{key}: {'there is core 0 alone' if len(cores) == 1 else f'there are {len(cores)} cores, 0 to {len(cores) - 1}'}", key)
            cores[n] = set_field(cores[n], path, value)
    board = Board(cores=tlb_mode(cores, _text(values, "tlb")), memory=_text(values, "memory"), schedule=parse_schedule(_text(values, "schedule")))
    for path, value in board_fields.items():
        board = _with(board, path, value)
    kernel = _text(values, "kernel")
    if kernel and (parameters or "workload" in cell):
        raise ConfigError(f"kernel={kernel}: not together with {'set.*' if parameters else 'workload'}", "kernel")
    workload = linux(kernel, append=_text(values, "append")) if kernel else from_name(_text(values, "workload"), parameters)
    seed = values["seed"]
    check_whole("seed", seed, 0, (1 << 64) - 1)
    faults = tuple(parse_injection(spec) for spec in _text(values, "inject").split() if spec)
    return Run(board, workload, seed, parse_time(_text(values, "timeout")), faults)


def _text(values: Mapping[str, Value], key: str) -> str:
    value = values[key]
    if not isinstance(value, str):
        raise ConfigError(f"{key}={value!r}: must be text", key)
    return value


def _with(board: Board, path: str, value: Value) -> Board:
    kind = field_paths(Board)[path]
    changed: Board = replace_field(board, path.split("."), convert_value(f"board.{path}", kind, value))
    return dataclasses.replace(changed)  # checked again, as a whole
