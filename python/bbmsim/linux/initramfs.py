# SPDX-License-Identifier: Apache-2.0
"""An initial RAM disk in the newc format (Documentation/driver-api/early-userspace/buffer-format.rst). The same files
give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

DIRECTORY, CHARACTER_DEVICE, FILE = 0o040000, 0o020000, 0o100000


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
        links = 2 if node.mode & DIRECTORY == DIRECTORY else 1
        fields = (number, node.mode, 0, 0, links, 0, len(node.data), 0, 0, *node.device, len(name), 0)
        out += b"070701" + b"".join(b"%08X" % f for f in fields) + name
        out += bytes(-len(out) % 4) + node.data
        out += bytes(-len(out) % 4)
    return bytes(out)
