# SPDX-License-Identifier: Apache-2.0
"""A litmus test, read and made ready: its program, its memory, its initial registers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import _core
from ..errors import ConfigError
from . import layout
from .assemble import Code, assemble
from .descriptors import Descriptors

_LARGEST = 1 << 20
_MODES = {"fatal": 0, "precise": 0, "handled": 1, "imprecise": 1, "skip": 2, "faulttonext": 2}
_HANDLER = 3
_KNOWN_VARIANTS = {*_MODES, "vmsa", "kvm"}
_SIZES = {"char": 1, "int8_t": 1, "uint8_t": 1, "short": 2, "int16_t": 2, "uint16_t": 2, "int": 4, "int32_t": 4, "uint32_t": 4,
          "long": 8, "int64_t": 8, "uint64_t": 8, "intptr_t": 8, "uintptr_t": 8, "pteval_t": 8, "parel1_t": 8}
_EL0, _EL1 = 0x3C0, 0x3C5


@dataclass(frozen=True)
class Variable:
    """A page of memory with a name."""

    name: str
    size: int  #: bytes of an element
    count: int  #: elements


class LitmusTest:
    """Made by load_litmus(). Raises ConfigError that names the file, and where it can, line and column."""

    def __init__(self, path: str, text: str) -> None:
        parsed = _core.parse_litmus(text, path)
        if "error" in parsed:
            raise ConfigError(parsed["error"], "litmus")
        self.path = path
        self.parsed: Mapping[str, Any] = parsed
        self.name: str = parsed["name"]
        self.metadata: dict[str, str] = {key.lower(): value for key, value in parsed["metadata"]}
        self.ids: tuple[int, ...] = tuple(p["id"] for p in parsed["processes"])
        self.mode = self._mode()
        self.updates = self._hardware_updates()
        self.el0 = self._processes_of("el0")
        self.variables = {v.name: v for v in self._variables()}
        self.descriptors = Descriptors(path, list(self.variables), 1 + max(_spaces(parsed), default=0))
        self.code: Code = assemble(path, parsed["processes"])
        self.tables = layout.fixed_tables(self.descriptors.spaces) | self._initial_ptes()  #: by physical address
        self.memory = self._initial_memory()
        self.registers = self._initial_registers()
        self._encode_conditions()

    # --- what the header says

    def _wrong(self, why: str, place: tuple[int, int] | None = None) -> ConfigError:
        where = self.path if place is None else f"{self.path}:{place[0]}:{place[1]}"
        return ConfigError(f"{where}: {why}", "litmus")

    def _mode(self) -> int:
        mode = 0
        for word in re.split(r"[\s,]+", self.metadata.get("variant", "")):
            if word and word.lower() not in _KNOWN_VARIANTS:
                raise self._wrong(f"Variant={word} is not supported; known are {', '.join(sorted(_KNOWN_VARIANTS))}")
            mode = _MODES.get(word.lower(), mode)
        return mode

    def mode_of(self, process: Mapping[str, Any]) -> int:
        return self.mode if process["handler"] is None else _HANDLER

    def _hardware_updates(self) -> dict[int, int]:
        """Bits of TCR_EL1, by process: TTHM=HA, TTHM=HA HD, TTHM=P0:HA P1:HD."""
        out = dict.fromkeys(self.ids, 0)
        who: Sequence[int] = self.ids
        for word in re.split(r"[\s,]+", self.metadata.get("tthm", "")):
            process, colon, power = word.rpartition(":")
            if colon:
                who = [self._process(process, "TTHM")]
            if power not in ("HA", "HD", ""):
                raise self._wrong(f"TTHM={word}: HA or HD, of all or as in P0:HA")
            for n in who:  # dirty state is managed only together with the access flag
                out[n] |= {"HA": layout.TCR_HA, "HD": layout.TCR_HA | layout.TCR_HD, "": 0}[power]
        return out

    def _process(self, text: str, what: str) -> int:
        found = re.fullmatch(r"P(\d{1,4})", text.strip())
        if not found or int(found[1]) not in self.ids:
            raise self._wrong(f"{what}={text}: no such process")
        return int(found[1])

    def _processes_of(self, key: str) -> set[int]:
        text = self.metadata.get(key, "")
        return {self._process(word, key.upper()) for word in re.split(r"[\s,]+", text) if word}

    # --- variables

    def _variables(self) -> Iterator[Variable]:
        sizes: dict[str, tuple[int, int]] = {}
        for item in self.parsed["init"]:
            kind, *rest = item["where"]
            if kind == "variable":
                wide = item["pointer"] or item["values"][0][0] not in ("number", "par")
                size = 8 if wide else _SIZES.get(item["type"] or "int", 0)
                if not size:
                    raise self._wrong(f"type {item['type']} is not supported", item["place"])
                sizes[rest[0]] = (size, len(item["values"]))
        seen: dict[str, None] = dict.fromkeys(sizes)
        for name in _names(self.parsed):
            seen.setdefault(name)
        if len(seen) > layout.MOST_VARIABLES:
            raise self._wrong(f"{len(seen)} variables; at most {layout.MOST_VARIABLES}")
        for name in sorted(seen):
            yield Variable(name, *sizes.get(name, (4, 1)))

    def value(self, value: Sequence[Any], place: tuple[int, int] | None = None) -> int:
        """As 64 bits."""
        kind, *rest = value
        if kind == "number":
            return int(rest[0])
        if kind == "address":
            return self.descriptors.va(rest[0]) + int(rest[1]) * self.variables[rest[0]].size
        if kind == "pte":
            return self.descriptors.pte_va(*rest)
        if kind == "ttbr":
            space, asid, cnp = rest
            return layout.table(1, space) | int(asid) << 48 | int(cnp)
        if kind == "pa":
            return self.descriptors.pa(rest[0])
        if kind == "descriptor":
            return self.descriptors.encode(rest[0])
        if kind == "label":
            if (rest[0], rest[1]) not in self.code.labels:
                raise self._wrong(f"P{rest[0]} has no label {rest[1]}", place)
            return self.code.labels[rest[0], rest[1]]
        raise self._wrong("PAR_EL1 values are supported in conditions only", place)

    def _initial_ptes(self) -> dict[int, int]:
        out = self.descriptors.defaults()
        for item in self.parsed["init"]:
            if item["where"][0] == "pte":
                out[self.descriptors.pte_pa(*item["where"][1:])] = self.value(item["values"][0], item["place"])
        return out

    def _initial_memory(self) -> dict[str, bytes]:
        out = {}
        for item in self.parsed["init"]:
            if item["where"][0] == "variable":
                v = self.variables[item["where"][1]]
                values = [self.value(value, item["place"]) & ((1 << 8 * v.size) - 1) for value in item["values"]]
                out[v.name] = b"".join(value.to_bytes(v.size, "little") for value in values)
        return out

    def _initial_registers(self) -> dict[int, dict[int, int]]:
        out: dict[int, dict[int, int]] = {n: {} for n in self.ids}
        for item in self.parsed["init"]:
            if item["where"][0] == "register":
                _, n, name = item["where"]
                value = self.value(item["values"][0], item["place"])
                out[n][int(name[1:])] = value & (0xFFFF_FFFF if name[0] == "W" else (1 << 64) - 1)
        return out

    def pte_registers(self) -> set[tuple[int, str]]:
        """Registers that the test declares to hold descriptors."""
        return {(item["where"][1], item["where"][2]) for item in self.parsed["init"]
                if item["where"][0] == "register" and item["type"] == "pteval_t"}

    def _encode_conditions(self) -> None:
        """MAIR has room for the attributes of the conditions too; labels exist."""
        for value in _values((self.parsed["condition"], self.parsed["filter"])):
            if value[0] != "par":
                self.value(value)

    # --- memory of a run

    def segments(self, affinities: Sequence[int]) -> list[tuple[int, bytes]]:
        """What every run begins with, but for what differs between runs."""
        control = bytearray(layout.AFFINITIES + 8 * 16)
        words = {layout.PROCESSES: len(self.ids), layout.TTBR: layout.LEVEL1, layout.MAIR: self.descriptors.mair_value}
        words |= {layout.AFFINITIES + 8 * i: affinity for i, affinity in enumerate(affinities)}
        for offset, value in words.items():
            control[offset : offset + 8] = value.to_bytes(8, "little")
        tables = bytearray(layout.table_bytes(self.descriptors.spaces))
        for pa, value in self.tables.items():
            tables[pa - layout.TABLES : pa - layout.TABLES + 8] = value.to_bytes(8, "little")
        variables = [(self.descriptors.pa(name), data) for name, data in self.memory.items()]
        return [(layout.CODE, self.code.image), (layout.CONTROL, bytes(control)), (layout.TABLES, bytes(tables)), *variables]

    def process_page(self, position: int) -> bytearray:
        page = bytearray(layout.TOUCH + 8 * (layout.MOST_VARIABLES + 1))
        n = self.ids[position]
        words = {
            layout.MODE: self.mode_of(self.parsed["processes"][position]),
            layout.SPSR: _EL0 if n in self.el0 else _EL1,
            layout.ENTRY: self.code.entries[position],
            layout.VBAR: self.code.vectors[position],
            layout.TCR: layout.TCR_VALUE | self.updates[n],
        }
        words |= {layout.INITIAL + 8 * i: value for i, value in self.registers[n].items()}
        for offset, value in words.items():
            page[offset : offset + 8] = value.to_bytes(8, "little")
        return page

    def touchable(self) -> list[int]:
        """Addresses of variables that can be read without a fault and without a change of their descriptors."""
        return [va for va in map(self.descriptors.va, self.variables) if self._readable(va)]

    def _readable(self, va: int) -> bool:
        table = layout.LEVEL1
        for level in (1, 2, 3):
            value = self.tables.get(table + 8 * (va >> layout.shift(level) & 511), 0)
            if value & 1 == 0 or (leaf := value & 2 == (2 if level == 3 else 0)) or level == 3:
                return bool(value & 1 and leaf and value >> 10 & 1)
            table = value & ((1 << 48) - layout.PAGE)
        return False


def load_litmus(path: str | os.PathLike[str]) -> LitmusTest:
    """Reads a test of herd7's AArch64 format. Raises ConfigError with file, line, column and what was expected."""
    name = os.fspath(path)
    try:
        if Path(name).stat().st_size > _LARGEST:
            raise ConfigError(f"litmus={name}: larger than {_LARGEST >> 20} MiB", "litmus")
        text = Path(name).read_text(encoding="ascii", errors="replace")
    except OSError as error:
        raise ConfigError(f"litmus={name}: can't be read ({error.strerror})", "litmus") from None
    return LitmusTest(name, text)


