# SPDX-License-Identifier: Apache-2.0
"""Instructions of a program changed in memory before it runs: `--poke SYMBOL+OFFSET=WORD`, `sim.poke(where, word)`.

What is sabotaged so is the user's own kernel, unmodified on disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .errors import ConfigError, did_you_mean
from .loader import Program
from .units import address

NOP = 0xD503_201F
_FORM = "SYMBOL+OFFSET=WORD or ADDRESS=WORD; WORD is a number of 32 bits, or nop"


@dataclass(frozen=True)
class Poke:
    """One patched instruction."""

    where: str  #: as it was asked for: "split_pmd+0x1c" or an address
    va: int  #: where the program is linked to execute it
    pa: int  #: where it was patched
    old: int
    new: int
    old_text: str  #: disassembled
    new_text: str

    def __str__(self) -> str:
        return f"{self.where}: {self.old_text} -> {self.new_text}"

    def to_dict(self) -> dict[str, Any]:
        """For the run record."""
        return dict(vars(self))


def parse_poke(text: str) -> tuple[str, int]:
    """The CLI's form: where, and the word."""
    where, equals, word = text.rpartition("=")
    if not equals or not where or not word:
        raise ConfigError(f"poke={text}: write {_FORM}", "poke")
    return where, parse_word(word)


def parse_word(word: str | int) -> int:
    """An instruction word: a number, or "nop"."""
    value = NOP if word == "nop" else _number(word) if isinstance(word, str) else word
    if value is None or isinstance(value, bool) or not 0 <= value < 1 << 32:
        raise ConfigError(f"poke: {word if isinstance(word, str) else hex(word)} is no instruction word: write {_FORM}", "poke")
    return value


def locate(program: Program, where: str | int, name: str) -> tuple[int, int]:
    """Virtual and physical address of what `where` names in the program called `name`. Raises ConfigError."""
    text = address(where) if isinstance(where, int) else where
    number = where if isinstance(where, int) else _number(where)
    if number is not None:
        va, pa = _of_address(program, number)
    else:
        va, pa = _of_symbol(program, text, name)
    if va % 4:
        raise ConfigError(f"poke={text}: {address(va)} is not a multiple of 4", "poke")
    if pa is None or not _inside(program, pa):
        raise ConfigError(f"poke={text}: {address(va)} is not in {name}", "poke")
    return va, pa


def _number(text: str) -> int | None:
    try:
        return int(text.strip(), 0)
    except ValueError:
        return None


def _of_symbol(program: Program, text: str, name: str) -> tuple[int, int | None]:
    symbol, plus, distance = text.partition("+")
    offset = _number(distance) if plus else 0
    if offset is None or offset < 0:
        raise ConfigError(f"poke={text}: '{distance}' is no offset; write {_FORM}", "poke")
    places = [(va, size, pa) for s, va, size, pa in program.symbols if s == symbol]
    if not places:
        near = did_you_mean(symbol, sorted({s for s, *_ in program.symbols}))
        raise ConfigError(f"poke={text}: {name} has no symbol '{symbol}'{near}", "poke")
    if len(places) > 1:
        where = ", ".join(address(va) for va, *_ in places)
        raise ConfigError(f"poke={text}: there are {len(places)} of that name, at {where}: give the address", "poke")
    va, size, pa = places[0]
    if size and offset >= size:
        raise ConfigError(f"poke={text}: {symbol} has {size} bytes", "poke")
    return va + offset, pa + offset


def _of_address(program: Program, number: int) -> tuple[int, int | None]:
    """A physical address as it is; else by the nearest symbol before it, as programs are contiguous in both."""
    if _inside(program, number):
        return number, number
    before = [(va, pa) for _, va, _, pa in program.symbols if va <= number]
    if not before:
        return number, None
    va, pa = max(before)
    return number, pa + number - va


def _inside(program: Program, pa: int) -> bool:
    initrd = program.initrd[0] if program.initrd is not None else None
    return any(at <= pa and pa + 4 <= at + len(data) for at, data in program.segments if at != initrd)
