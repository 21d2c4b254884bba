# SPDX-License-Identifier: Apache-2.0
"""Snapshots: the file that Simulation.save() writes and resume() reads, and what of a simulation is Python's own.

A file is the line "bbmsim snapshot", a header of JSON with its length and CRC, and one zstd frame: a JSON text of the
Python side's state, and the bytes of the extension's. Only a build whose state is laid out the same can read it.
"""

from __future__ import annotations

import dataclasses
import json
import struct
import zlib
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import _core, config
from .config import Board
from .errors import ConfigError
from .files import write_whole
from .linux.kernel_symbols import KernelSymbols
from .linux.userspace import UserSpace
from .linux.workload import LinuxWorkload
from .workload import Workload

MAGIC = b"bbmsim snapshot\n"
VERSION = 2  # of the header, the board, the workload and what simulation.py saves; the extension's part has a digest of its own
_LENGTHS = struct.Struct("<III")  # version, bytes of the header, its CRC-32
_INNER = struct.Struct("<Q")  # bytes of the Python side's state
_LEVEL = 3  # of zstd
_PATHS = ("initrd", "dtb", "vmlinux")


@dataclass(frozen=True)
class State:
    """Everything of a simulation at a moment."""

    board: Board
    workload: Workload
    python: dict[str, Any]  #: seed, pokes and so on; plain values
    core: bytes  #: the extension's


def workload_to_dict(workload: Workload) -> dict[str, Any]:
    out: dict[str, Any] = {
        "name": workload.name,
        "kind": workload.kind,
        "path": str(workload.path),
        "parameters": dict(workload.parameters),
        "overlays": {name: (symbol, contents.hex()) for name, (symbol, contents) in workload.overlays.items()},
    }
    if isinstance(workload, LinuxWorkload):
        out["linux"] = {
            "append": workload.append,
            "wanted": workload.wanted,
            "user_space": workload.user_space and workload.user_space.title,
            **{name: None if (path := getattr(workload, name)) is None else str(path) for name in _PATHS},
        }
    return out


def workload_from_dict(saved: Mapping[str, Any], symbols: list[str]) -> Workload:
    """Files are read again for source lines only; a kernel's names come from the snapshot."""
    common = (saved["name"], saved["kind"], Path(saved["path"]), saved["parameters"])
    overlays = {name: (symbol, bytes.fromhex(contents)) for name, (symbol, contents) in saved["overlays"].items()}
    linux = saved.get("linux")
    if linux is None:
        return Workload(*common, overlays=overlays)
    initrd, dtb, vmlinux = (None if linux[name] is None else Path(linux[name]) for name in _PATHS)
    title = linux["user_space"]
    user_space = None if title is None else UserSpace(title, b"")
    workload = LinuxWorkload(
        *common, append=linux["append"], wanted=linux["wanted"], user_space=user_space, initrd=initrd, dtb=dtb, vmlinux=vmlinux
    )
    workload.__dict__["kernel_symbols"] = KernelSymbols(0, "\n".join(symbols), "", array("Q"), array("Q")) if symbols else None
    return workload


def board_to_dict(board: Board) -> dict[str, Any]:
    return {**board.to_dict(), "memory": board.memory}


def board_from_dict(saved: Mapping[str, Any]) -> Board:
    fields: dict[str, Any] = {name: value for name, value in saved.items() if name != "memory_bytes"}
    fields["cores"] = [config.from_dict(config.Core, c) for c in saved["cores"]]
    return config.from_dict(Board, fields)


def write(path: str | Path, state: State) -> None:
    """Whole or not at all."""
    import zstandard

    inner = json.dumps(state.python).encode()
    packed = zstandard.ZstdCompressor(level=_LEVEL, write_checksum=True).compress(b"".join((_INNER.pack(len(inner)), inner, state.core)))
    header = json.dumps(
        {
            "bbmsim": _core.version,
            "layout": _core.state_layout,
            "board": board_to_dict(state.board),
            "workload": workload_to_dict(state.workload),
            "simulated_ps": state.python["now_ps"],
            "bytes": len(packed),
            "crc": zlib.crc32(packed),
        }
    ).encode()
    write_whole(path, b"".join((MAGIC, _LENGTHS.pack(VERSION, len(header), zlib.crc32(header)), header, packed)), "save-at")


def read(path: str | Path, field: str = "resume") -> State:
    """Raises ConfigError that says why the file is none of ours."""
    import zstandard

    def wrong(why: str) -> ConfigError:
        return ConfigError(f"{field}={path}: {why}", field)

    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise wrong(f"can't be read ({error.strerror})") from None
    if not data.startswith(MAGIC):
        raise wrong("truncated" if data and MAGIC.startswith(data) else "not a snapshot")
    start = len(MAGIC) + _LENGTHS.size
    if len(data) < start:
        raise wrong("truncated: its header is incomplete")
    version, size, crc = _LENGTHS.unpack_from(data, len(MAGIC))
    if version != VERSION:
        raise wrong(f"a snapshot of format {version}; this is bbmsim {_core.version}, which reads format {VERSION}")
    if len(data) < start + size:
        raise wrong("truncated: its header is incomplete")
    if zlib.crc32(data[start : start + size]) != crc:
        raise wrong("damaged: its header's checksum is wrong")
    header = json.loads(data[start : start + size])
    if header["layout"] != _core.state_layout:
        raise wrong(f"made by another build of bbmsim ({header['bbmsim']}), whose state is laid out differently")
    body = memoryview(data)[start + size :]
    if len(body) < header["bytes"]:
        raise wrong(f"truncated: {len(data)} bytes of {start + size + header['bytes']}")
    if len(body) > header["bytes"]:
        raise wrong(f"damaged: {len(body) - header['bytes']} bytes too many")
    if zlib.crc32(body) != header["crc"]:
        raise wrong("damaged: its checksum is wrong")
    try:
        whole = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompress(body)
    except zstandard.ZstdError as error:
        raise wrong(f"damaged ({error})") from None
    del data, body
    (length,) = _INNER.unpack_from(whole)
    python = json.loads(whole[_INNER.size : _INNER.size + length])
    workload = workload_from_dict(header["workload"], python["symbols"])
    return State(board_from_dict(header["board"]), workload, python, whole[_INNER.size + length :])


def changed(state: State, *, seed: int | None, schedule: str | None, tlb: str | None) -> State:
    """For another future of the same past. Raises ConfigError for what can't begin in the middle of a run."""
    board = state.board
    if schedule is not None:
        board = dataclasses.replace(board, schedule=config.parse_schedule(schedule))
    if tlb is not None:
        cores = config.tlb_mode([dataclasses.replace(c, mmu=dataclasses.replace(c.mmu, nasty=config.Nasty())) for c in board.cores], tlb)
        if any(new.mmu.nasty.retain != old.mmu.nasty.retain for new, old in zip(cores, board.cores)):
            raise ConfigError(f"tlb={tlb}: retain makes other TLBs, which can't begin in the middle of a run", "tlb")
        board = dataclasses.replace(board, cores=cores)
    return dataclasses.replace(state, board=board, python={**state.python, "seed": state.python["seed"] if seed is None else seed})
