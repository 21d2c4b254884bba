# SPDX-License-Identifier: Apache-2.0
"""A study: a TOML file that says what is fixed, what varies, and what the figures are sensitive to.

    name = "dvm"                        # names the folder of results
    phase = "repaint"                   # whose cost is told apart by cause

    [base]                              # keys as in settings.py; tables may be nested
    memory = "1GiB"
    set.verify = "none"

    [axes]                              # every combination is a cell
    "set.strategy" = ["merged", "parallel"]
    memory = ["1GiB", "4GiB"]

    [[skip]]                            # but not where all of these hold; a list: any of its values
    "set.strategy" = "parallel"
    memory = ["4GiB"]

    [sensitivity]                       # each cell also with these varied
    method = "one-at-a-time"            # or "latin-hypercube" with `samples`
    [sensitivity.ranges]                # or ranges = "stated": those of `bbmsim list parameters`
    "board.hop_ns" = [10, 40]
"""

from __future__ import annotations

import itertools
import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..config import Board
from ..errors import ConfigError, did_you_mean
from ..parameters import stated_ranges
from .settings import Value, build, check_key

_KEYS = ("name", "title", "phase", "base", "axes", "skip", "sensitivity")
METHODS = ("one-at-a-time", "latin-hypercube")
MOST_CELLS = 1_000_000


@dataclass(frozen=True)
class Cell:
    """One run of a study."""

    axes: Mapping[str, Value]  #: the values of the axes
    sample: str  #: "" without sensitivity; "base", "board.hop_ns=low", "17"
    settings: Mapping[str, Value]  #: everything that is not a default


@dataclass(frozen=True)
class Sensitivity:
    method: str
    ranges: Mapping[str, tuple[float, float]]
    samples: int = 0
    seed: int = 0

    def to_dict(self) -> dict[str, Any]:
        return {"method": self.method, "ranges": {key: list(pair) for key, pair in self.ranges.items()}, "samples": self.samples, "seed": self.seed}

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Sensitivity:
        """From to_dict()."""
        return cls(values["method"], {key: (low, high) for key, (low, high) in values["ranges"].items()}, values["samples"], values["seed"])

    def points(self, base: Mapping[str, Value]) -> list[tuple[str, dict[str, Value]]]:
        """Names of the samples and what each sets beside the base; whole numbers stay whole."""
        whole = {key: isinstance(low, int) and isinstance(high, int) for key, (low, high) in self.ranges.items()}
        if self.method == "one-at-a-time":
            ends: list[tuple[str, dict[str, Value]]] = [(f"{key}={end}", {key: value}) for key, pair in self.ranges.items() for end, value in zip(("low", "high"), pair)]
            return [("base", {}), *ends]
        rng = random.Random(self.seed)
        columns: dict[str, list[Value]] = {}
        for key, (low, high) in self.ranges.items():  # one value out of each of `samples` equal parts, in any order
            values = [low + (high - low) * (i + rng.random()) / self.samples for i in range(self.samples)]
            rng.shuffle(values)
            columns[key] = [round(v) if whole[key] else v for v in values]
        return [(str(i), {key: column[i] for key, column in columns.items()}) for i in range(self.samples)]