def _names(parsed: Mapping[str, Any]) -> Iterator[str]:
    """Variables that are mentioned anywhere."""
    for item in parsed["init"]:
        yield from _named(item["where"])
        for value in item["values"]:
            yield from _named(value)
    for kind, what in parsed["locations"]:
        if kind == "location":
            yield from _named(what)
        elif what["variable"]:
            yield what["variable"]
    for kind, *rest in _atoms((parsed["condition"], parsed["filter"])):
        if kind == "fault":
            if rest[0]["variable"]:
                yield rest[0]["variable"]
        else:
            for what in rest:
                yield from _named(what)


def _spaces(parsed: Mapping[str, Any]) -> Iterator[int]:
    """Sets of tables that are mentioned anywhere."""
    mentioned = [what for kind, what in parsed["locations"] if kind == "location"]
    mentioned += [what for item in parsed["init"] for what in (item["where"], *item["values"])]
    mentioned += [what for kind, *rest in _atoms((parsed["condition"], parsed["filter"])) if kind != "fault" for what in rest]
    for kind, *rest in mentioned:
        if kind == "pte":
            yield rest[2]
        elif kind == "ttbr":
            yield rest[0]
        elif kind == "descriptor" and rest[0]["table"] is not None:
            yield rest[0]["table"][2]


def _named(what: Sequence[Any]) -> Iterator[str]:
    if what[0] in ("variable", "pte", "address", "pa"):
        yield what[1]
    elif what[0] == "descriptor":
        yield what[1]["oa"] if what[1]["table"] is None else what[1]["table"][0]
    elif what[0] == "par" and what[1]:
        yield what[1]


def _atoms(conditions: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for condition in conditions:
        if condition is None:
            continue
        if condition[0] in ("not", "and", "or", "implies"):
            yield from _atoms(condition[1])
        else:
            yield condition


def _values(conditions: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (atom[2] for atom in _atoms(conditions) if atom[0] == "equal")


def atoms_of(test: LitmusTest) -> list[Sequence[Any]]:
    """Of its condition and filter."""
    return list(_atoms((test.parsed["condition"], test.parsed["filter"])))
