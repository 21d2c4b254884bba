# SPDX-License-Identifier: Apache-2.0
"""A litmus test's code as a program: with the harness, through the GNU assembler and linker."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import tempfile
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import ConfigError
from . import layout

_PREFIX = "aarch64-linux-gnu-"
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.$]*")
_SECONDS = 20
# They would leave the test without its harness, or the machine without its state.
_REFUSED = {"HVC", "SMC", "WFI", "WFE", "HLT", "BRK", "ERETAA", "ERETAB"}


@dataclass(frozen=True)
class Code:
    """The program, and where in it the test's instructions are. Addresses are physical and virtual alike."""

    image: bytes
    entries: tuple[int, ...]  #: of each process
    vectors: tuple[int, ...]
    labels: Mapping[tuple[int, str], int]  #: by process and label
    lines: Mapping[int, tuple[int, int, tuple[str, ...]]]  #: by address: process, line of the file, labels


@lru_cache(maxsize=1)
def _tools() -> tuple[str, str]:
    found = tuple(shutil.which(_PREFIX + name) for name in ("as", "ld"))
    if found[0] is None or found[1] is None:
        raise ConfigError(f"litmus: {_PREFIX}as and {_PREFIX}ld are needed (Debian's binutils-aarch64-linux-gnu)", "litmus")
    return found[0], found[1]


@lru_cache(maxsize=1)
def _harness() -> str:
    return (Path(__file__).parent / "harness.S").read_text(encoding="ascii")


def assemble(path: str, processes: Sequence[Mapping[str, Any]]) -> Code:
    """Raises ConfigError that names file and line for what the assembler does not take."""
    source = _Source(path)
    for process in processes:
        source.process(process)
    return source.assembled()


class _Source:
    def __init__(self, path: str) -> None:
        self.path = path
        self.text = _harness().splitlines()
        self.places: dict[int, tuple[int, int]] = {}  # line of the source -> place in the file
        self.instructions: list[tuple[int, tuple[int, int], tuple[str, ...], str]] = []  # process, place, labels, text
        self.names: list[tuple[int, str]] = []
        self.ids: list[int] = []

    def process(self, process: Mapping[str, Any]) -> None:
        n = process["id"]
        self.ids.append(n)
        parts = [process["code"], process["handler"] or []]
        labels = {label for part in parts for _, names, _ in part for label in names}
        self.text.append(f"vectors {n}")
        self.text.append(f"code_{n}:")
        self._code(n, parts[0], labels)
        self.text += ["svc #END_OF_CODE", f"handler_{n}:"]
        self._code(n, parts[1], labels)
        self.text += ["svc #END_OF_CODE", f"handler_end_{n}:", ".ltorg"]

    def _code(self, n: int, code: Sequence[tuple[tuple[int, int], list[str], str]], labels: set[str]) -> None:
        for place, names, text in code:
            for name in names:
                self.text.append(f"{_label(n, name)}:")
                self.names.append((n, name))
            if not text:
                continue
            mnemonic = _WORD.match(text)
            if mnemonic is None or mnemonic[0].upper() in _REFUSED or text[mnemonic.end() :].lstrip().startswith((":", "=")):
                raise self._wrong(place, f"'{text}' is not supported in a litmus test")
            operands = _WORD.sub(lambda m: _label(n, m[0]) if m[0] in labels else m[0], text[mnemonic.end() :])
            self.text.append(f"at_{len(self.instructions)}:")
            self.text.append(mnemonic[0] + operands)
            self.places[len(self.text)] = place
            self.instructions.append((n, place, tuple(names), text))

    def _wrong(self, place: tuple[int, int], why: str) -> ConfigError:
        return ConfigError(f"{self.path}:{place[0]}:{place[1]}: {why}", "litmus")

    def assembled(self) -> Code:
        # What must be known of the program stands at its end: the linker writes it as bytes.
        symbols = [f"{kind}_{n}" for kind in ("code", "vectors") for n in self.ids]
        symbols += [_label(n, name) for n, name in self.names] + [f"at_{i}" for i in range(len(self.instructions))]
        self.text += [".balign 8", *(f".quad {symbol}" for symbol in symbols), ""]
        assembler, linker = _tools()
        with tempfile.TemporaryDirectory(prefix="bbmsim-litmus-") as folder:
            where = Path(folder)
            (where / "t.s").write_text("\n".join(self.text), encoding="ascii")
            done = _run([assembler, "-march=armv8.6-a", "-o", "t.o", "t.s"], where)
            if done.returncode:
                raise self._assembler_error(done.stderr)
            done = _run([linker, "-N", "-Ttext", hex(layout.CODE), "-e", "_start", "-o", "t.elf", "t.o"], where)
            if done.returncode:
                raise self._linker_error(done.stderr)
            image = _loaded((where / "t.elf").read_bytes())
        values = [int.from_bytes(image[i : i + 8], "little") for i in range(len(image) - 8 * len(symbols), len(image), 8)]
        address = dict(zip(symbols, values))
        if len(image) > layout.CODE_BYTES:
            raise ConfigError(f"{self.path}: its code takes {len(image)} bytes, and {layout.CODE_BYTES} are there", "litmus")
        lines = {address[f"at_{i}"]: (n, place[0], names) for i, (n, place, names, _) in enumerate(self.instructions)}
        return Code(
            image,
            tuple(address[f"code_{n}"] for n in self.ids),
            tuple(address[f"vectors_{n}"] for n in self.ids),
            {(n, name): address[_label(n, name)] for n, name in self.names},
            lines,
        )

    def _assembler_error(self, messages: str) -> ConfigError:
        for line, why in re.findall(r"^t\.s:(\d+): Error: (.*)$", messages, re.MULTILINE):
            place = self.places.get(int(line))
            if place:
                return self._wrong(place, f"the assembler does not take '{self.text[int(line) - 1]}': {why}")
        return ConfigError(f"{self.path}: the assembler does not take it: {' '.join(messages.split())[:200]}", "litmus")

    def _linker_error(self, messages: str) -> ConfigError:
        missing = re.search(r"undefined reference to `([^']*)'", messages)
        if missing:
            word = re.compile(rf"(?<![\w.$]){re.escape(missing[1])}(?![\w.$])")
            for n, place, _, text in self.instructions:
                if word.search(text):
                    return self._wrong(place, f"'{text}': P{n} has no label {missing[1]}")
        return ConfigError(f"{self.path}: the linker does not take it: {' '.join(messages.split())[:200]}", "litmus")


def _loaded(elf: bytes) -> bytes:
    """The one segment that -N leaves: all sections, beginning with the code."""
    begin = struct.unpack_from("<Q", elf, 0x20)[0]
    offset, address, size = struct.unpack_from("<QQ8xQ", elf, begin + 8)
    return elf[offset + layout.CODE - address : offset + size]


def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, errors="replace")


def _label(process: int, name: str) -> str:
    return f"label_{process}.{name}"


def line_of(code: Code, pc: int) -> int | None:
    """The file's line of an instruction of the test."""
    found = code.lines.get(pc)
    return None if found is None else found[1]


def last_before(code: Code, pc: int) -> tuple[int, int, tuple[str, ...]] | None:
    """The test's last instruction at or before an address: process, line, labels."""
    addresses = sorted(code.lines)
    at = bisect_right(addresses, pc)
    return code.lines[addresses[at - 1]] if at else None