@dataclass(frozen=True)
class Study:
    name: str
    title: str = ""
    phase: str = "repaint"
    base: Mapping[str, Value] = field(default_factory=dict)
    axes: Mapping[str, Sequence[Value]] = field(default_factory=dict)
    skip: Sequence[Mapping[str, Value | list[Value]]] = ()
    sensitivity: Sensitivity | None = None
    source: str = ""  #: the file, for messages

    @classmethod
    def load(cls, path: str | Path) -> Study:
        """Reads a file; raises ConfigError with the file and the key."""
        try:
            with open(path, "rb") as file:
                data = tomllib.load(file)
        except OSError as error:
            raise ConfigError(f"study={path}: can't be read ({error.strerror})", "study") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"study={path}: not TOML ({error})", "study") from None
        try:
            return replace(cls._of(data, Path(path).stem), source=str(path))
        except ConfigError as error:
            raise ConfigError(f"study={path}: {error}", error.field) from None

    @classmethod
    def _of(cls, data: Mapping[str, Any], stem: str) -> Study:
        for key in data:
            if key not in _KEYS:
                raise ConfigError(f"{key}: no such key{did_you_mean(key, _KEYS)}", key)
        name = _word(data, "name", stem)
        if not name or name.startswith(".") or any(c in name for c in "/\\\0"):
            raise ConfigError(f"name={name!r}: must be good as a folder's name", "name")
        base = _flat(_table(data, "base"), "base")
        axes = _flat(_table(data, "axes"), "axes")
        for key, values in axes.items():
            if not isinstance(values, list) or not values:
                raise ConfigError(f"axes.{key}: must be a list of one or more values", key)
            for value in values:
                _check_value(f"axes.{key}", value)
            if len(set(map(repr, values))) != len(values):
                raise ConfigError(f"axes.{key}: has a value twice", key)
        for key, value in base.items():
            _check_value(f"base.{key}", value)
            if key in axes:
                raise ConfigError(f"{key}: is in [base] and in [axes]", key)
        skips = data.get("skip", [])
        if not isinstance(skips, list) or not all(isinstance(s, dict) and s for s in skips):
            raise ConfigError("skip: must be tables, [[skip]], of keys and values", "skip")
        skip = [_flat(s, "skip") for s in skips]
        for one in skip:
            for key, value in one.items():
                for each in value if isinstance(value, list) else [value]:
                    if key not in axes or each not in axes[key]:
                        raise ConfigError(f"skip: {key}={each!r} is no value of an axis", key)
        sensitivity = _sensitivity(_table(data, "sensitivity"), axes, base) if "sensitivity" in data else None
        return cls(name, _word(data, "title", ""), _word(data, "phase", "repaint"), base, axes, skip, sensitivity)

    def cells(self) -> list[Cell]:
        """Every cell, in the order of the axes, the last one fastest; samples of a cell behind each other."""
        points: list[tuple[str, dict[str, Value]]] = [("", {})] if self.sensitivity is None else self.sensitivity.points(self.base)
        count = len(points)
        for values in self.axes.values():
            count *= len(values)
        if count > MOST_CELLS:
            raise ConfigError(f"{self._prefix}axes: {count} cells, at most {MOST_CELLS} are possible", "axes")
        out = []
        for values in itertools.product(*self.axes.values()):
            axes = dict(zip(self.axes, values))
            if any(all(axes[k] in v if isinstance(v, list) else axes[k] == v for k, v in one.items()) for one in self.skip):
                continue
            out += [Cell(axes, name, {**self.base, **axes, **changed}) for name, changed in points]
        if not out:
            raise ConfigError(f"{self._prefix}skip: leaves no cell", "skip")
        return out

    @property
    def _prefix(self) -> str:
        return f"study={self.source}: " if self.source else ""

    def check(self) -> None:
        """Builds every cell's board and workload; raises ConfigError that names the cell, before anything runs."""
        for cell in self.cells():
            try:
                run = build(cell.settings)
                guest = run.workload.on(run.board)
                guest.program().check_fits(run.board.memory_bytes, guest.path)
                if run.injections:
                    run.simulation()  # cores and symbols that they name
            except ConfigError as error:
                where = ", ".join(f"{k}={v}" for k, v in cell.axes.items())
                raise ConfigError(f"{self._prefix}{error}{f' (in the cell {where})' if where else ''}", error.field) from None


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key, {})
    if not isinstance(value, dict):
        raise ConfigError(f"{key}: must be a table, [{key}]", key)
    return value


def _word(data: Mapping[str, Any], key: str, default: str) -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise ConfigError(f"{key}={value!r}: must be text", key)
    return value


def _flat(table: Mapping[str, Any], where: str, prefix: str = "") -> dict[str, Any]:
    """Nested tables as dotted keys, each checked."""
    out: dict[str, Any] = {}
    for key, value in table.items():
        path = prefix + key
        if isinstance(value, dict):
            out.update(_flat(value, where, f"{path}."))
            continue
        try:
            check_key(path)
        except ConfigError as error:
            raise ConfigError(f"{where}.{error}", path) from None
        out[path] = value
    return out


def _check_value(where: str, value: Any) -> None:
    if not isinstance(value, (str, int, float, bool)):
        raise ConfigError(f"{where}={value!r}: must be text, a number, or true or false", where)


def _sensitivity(table: Mapping[str, Any], axes: Mapping[str, Any], base: Mapping[str, Any]) -> Sensitivity:
    for key in table:
        if key not in ("method", "samples", "seed", "ranges"):
            raise ConfigError(f"sensitivity.{key}: no such key{did_you_mean(key, ('method', 'samples', 'seed', 'ranges'))}", key)
    method = _word(table, "method", METHODS[0])
    if method not in METHODS:
        raise ConfigError(f"sensitivity.method={method}: must be one of {', '.join(METHODS)}", "method")
    if table.get("ranges") == "stated":
        stated = stated_ranges(str(base.get("board.detail", Board.detail)))
        table = {**table, "ranges": {k: list(pair) for k, pair in stated.items() if k not in axes and k not in base}}
    if not isinstance(table.get("ranges", {}), dict):
        raise ConfigError(f'sensitivity.ranges={table["ranges"]!r}: must be "stated", or a table [sensitivity.ranges]', "ranges")
    ranges = _flat(_table(table, "ranges"), "sensitivity.ranges")
    if not ranges:
        raise ConfigError("sensitivity.ranges: at least one key = [low, high]", "ranges")
    for key, pair in ranges.items():
        good = isinstance(pair, list) and len(pair) == 2 and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in pair)
        if not good or not pair[0] < pair[1]:
            raise ConfigError(f"sensitivity.ranges.{key}={pair!r}: must be [low, high]", key)
        if key in axes:
            raise ConfigError(f"{key}: is in [axes] and in [sensitivity.ranges]", key)
    samples, seed = table.get("samples", 0), table.get("seed", 0)
    if method == "latin-hypercube" and (type(samples) is not int or samples < 2):
        raise ConfigError(f"sensitivity.samples={samples!r}: latin-hypercube needs a whole number from 2 on", "samples")
    if method == "one-at-a-time" and samples:
        raise ConfigError("sensitivity.samples: one-at-a-time has none", "samples")
    if type(seed) is not int or seed < 0:
        raise ConfigError(f"sensitivity.seed={seed!r}: must be a whole number", "seed")
    return Sensitivity(method, {k: (v[0], v[1]) for k, v in ranges.items()}, samples, seed)
