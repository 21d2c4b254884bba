# SPDX-License-Identifier: Apache-2.0
"""Programs from files: ELF for AArch64, and arm64 boot Images."""

from __future__ import annotations

import io
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, overload

from .errors import ConfigError
from .units import address

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

RAM_BASE = 0x4000_0000
_REMEMBERED_BYTES = 4 << 20


class Symbols(Sequence[tuple[str, int, int, int]]):
    """Name, virtual address, size, physical address of many symbols, kept in columns until somebody wants one."""

    def __init__(
        self, text: str = "", addresses: array[int] = array("Q"), sizes: array[int] = array("Q"), to_physical: int = 0
    ) -> None:
        """`text`: the names, a newline between two; typecode Q; what to add to a virtual address."""
        self.text, self.addresses, self.sizes, self.to_physical = text, addresses, sizes, to_physical

    @cached_property
    def _rows(self) -> list[tuple[str, int, int, int]]:
        physical = [(address + self.to_physical) % (1 << 64) for address in self.addresses]
        return list(zip(self.text.split("\n"), self.addresses, self.sizes, physical))

    def __len__(self) -> int:
        return len(self.addresses)

    @overload
    def __getitem__(self, index: int) -> tuple[str, int, int, int]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[str, int, int, int]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, int, int, int] | Sequence[tuple[str, int, int, int]]:
        return self._rows[index]

    def __iter__(self) -> Iterator[tuple[str, int, int, int]]:
        return iter(self._rows)


@dataclass(frozen=True)
class Program:
    """What is put into memory, where it begins, and what its addresses are called."""

    segments: tuple[tuple[int, bytes], ...]  #: physical address, contents
    entry: int  #: physical address
    symbols: Sequence[tuple[str, int, int, int]] = ()  #: name, virtual address, size, physical address
    initrd: tuple[int, int] | None = None  #: where among the segments it is, and its bytes
    dtb: bytes | None = None  #: instead of the generated one

    def with_contents(self, symbol: str, contents: bytes) -> Program:
        """The same with other initial contents of a symbol: its first len(contents) bytes."""
        pa, size = next((pa, size) for name, _, size, pa in self.symbols if name == symbol)
        if len(contents) > size:
            raise ValueError(f"{symbol}: {len(contents)} bytes, it has {size}")
        segments = []
        for at, data in self.segments:
            if at <= pa and pa + len(contents) <= at + len(data):
                data = data[: pa - at] + contents + data[pa - at + len(contents) :]
            segments.append((at, data))
        return replace(self, segments=tuple(segments))

    def check_fits(self, memory_bytes: int, path: Path) -> None:
        end = RAM_BASE + memory_bytes
        for pa, data in self.segments:
            if pa < RAM_BASE or pa + len(data) > end:
                raise ConfigError(
                    f"workload={path}: its segment at {address(pa)} ({len(data)} bytes) is outside RAM, "
                    f"{address(RAM_BASE)} to {address(end)}",
                    "workload",
                )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"workload={path}: can't be read ({error.strerror})", "workload") from None


def is_elf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF"
    except OSError as error:
        raise ConfigError(f"workload={path}: can't be read ({error.strerror})", "workload") from None


def load_elf(path: Path) -> Program:
    """Segments at their physical addresses; the entry point as the physical address it is loaded at."""
    data = _read(path)
    return _parse_once(path, data) if len(data) <= _REMEMBERED_BYTES else _parse_elf(path, data)


@lru_cache(maxsize=1)
def _parse_once(path: Path, data: bytes) -> Program:
    """Exploration and sweeps run one program many times, and to parse it takes longer than a short run."""
    return _parse_elf(path, data)


