# SPDX-License-Identifier: Apache-2.0
"""An initial RAM disk in the newc format (Documentation/driver-api/early-userspace/buffer-format.rst). The same files
give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .. import _core
from ..errors import BbmsimError

_DIRECTORY, _CHARACTER_DEVICE, _FILE = 0o040000, 0o020000, 0o100000


@dataclass(frozen=True)
class Node:
    name: str  #: without a leading slash
    mode: int
    data: bytes = b""
    device: tuple[int, int] = (0, 0)


def pack(nodes: Iterable[Node]) -> bytes:
    out = bytearray()
    for number, node in enumerate([*nodes, Node("TRAILER!!!", 0)], 1):
        name = node.name.encode() + b"\0"
        links = 2 if node.mode & _DIRECTORY == _DIRECTORY else 1
        fields = (number, node.mode, 0, 0, links, 0, len(node.data), 0, 0, *node.device, len(name), 0)
        out += b"070701" + b"".join(b"%08X" % f for f in fields) + name
        out += bytes(-len(out) % 4) + node.data
        out += bytes(-len(out) % 4)
    return bytes(out)


def default_initrd() -> bytes:
    """/init of workloads/linux, and the console that the kernel opens for it."""
    init = Path(_core.build_dir) / "workloads" / "linux" / "init"
    try:
        program = init.read_bytes()
    except OSError as error:
        raise BbmsimError(f"initrd: {init} can't be read ({error.strerror}); build the project with scripts/build") from None
    return pack(
        [
            Node("dev", _DIRECTORY | 0o755),
            Node("dev/console", _CHARACTER_DEVICE | 0o600, device=(5, 1)),
            Node("init", _FILE | 0o755, program),
        ]
    )
