# SPDX-License-Identifier: Apache-2.0
"""A Linux kernel as a workload: placed as Documentation/arch/arm64/booting.rst says, with symbols from the Image."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from ..config import Board
from ..errors import ConfigError
from ..loader import RAM_BASE, Program, Symbols
from ..sources import SourceLines, check_vmlinux
from ..workload import PhaseSpec, Workload
from . import facts, formats, kernels, refusals, symbol_cache, userspace
from .kernel_symbols import KernelSymbols

#: what every boot is told first; `append` comes behind it and so wins
DEFAULT_COMMAND_LINE = "earlycon=pl011,0x9000000 console=ttyAMA0 cryptomgr.notests panic=-1"
_ALIGNMENT = 2 << 20
_LONGEST_COMMAND_LINE = 2048  # COMMAND_LINE_SIZE of arm64

#: phases by symbol: accounted where the kernel has the symbol (map_mem is often inlined into paging_init). Text patching
#: by the functions that patch many places, not by the 94,000 writes of one instruction each.
PHASES = (
    PhaseSpec("boot to init", ("primary_entry",), "run_init_process", leave_anywhere=True),
    PhaseSpec("map_mem", ("map_mem",)),
    PhaseSpec("paging_init", ("paging_init",)),
    PhaseSpec(facts.REPAINT, ("linear_map_split_to_ptes",)),
    PhaseSpec("park", ("wait_linear_map_split_to_ptes",)),
    PhaseSpec("kpti", ("__kpti_install_ng_mappings",)),
    PhaseSpec("mark_rodata_ro", ("mark_rodata_ro",)),
    PhaseSpec(
        "text patching",
        (
            "apply_boot_alternatives",
            "apply_alternatives_all",
            "apply_alternatives_module",
            "jump_label_init",
            "__jump_label_update",
            "ftrace_init",
            "ftrace_module_init",
            "ftrace_modify_all_code",
        ),
    ),
    PhaseSpec(facts.LAZY_SPLIT, ("split_kernel_leaf_mapping",)),
    PhaseSpec(refusals.PHASE, (refusals.SYMBOL,)),
)


@dataclass(frozen=True)
class LinuxWorkload(Workload):
    """Make it with linux()."""

    append: str = ""
    initrd: Path | None = None
    dtb: Path | None = None
    wanted: str = ""  #: "busybox", "small", "work" or "": the user space, where `initrd` is None
    user_space: userspace.UserSpace | None = None  #: what was chosen, by on()
    vmlinux: Path | None = None  #: with DWARF: for source lines

    def on(self, board: Board) -> LinuxWorkload:
        """With a user space that the board's cores can run, unless an initial RAM disk was given."""
        if self.initrd is not None or self.user_space is not None:
            return self
        has_fp = all(core.features.fp for core in board.cores)
        chosen = userspace.choose(self.wanted, self.path, has_fp, disk=bool(board.disk.path), say=_quiet)
        workload = dataclasses.replace(self, user_space=chosen)
        for kept in ("image", "kernel_symbols"):  # large, and of the same file
            if kept in self.__dict__:
                workload.__dict__[kept] = self.__dict__[kept]
        return workload

    @property
    def bootargs(self) -> str:
        return f"{DEFAULT_COMMAND_LINE} {self.append}".strip()

    @cached_property
    def image(self) -> formats.Image:
        return formats.read_image(self.path)

    @cached_property
    def kernel_symbols(self) -> KernelSymbols | None:
        return symbol_cache.symbols_of(self.image.data, self.image.image_size)

    def program(self) -> Program:
        """The Image at the first 2 MiB boundary behind the device tree's, the initial RAM disk behind it."""
        image = self.image
        start = RAM_BASE + _ALIGNMENT + image.text_offset
        if self.initrd is not None:
            initrd = _read(self.initrd, "initrd")
        else:
            initrd = (self.user_space or userspace.small()).data
        at = (start + image.image_size + _ALIGNMENT - 1) & ~(_ALIGNMENT - 1)
        segments = ((start, image.data), *(((at, initrd),) if initrd else ()))
        found = self.kernel_symbols
        symbols = Symbols() if found is None else Symbols(found.text, found.addresses, found.sizes, start - found.base)
        dtb = None if self.dtb is None else _read(self.dtb, "dtb")
        return Program(segments, start, symbols, (at, len(initrd)) if initrd else None, dtb)

    def phases(self) -> list[PhaseSpec]:
        """The phases that this kernel can have."""
        if self.kernel_symbols is None:
            return []
        names = self.kernel_symbols
        out = []
        for phase in PHASES:
            enter = tuple(s for s in phase.enter if s in names)
            if enter and (not phase.leave or phase.leave in names):
                out.append(dataclasses.replace(phase, enter=enter))
        return out

    def sources(self) -> SourceLines | None:
        return None if self.vmlinux is None else SourceLines(self.vmlinux, self.program().symbols)

    def facts(
        self, phases: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]], linear_map: Mapping[str, Any], checker: bool
    ) -> dict[str, Any]:
        """What it did with its linear map: the record's `linux`."""
        known = {p.name for p in self.phases()}
        return facts.gather(
            phases, changes, linear_map, symbols=bool(known), repaint_code=facts.REPAINT in known, checker=checker
        )

    def to_dict(self) -> dict[str, Any]:
        user_space = self.user_space and self.user_space.title
        extra = (("initrd", self.initrd), ("user_space", user_space), ("dtb", self.dtb), ("vmlinux", self.vmlinux))
        given = {k: str(v) for k, v in extra if v is not None}
        return {"name": self.name, "kind": self.kind, "path": str(self.path), "parameters": {"command_line": self.bootargs, **given}}