def _parse_elf(path: Path, data: bytes) -> Program:
    # Only ELF files need it, and it takes its time.
    from elftools.common.exceptions import ELFError, ELFParseError
    from elftools.construct import ConstructError
    from elftools.elf.elffile import ELFFile

    def wrong(why: str) -> ConfigError:
        return ConfigError(f"workload={path}: {why}", "workload")

    if data[:4] != b"\x7fELF":
        raise wrong("not an ELF file")
    if len(data) < 64:
        raise wrong("truncated: the ELF header is incomplete")
    if data[4] != 2 or data[5] != 1:
        raise wrong("not a 64-bit little-endian ELF")
    try:
        with io.BytesIO(data) as file:
            elf = ELFFile(file)
            machine = elf.header["e_machine"]
            if machine != "EM_AARCH64":
                raise wrong(f"built for {str(machine).removeprefix('EM_')}, not for AArch64")
            if elf.header["e_type"] != "ET_EXEC" and elf.header["e_type"] != "ET_DYN":
                raise wrong("not an executable (link it first)")
            table_end = elf.header["e_phoff"] + elf.header["e_phnum"] * elf.header["e_phentsize"]
            if table_end > len(data):
                raise wrong("truncated: its program headers are missing")
            loads = [s.header for s in elf.iter_segments() if s.header["p_type"] == "PT_LOAD"]
            for h in loads:
                if h["p_offset"] + h["p_filesz"] > len(data):
                    raise wrong(f"truncated: {len(data)} bytes, a segment ends at {h['p_offset'] + h['p_filesz']}")
            if not loads:
                raise wrong("nothing to load")
            segments = tuple(
                (
                    int(h["p_paddr"]),
                    data[h["p_offset"] : h["p_offset"] + h["p_filesz"]] + bytes(h["p_memsz"] - h["p_filesz"]),
                )
                for h in loads
                if h["p_memsz"]
            )
            entry = int(elf.header["e_entry"])
            if not any(h["p_paddr"] <= entry < h["p_paddr"] + h["p_memsz"] for h in loads):  # else physical already
                inside = [h for h in loads if h["p_vaddr"] <= entry < h["p_vaddr"] + h["p_memsz"]]
                if not inside:
                    raise wrong(f"its entry point {address(entry)} is in no segment")
                entry += int(inside[0]["p_paddr"]) - int(inside[0]["p_vaddr"])
            return Program(segments, entry, _symbols(elf))
    except (ELFError, ELFParseError, ConstructError, UnicodeDecodeError, KeyError, ValueError, OverflowError) as error:
        raise wrong(f"damaged ELF file ({str(error) or type(error).__name__})") from None


def _symbols(elf: ELFFile) -> tuple[tuple[str, int, int, int], ...]:
    from elftools.elf.sections import SymbolTableSection

    table = elf.get_section_by_name(".symtab")
    if not isinstance(table, SymbolTableSection):
        return ()
    loads = [s.header for s in elf.iter_segments() if s.header["p_type"] == "PT_LOAD"]

    def physical(va: int) -> int:
        for h in loads:
            if h["p_vaddr"] <= va < h["p_vaddr"] + max(1, h["p_memsz"]):
                return va - int(h["p_vaddr"]) + int(h["p_paddr"])
        return va

    named = {
        (str(s.name), int(s["st_value"]), int(s["st_size"]), physical(int(s["st_value"])))
        for s in table.iter_symbols()
        if s.name
        and not s.name.startswith("$")
        and s["st_shndx"] not in ("SHN_UNDEF", "SHN_ABS")
        and s["st_info"]["type"] in ("STT_FUNC", "STT_OBJECT", "STT_NOTYPE")
    }
    return tuple(sorted(named, key=lambda entry: (entry[1], entry[0])))


def load_image(path: Path) -> Program:
    """An arm64 boot Image (the header with "ARM\\x64"), at text_offset from the base of RAM."""
    data = _read(path)
    if len(data) < 64 or data[0x38:0x3C] != b"ARM\x64":
        raise ConfigError(f"workload={path}: neither an ELF file nor an arm64 Image (no 'ARM\\x64' at 0x38)", "workload")
    text_offset = int.from_bytes(data[8:16], "little")
    start = RAM_BASE + text_offset + (0 if text_offset else 0x20_0000)
    return Program(((start, data),), start)
