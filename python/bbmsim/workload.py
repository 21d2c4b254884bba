# SPDX-License-Identifier: Apache-2.0
"""What a simulation runs: a bare-metal workload of this project, any ELF, or an arm64 Image."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import catalog, possible, set_memory
from .config import Board
from .errors import ConfigError, did_you_mean
from .loader import Program, is_elf, load_elf, load_image
from .sources import SourceLines, has_lines


@dataclass(frozen=True)
class PhaseSpec:
    """A phase by symbols. Several to enter: it begins at any of them."""

    name: str
    enter: tuple[str, ...]
    leave: str = ""  #: empty: the return of what was entered
    leave_anywhere: bool = False  #: any core's execution of `leave` ends it


@dataclass(frozen=True)
class Workload:
    """Make it with bare(), elf(), image() or linux()."""

    name: str
    kind: str  #: "bare", "elf", "image", "linux"
    path: Path
    parameters: Mapping[str, str] = field(default_factory=dict)  #: what the guest is told in its boot arguments
    overlays: Mapping[str, tuple[str, bytes]] = field(default_factory=dict, kw_only=True)  #: parameters that are not: a symbol, what it holds

    @property
    def bootargs(self) -> str:
        return " ".join(f"{k}={v}" for k, v in self.parameters.items() if k not in self.overlays)

    def on(self, board: Board) -> Workload:
        """As it is run on that board. Raises ConfigError for what the two can't do together."""
        if self.kind == "bare":
            possible.check(self.name, self.parameters, board)
        return self

    def program(self) -> Program:
        """Reads and checks the file; raises ConfigError."""
        loaded = load_image(self.path) if self.kind == "image" else load_elf(self.path)
        for symbol, contents in self.overlays.values():
            loaded = loaded.with_contents(symbol, contents)
        return loaded

    def phases(self) -> list[PhaseSpec]:
        """The phases that are accounted without being asked for."""
        return []

    def sources(self) -> SourceLines | None:
        """Source lines of its code, if a file with DWARF is at hand."""
        return SourceLines(self.path, self.program().symbols) if self.kind in ("bare", "elf") and has_lines(self.path) else None

    def facts(
        self, phases: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]], linear_map: Mapping[str, Any], checker: bool
    ) -> dict[str, Any] | None:
        """What can be said of this kind of guest alone, at the end of its run."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """For the run record. The path is the user's own for files, and left out for what the project builds."""
        where = {} if self.kind == "bare" else {"path": str(self.path)}
        return {"name": self.name, "kind": self.kind, **where, "parameters": dict(self.parameters)}


def _text(value: Any) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def _check_words(parameters: Mapping[str, str]) -> None:
    for name, value in parameters.items():
        if not name or not value or any(c.isspace() or c == "=" or not c.isprintable() for c in name + value):
            raise ConfigError(f"set: {name}={value!r}: names and values are single words without '='", name)


def _where(name: str, known: Iterable[str]) -> str:
    return did_you_mean(name, known) or " (`bbmsim list workloads` names them)"


def bare(name: str = "repaint", *, strategy: str | None = None, sabotage: str | None = None, **set: Any) -> Workload:
    """A workload of workloads/bare. `set` are its parameters; `bbmsim list workloads` names them all."""
    known = catalog.load()
    entry = known.workloads.get(name)
    if entry is None:
        raise ConfigError(f"workload={name}: no such workload{_where(name, known.workloads)}", "workload")
    given = {k: _text(v) for k, v in set.items()}
    if strategy is not None:
        given["strategy"] = strategy
    if sabotage is not None:
        given["sabotage"] = sabotage
    values: dict[str, str] = {}
    for key, value in given.items():
        parameter = entry.parameters.get(key)
        if parameter is None:
            raise ConfigError(f"{key}={value}: {name} has no such parameter{did_you_mean(key, entry.parameters)}", key)
        parameter.check(value)
        values[key] = value
    _check_words(values)
    overlays: dict[str, tuple[str, bytes]] = {}
    if "set_memory" in values:
        if values.get("strategy") != "lazy":
            raise ConfigError("set_memory: only strategy=lazy replays a list", "set_memory")
        granule = {"4k": 4096, "16k": 16384, "64k": 65536}[values.get("granule", "4k")]
        overlays["set_memory"] = (set_memory.SYMBOL, set_memory.read(Path(values["set_memory"]), granule))
    if values.get("blocks") == "1g" and values.get("granule", "4k") != "4k":
        raise ConfigError(f"blocks=1g: only with granule=4k; granule={values['granule']} has level 2 blocks alone", "blocks")
    if "strategy" in entry.parameters:  # said to the guest always: the record names it
        values = {"strategy": entry.parameters["strategy"].default, **values}
    return Workload(name, "bare", entry.elf, values, overlays=overlays)


def elf(path: str | Path, **set: Any) -> Workload:
    """Any statically linked AArch64 ELF; starts at EL1 with the MMU off and the DTB's address in x0."""
    parameters = {k: _text(v) for k, v in set.items()}
    _check_words(parameters)
    return Workload(Path(path).name, "elf", Path(path), parameters)


def image(path: str | Path, **set: Any) -> Workload:
    """An arm64 boot Image, started as its boot protocol says."""
    parameters = {k: _text(v) for k, v in set.items()}
    _check_words(parameters)
    return Workload(Path(path).name, "image", Path(path), parameters)


def from_name(name: str, parameters: Mapping[str, str]) -> Workload:
    """The CLI's WORKLOAD argument: a name of the catalog, else a file."""
    if name in catalog.load().workloads:
        return bare(name, **parameters)
    path = Path(name)
    if not path.exists():
        names = catalog.load().workloads
        raise ConfigError(f"workload={name}: neither a workload nor a file{_where(name, names)}", "workload")
    if path.is_dir():
        raise ConfigError(f"workload={name}: is a folder", "workload")
    return elf(path, **parameters) if is_elf(path) else image(path, **parameters)
