# SPDX-License-Identifier: Apache-2.0
"""Source lines of instructions, from the DWARF line table of an ELF file, by addr2line of the binutils."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from . import _core
from .errors import ConfigError

if TYPE_CHECKING:
    from elftools.elf.elffile import ELFFile

_TOOLS = ("aarch64-linux-gnu-addr2line", "llvm-addr2line", "addr2line")
_BANNER = re.compile(rb"Linux version [0-9][\x20-\x7e]{4,300}")
_KERNEL_TREE = re.compile(r".*/linux-[0-9][^/]*/(debian/build/[^/]*/)?")


class SourceLines:
    """Of an ELF whose symbols are `symbols` (name, address, size, physical address, as in Program)."""

    def __init__(self, path: Path, symbols: Sequence[tuple[str, int, int, int]]) -> None:
        self.path = path
        self._ranges = [(min(a for _, a, *_ in symbols), max(a + s for _, a, s, _ in symbols))] if symbols else []
        self._offsets = sorted({physical - address for _, address, _, physical in symbols})

    def find(self, pcs: Iterable[int]) -> dict[int, str]:
        """ "arch/arm64/mm/mmu.c:123" for each PC of which the line is known; of inlined code the line of the function that it
        is in, then its own. Code that runs at its physical address is found too.
        """
        wanted = sorted(set(pcs))
        tool = next((t for t in _TOOLS if shutil.which(t)), None)
        if not wanted or tool is None:
            return {}
        text = "".join(f"{self._linked(pc):#x}\n" for pc in wanted)
        done = subprocess.run([tool, "-a", "-i", "-e", str(self.path)], input=text, capture_output=True, text=True, check=False)
        found: list[list[str]] = []  # for each address, its own line first
        for line in done.stdout.splitlines():
            if line.startswith("0x"):
                found.append([])
                continue
            file, _, number = line.partition(" (")[0].rpartition(":")
            if found and number.isdigit() and int(number) and not file.startswith("?"):
                found[-1].append(f"{_shortened(file)}:{number}")
        inlined = (f"{lines[-1]}, inlined {lines[0]}" if len(lines) > 1 else "".join(lines) for lines in found)
        return {pc: text for pc, text in zip(wanted, inlined) if text}

    def _linked(self, pc: int) -> int:
        for low, high in self._ranges:
            if not low <= pc < high:
                for offset in self._offsets:
                    if low <= pc - offset < high:
                        return pc - offset
        return pc


def _shortened(file: str) -> str:
    """Within its source tree, where that is known."""
    plain = os.path.normpath(file)
    root = os.path.join(_core.source_dir, "")
    plain = plain.removeprefix(root)
    if not os.path.isabs(plain):  # the compiler's folder may be before a name that is within the tree already
        parts = plain.split(os.sep)
        tails = (os.path.join(*parts[i:]) for i in range(len(parts)))
        return next((t for t in tails if os.path.exists(root + t)), os.path.join(*parts))
    return _KERNEL_TREE.sub("", plain)


def has_lines(path: Path) -> bool:
    """Whether the file is an ELF with a DWARF line table."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as file:
            return file.read(4) == b"\x7fELF" and ELFFile(file).get_section_by_name(".debug_line") is not None
    except (OSError, ELFError, KeyError, ValueError, UnicodeDecodeError):
        return False


def check_vmlinux(path: Path, image: bytes) -> None:
    """Raises a ConfigError if it is no vmlinux with source lines, or one of another build than the Image."""
    from elftools.common.exceptions import ELFError
    from elftools.elf.elffile import ELFFile

    try:
        with path.open("rb") as file:
            if file.read(4) != b"\x7fELF":
                raise ConfigError(f"vmlinux={path}: not an ELF file", "vmlinux")
            elf = ELFFile(file)
            if elf.header["e_machine"] != "EM_AARCH64":
                raise ConfigError(f"vmlinux={path}: not built for AArch64", "vmlinux")
            if elf.get_section_by_name(".debug_line") is None:
                raise ConfigError(f"vmlinux={path}: has no source lines (.debug_line); the -dbg package's has", "vmlinux")
            build_id = _build_id(elf)
    except OSError as error:
        raise ConfigError(f"vmlinux={path}: can't be read ({error.strerror})", "vmlinux") from None
    except (ELFError, KeyError, ValueError, UnicodeDecodeError) as error:
        raise ConfigError(f"vmlinux={path}: damaged ELF file ({str(error) or type(error).__name__})", "vmlinux") from None
    if not any(shutil.which(tool) for tool in _TOOLS):
        raise ConfigError("vmlinux: source lines need addr2line; install binutils-aarch64-linux-gnu", "vmlinux")
    own, other = _banner(image), _banner(path.read_bytes()) if build_id is None or build_id not in image else None
    if build_id is not None and build_id in image:
        return
    if build_id is not None or own is None or own != other:
        words = f"{other or 'without a version'}; the Image is {own or 'without a version'}"
        raise ConfigError(f"vmlinux={path}: of another build than the Image ({words})", "vmlinux")


def _build_id(elf: ELFFile) -> bytes | None:
    from elftools.elf.sections import NoteSection

    for section in elf.iter_sections():
        if isinstance(section, NoteSection):
            for note in section.iter_notes():
                if note["n_type"] == "NT_GNU_BUILD_ID":
                    return bytes.fromhex(note["n_desc"])
    return None


def _banner(data: bytes) -> str | None:
    found = _BANNER.search(data)
    return None if found is None else found[0].decode("ascii").split(" (")[0]