def _quiet(_: str) -> None:
    pass


def _read(path: Path, name: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{name}={path}: can't be read ({error.strerror})", name) from None
    if not data:
        raise ConfigError(f"{name}={path}: is empty", name)
    return data


def linux(
    kernel: str | Path = "6.18",
    *,
    append: str = "",
    initrd: str | Path | None = None,
    dtb: str | Path | None = None,
    vmlinux: str | Path | None = None,
    say: Callable[[str], None] | None = None,
) -> LinuxWorkload:
    """An arm64 Linux kernel: a series or version ("6.18", "6.18.12"), fetched once from the distribution and cached, or a
    file. `append` goes behind the default command line. `initrd` is a file, or the name of a user space that comes with
    bbmsim: "busybox" (needs FP on every core), "small", "work"; without it busybox where it can run and be had, else small.
    `dtb` replaces the generated device tree; `vmlinux`, of a -dbg package, gives findings source lines. Raises
    ConfigError, and BbmsimError if a kernel can't be had.
    """
    for name, text in (("append", append), ("kernel", str(kernel))):
        if not text.isprintable() or (name == "kernel" and not text):
            raise ConfigError(f"{name}={text!r}: one line of printable characters", name)
    if len(f"{DEFAULT_COMMAND_LINE} {append}") >= _LONGEST_COMMAND_LINE:
        raise ConfigError(f"append: {len(append)} characters; the kernel keeps {_LONGEST_COMMAND_LINE - 1} of the whole", "append")
    text = os.fspath(kernel)
    if isinstance(kernel, Path) or "/" in text or Path(text).is_file():
        path, name = Path(text), Path(text).name
    else:
        found = kernels.get(text) if say is None else kernels.get(text, say=say)
        path, name = found.path, f"linux-{found.release}"
    wanted = str(initrd) if initrd in userspace.CHOICES else ""
    disk = None if initrd is None or wanted else Path(initrd)
    workload = LinuxWorkload(
        name, "linux", path, {}, append, disk, None if dtb is None else Path(dtb), wanted,
        vmlinux=None if vmlinux is None else Path(vmlinux),
    )
    workload.image  # a wrong file is found here, before anything is made of it
    if workload.vmlinux is not None:
        check_vmlinux(workload.vmlinux, workload.image.data)
    return workload
