# SPDX-License-Identifier: Apache-2.0
"""The bare-metal workloads: what workloads/bare/catalog.toml says of them, and the heads of the files in rules/ and bugs/."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from . import _core, lessons
from .errors import BbmsimError, ConfigError, did_you_mean

_NUMBER = re.compile(r"(0x[0-9a-fA-F]+|[0-9]+)[KMG]?")


def number(text: str) -> int:
    """The value of a parameter that is a number, as the guest reads it: 0x1f, 64K, 010 is ten."""
    scale = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}.get(text[-1:], 1)
    digits = text.rstrip("KMG")
    return int(digits, 16 if digits.startswith("0x") else 10) * scale


@dataclass(frozen=True)
class Parameter:
    """A `--set NAME=VALUE` of a workload."""

    name: str
    choices: tuple[str, ...]  #: empty: a number, or a file
    default: str
    title: str
    file: bool = False  #: names a file that the host reads; the guest is not told of it

    def check(self, value: str) -> None:
        if self.choices:
            if value not in self.choices:
                near = did_you_mean(value, self.choices)
                raise ConfigError(f"{self.name}={value}: no such {self.name}{near}", self.name)
        elif not self.file and not _NUMBER.fullmatch(value):
            raise ConfigError(f"{self.name}={value}: a number, decimal or 0x, with K, M or G behind it", self.name)
        elif not self.file and number(value) >= 1 << 63:
            raise ConfigError(f"{self.name}={value}: less than 2^63", self.name)


@dataclass(frozen=True)
class Entry:
    """A workload of the catalog."""

    name: str
    title: str
    elf: Path
    parameters: dict[str, Parameter]
    lesson: lessons.Lesson | None = None  #: a program of rules/ or bugs/


@dataclass(frozen=True)
class Strategy:
    """A way to paint and split the map."""

    name: str
    title: str
    source: str
    safe_on: str
    needs_bbml: int  #: of the boot core
    safe: tuple[str, ...]  #: boards on which it has no finding
    unsafe: tuple[str, tuple[str, ...]] | None  #: a board on which it breaks rules, and these; None: safe on any
    parks: bool = True  #: the others wait in the common rendezvous
    flushes: bool = True  #: it ends in the common flush


@dataclass(frozen=True)
class Experiment:
    """A run that breaks a rule on purpose, and its twin: the same code where that is legal and silent."""

    name: str  #: "repaint local-flush"
    title: str
    workload: str
    cores: str
    set: dict[str, str]
    rules: tuple[str, ...]
    symbols: tuple[str, ...]
    core: int
    holders: tuple[int, ...]
    twin_cores: str
    twin_set: dict[str, str]


@dataclass(frozen=True)
class Catalog:
    workloads: dict[str, Entry]
    strategies: dict[str, Strategy]
    experiments: tuple[Experiment, ...]


@lru_cache(maxsize=1)
def load() -> Catalog:
    """Reads the file once; raises BbmsimError if it is damaged."""
    path = Path(_core.source_dir) / "workloads" / "bare" / "catalog.toml"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        sabotages = data["sabotage"]
        return Catalog(
            {**{w["name"]: _entry(w) for w in data["workload"]}, **{n: _lesson(x) for n, x in lessons.load().items()}},
            {s["name"]: _strategy(s) for s in data["strategy"]},
            tuple(
                [_experiment(f"{s['workload']} {s['name']}", s["workload"], s, {"sabotage": s["name"]}) for s in sabotages]
                + [_experiment(f"{w['name']} broken", w["name"], w, {}) for w in data["workload"] if "matters" in w]
            ),
        )
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise BbmsimError(f"{path}: {error!r}") from None


def _entry(values: dict[str, Any]) -> Entry:
    parameters = {
        o["name"]: Parameter(o["name"], tuple(o["values"]), o["default"], o["title"], o.get("file", False)) for o in values["options"]
    }
    elf = Path(_core.build_dir) / "workloads" / "bare" / values["elf"]
    return Entry(values["name"], values["title"], elf, parameters)


def _lesson(lesson: lessons.Lesson) -> Entry:
    variant = Parameter("variant", (lesson.wrong, lesson.right), lesson.wrong, f"what is wrong ({lesson.rule}), or how it is done right")
    granule = Parameter("granule", ("4k", "16k", "64k"), lesson.set.get("granule", "4k"), "translation granule")
    return Entry(lesson.name, lesson.title, lesson.elf, {p.name: p for p in (variant, granule)}, lesson)


def _strategy(values: dict[str, Any]) -> Strategy:
    unsafe = values.get("unsafe")
    return Strategy(
        values["name"], values["title"], values["source"], values["safe_on"], values["needs_bbml"], tuple(values["safe"]),
        None if unsafe is None else (unsafe["cores"], tuple(unsafe["rules"])), values.get("parks", True), values.get("flushes", True),
    )


def _experiment(name: str, workload: str, values: dict[str, Any], common: dict[str, str]) -> Experiment:
    matters, twin = values["matters"], values["twin"]
    return Experiment(
        name,
        values["title"],
        workload,
        matters["cores"],
        {**common, **matters["set"]},
        tuple(matters["rules"]),
        tuple(matters["symbols"]),
        matters["core"],
        tuple(matters["holders"]),
        twin["cores"],
        {**common, **twin["set"]},
    )
