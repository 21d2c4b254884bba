# SPDX-License-Identifier: Apache-2.0
"""Kernel symbols in the user's cache folder: reading them out of an Image takes longer than all else before a boot.

A file for each Image, named by the hash of its contents. One that is damaged, or of another format, is as none; where it can't be written the symbols are read out of the Image each time.
"""

from __future__ import annotations

import hashlib
import struct
import sys
import zlib
from array import array
from pathlib import Path

from ..errors import ConfigError
from ..files import write_whole
from .apt import cache_folder
from .kernel_symbols import KernelSymbols

_MAGIC = b"bbmsim symbols 1\n"  # another number for another format, or for symbols read otherwise
_CHECK = struct.Struct("<I")  # CRC-32 of all that follows
_HEADER = struct.Struct("<QQQ")  # base, symbols, bytes of names


def symbols_of(image: bytes, image_size: int, folder: Path | None = None) -> KernelSymbols | None:
    """kallsyms.read_kallsyms() without mapping symbols, from `folder` (the cache's) if it is there."""
    key = hashlib.sha256(image).hexdigest()
    place = (cache_folder() if folder is None else folder) / "symbols" / f"{key}-{image_size:x}"
    found = _load(place)
    if found is None:
        from .kallsyms import read_kallsyms  # brings numpy

        found = read_kallsyms(image, image_size)
        if found is not None:
            found = found.named()
            _save(place, found)
    return found


def _load(place: Path) -> KernelSymbols | None:
    try:
        data = place.read_bytes()
    except OSError:
        return None
    begin = len(_MAGIC) + _CHECK.size
    at = begin + _HEADER.size
    if not data.startswith(_MAGIC) or len(data) < at:
        return None
    if _CHECK.unpack_from(data, len(_MAGIC))[0] != zlib.crc32(memoryview(data)[begin:]):
        return None
    base, count, names = _HEADER.unpack_from(data, begin)
    kinds = at + names
    numbers = array("Q", data[kinds + count :])
    if sys.byteorder == "big":
        numbers.byteswap()
    return KernelSymbols(
        base, data[at:kinds].decode(), data[kinds : kinds + count].decode(), numbers[:count], numbers[count:]
    )


def _save(place: Path, found: KernelSymbols) -> None:
    numbers = found.addresses + found.sizes
    if sys.byteorder == "big":
        numbers.byteswap()
    names = found.text.encode()
    body = _HEADER.pack(found.base, len(found.kinds), len(names)) + names + found.kinds.encode() + numbers.tobytes()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, _MAGIC + _CHECK.pack(zlib.crc32(body)) + body)
    except (OSError, ConfigError):
        return  # a cache that can't be written to
