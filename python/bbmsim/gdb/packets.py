# SPDX-License-Identifier: Apache-2.0
"""Framing: bytes of the connection to packets and back. Takes anything; what is no packet is dropped."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

MAX_PACKET = 0x4000  #: bytes between `$` and `#`, as told to GDB by qSupported
_ESCAPED = frozenset(b"#$*}")


class Packet(NamedTuple):
    data: bytes  #: unescaped


class Interrupt(NamedTuple):
    """The byte 0x03 between packets: Ctrl-C."""


class Damaged(NamedTuple):
    """A packet with a wrong checksum, or longer than MAX_PACKET."""


Item = Packet | Interrupt | Damaged


class Framer:
    """Feed it what arrives; `next()` gives what was complete. Acknowledgements are swallowed."""

    def __init__(self) -> None:
        self._items: deque[Item] = deque()
        self._body: bytearray | None = None  # of the packet that has begun
        self._checksum: bytearray | None = None

    def feed(self, data: bytes) -> None:
        for byte in data:
            if self._body is None:
                if byte == 0x24:
                    self._body = bytearray()
                elif byte == 0x03:
                    self._items.append(Interrupt())
            elif self._checksum is not None:
                self._checksum.append(byte)
                if len(self._checksum) == 2:
                    self._complete(self._body, bytes(self._checksum))
            elif byte == 0x23:
                self._checksum = bytearray()
            elif byte == 0x24:  # begins anew: the end of the last one was lost
                self._items.append(Damaged())
                self._body = bytearray()
            elif len(self._body) <= MAX_PACKET:  # of a longer one the rest is not kept
                self._body.append(byte)

    def next(self) -> Item | None:
        return self._items.popleft() if self._items else None

    def take_interrupt(self) -> bool:
        """Removes what has arrived up to and including the first interrupt, if there is one."""
        if not any(isinstance(item, Interrupt) for item in self._items):
            return False
        while not isinstance(self._items.popleft(), Interrupt):
            pass
        return True

    def _complete(self, body: bytearray, checksum: bytes) -> None:
        self._body = self._checksum = None
        try:
            right = int(checksum, 16) == sum(body) & 0xFF and len(body) <= MAX_PACKET
        except ValueError:
            right = False
        self._items.append(Packet(unescape(bytes(body))) if right else Damaged())


def unescape(body: bytes) -> bytes:
    if b"}" not in body:
        return body
    out = bytearray()
    escape = 0
    for byte in body:
        if byte == 0x7D and not escape:
            escape = 0x20
            continue
        out.append(byte ^ escape)
        escape = 0
    return bytes(out)


def frame(data: bytes) -> bytes:
    """`$data#checksum`, escaped."""
    body = bytearray()
    for byte in data:
        body += bytes((0x7D, byte ^ 0x20)) if byte in _ESCAPED else bytes((byte,))
    return b"$%b#%02x" % (bytes(body), sum(body) & 0xFF)
