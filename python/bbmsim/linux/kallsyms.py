# SPDX-License-Identifier: Apache-2.0
"""Symbols out of a kernel Image itself: the table that scripts/kallsyms.c puts into .rodata.

Layouts, as found in the Images of 6.1 to 7.3:
  6.1 to 6.3   offsets, relative_base, num_syms, names, markers, [seqs,] token_table, token_index
  since 6.4    num_syms, names, markers, token_table, token_index, offsets, relative_base, seqs
  7.3          the same, but each offset is relative to its own place, there is no relative_base, and parts are aligned
               to 4 bytes instead of 8
Found by shape: the token table holds the digits as tokens of their own and its index repeats its lengths; everything
else is found and checked from there. Nothing depends on a version number.
"""

from __future__ import annotations

import re
import struct
from array import array
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .kernel_symbols import KernelSymbols

_DIGITS = b"".join(b"%d\0" % i for i in range(10))
_MARKED = 256  # every 256th name has a marker
_LARGEST_NAME = 512
_R_AARCH64_RELATIVE = 0x403


def read_kallsyms(data: bytes, image_size: int) -> KernelSymbols | None:
    """The symbols in an unpacked Image; None if it was built without, or in a layout that is not known."""
    for table, index in _token_tables(data):
        tokens = [bytes(t) for t in data[table:index].split(b"\0")[:256]]
        if len(tokens) < 256:
            continue
        for names, count, aligned, marks in _names(data, table):
            read = _addresses(data, names, count, _align(index + 512, aligned), image_size)
            if read is None:
                continue
            base, addresses = read
            texts = _decode(data[names:table], marks, count, tokens)
            if texts is None:
                continue
            return _sized(texts, addresses, base, image_size)
    return None


def _align(at: int, to: int = 8) -> int:
    return (at + to - 1) & ~(to - 1)


def _token_tables(data: bytes) -> Iterator[tuple[int, int]]:
    """Where the token table begins, and its index."""
    for match in re.finditer(re.escape(_DIGITS), data):
        at = match.start()
        end, lengths = at, []
        for _ in range(256 - 0x30):
            stop = data.find(b"\0", end, end + _LARGEST_NAME)
            if stop < 0:
                break
            lengths.append(stop + 1 - end)
            end = stop + 1
        if len(lengths) < 256 - 0x30:
            continue
        for index in (_align(end), _align(end, 4), _align(end, 2)):
            if index + 512 > len(data):
                continue
            values = struct.unpack_from("<256H", data, index)
            follows = all(values[0x30 + i + 1] - values[0x30 + i] == lengths[i] for i in range(len(lengths) - 1))
            if values[0] == 0 and follows and all(a < b for a, b in zip(values, values[1:])):
                yield at - values[0x30], index
                break


def _names(data: bytes, table: int) -> Iterator[tuple[int, int, int, NDArray[np.int64]]]:
    """Where the names begin, how many there are, to what the parts are aligned, and the markers: these precede the token
    table, and the names them.
    """
    for start, last, blocks in _markers(data, table):
        marks = np.frombuffer(data, dtype="<u4", count=blocks, offset=start).astype(np.int64)
        for found in _names_before(data, start, last, blocks):
            yield *found, marks


def _names_before(data: bytes, start: int, last: int, blocks: int) -> Iterator[tuple[int, int, int]]:
    furthest = max(8, start - last - _MARKED * _LARGEST_NAME)
    nearest = (start - last) & ~3
    if nearest < furthest:
        return
    first = (furthest - 8 + 3) & ~3
    words = np.frombuffer(data[first:nearest], dtype="<u4").astype(np.int64)
    far, near = words[:-1], words[1:]  # the two before each place
    counts = np.where(near != 0, near, far)
    for i in np.flatnonzero((counts + _MARKED - 1) // _MARKED == blocks)[::-1].tolist():
        at, count, aligned = first + 4 * i + 8, int(counts[i]), 4 if near[i] else 8
        if _names_end(data, at + last, count, blocks, start):
            yield at, count, aligned


def _names_end(data: bytes, at: int, count: int, blocks: int, markers: int) -> bool:
    """Whether the names behind the last marker end where the markers begin."""
    for _ in range(count - (blocks - 1) * _MARKED):
        length, skip = _entry_length(data, at)
        at += skip + length
        if length == 0 or at > markers:
            return False
    return markers - at < 8


def _markers(data: bytes, table: int) -> Iterator[tuple[int, int, int]]:
    """Start of the markers, the last of them, how many: 0 and rising, up to the token table, or up to three bytes for
    each name before it (the seqs of 6.2 and 6.3).
    """
    window = max(0, (table & ~3) - (4 << 20))
    words = np.frombuffer(data[window : table & ~3], dtype="<u4").astype(np.int64)
    if len(words) < 3:
        return
    steps = np.diff(words)
    breaks = np.append(np.flatnonzero((steps <= 0) | (steps >= _MARKED * _LARGEST_NAME)), len(words) - 1)
    first = np.append(0, breaks[:-1] + 1)  # runs are [first, breaks]
    for begin, end in zip(first[words[first] == 0].tolist(), breaks[words[first] == 0].tolist()):
        blocks, behind = end - begin + 1, table - (window + (end + 1) * 4)
        seqs = 3 * _MARKED
        if blocks > 1 and (behind < 8 or seqs * (blocks - 1) < behind < seqs * blocks + 16):
            yield window + begin * 4, int(words[end]), blocks


def _entry_length(data: bytes, at: int) -> tuple[int, int]:
    """Bytes of a name, and bytes of its length field: two if the first has bit 7 (names over 127 tokens)."""
    first = data[at]
    return (first, 1) if first < 0x80 else (first & 0x7F | data[at + 1] << 7, 2)


def _decode(data: bytes, marks: NDArray[np.int64], count: int, tokens: list[bytes]) -> list[str] | None:
    """Names from the beginning of `data`; `marks` say where every 256th begins. None: damaged, they lead elsewhere."""
    text = np.frombuffer(data + b"\0\0", dtype=np.uint8).astype(np.int64)
    starts = np.zeros((len(marks), _MARKED), dtype=np.int64)
    lengths = np.zeros_like(starts)
    at = marks.copy()
    for i in range(_MARKED):  # the i-th name of every block at once
        at = np.minimum(at, len(data))
        first = text[at]
        long = first >= 0x80
        lengths[:, i] = np.where(long, first & 0x7F | text[at + 1] << 7, first)
        starts[:, i] = at + 1 + long
        at = starts[:, i] + lengths[:, i]
        if i == (count - 1) % _MARKED and at[-1] > len(data):
            return None
    if not np.array_equal(at[:-1], marks[1:]):
        return None
    begins, sizes = starts.ravel()[:count], lengths.ravel()[:count]
    # Each name's token numbers, and behind them that of a line end, become text all at once.
    ends = np.cumsum(sizes)
    numbers = text[np.arange(int(ends[-1])) + np.repeat(begins - (ends - sizes), sizes)]
    texts = [t.decode("ascii", "replace").replace("\n", "?") for t in tokens] + ["\n"]
    return "".join(map(texts.__getitem__, np.insert(numbers, ends, _MARKED).tolist())).split("\n")[:-1]


def _addresses(data: bytes, names: int, count: int, after: int, image_size: int) -> tuple[int, NDArray[np.int64]] | None:
    """The address of the Image's first byte, and how far behind it each symbol is."""
    linked_at = _linked_at(data)
    before = names - 16 - _align(4 * count)
    for at in (after, before):
        if at < 0 or at + 4 * count + 8 > len(data) or not linked_at:
            continue
        fixed = np.frombuffer(data, dtype="<u4", count=count, offset=at).astype(np.int64)
        if _plausible(fixed, image_size):
            base_at = names - 16 if at == before else _align(at + 4 * count)
            relative_to = int.from_bytes(data[base_at : base_at + 8], "little") or _relocated(data, linked_at + base_at)
            return linked_at, fixed + (relative_to - linked_at if linked_at <= relative_to < linked_at + image_size else 0)
        signed = np.frombuffer(data, dtype="<i4", count=count, offset=at).astype(np.int64)
        moving = signed + 4 * np.arange(count) + at
        if _plausible(moving, image_size):
            return linked_at, moving
    return None


def _relocated(data: bytes, address: int) -> int:
    """The value that an R_AARCH64_RELATIVE entry gives to the word at `address`; 0 if there is none."""
    entry = data.find(struct.pack("<QQ", address, _R_AARCH64_RELATIVE))
    return int.from_bytes(data[entry + 16 : entry + 24], "little") if entry >= 0 else 0


def _plausible(offsets: NDArray[np.int64], image_size: int) -> bool:
    """Sorted, from the Image's start, most of them inside it."""
    inside = int(np.count_nonzero(offsets <= image_size))
    return int(offsets[0]) >= 0 and bool(np.all(offsets[1:] >= offsets[:-1])) and inside > len(offsets) // 2


def _linked_at(data: bytes) -> int:
    """The address of the Image's first byte, where it is not written anywhere: the 128 MiB (MODULES_END is a multiple of
    that, and an Image is smaller) into which most pointers in the Image go, be they in place or relocation entries.
    """
    words = np.frombuffer(data[: len(data) & ~7], dtype="<u8")
    regions = words[(words >= np.uint64(0xFFFF_0000_0000_0000)) & (words < np.uint64(0xFFFF_FFFF_F000_0000))] >> np.uint64(27)
    if not len(regions):
        return 0
    found, votes = np.unique(regions, return_counts=True)
    return int(found[votes.argmax()]) << 27


def _sized(names: list[str], offsets: NDArray[np.int64], base: int, image_size: int) -> KernelSymbols:
    """Each as large as the way to the next address at which there is one, or to the Image's end."""
    ends = np.append(np.unique(offsets), image_size)
    after = np.minimum(ends[np.searchsorted(ends[:-1], offsets, side="right")], image_size)
    named = np.fromiter(map(len, names), dtype=np.int64, count=len(names)) >= 2
    kept = np.flatnonzero((offsets < image_size) & named)
    # By way of uint64, which holds kernel addresses.
    addresses = np.uint64(base) + offsets[kept].astype(np.uint64)
    chosen = [names[i] for i in kept.tolist()]
    return KernelSymbols(
        base,
        "\n".join([n[1:] for n in chosen]),
        "".join([n[0] for n in chosen]),
        array("Q", addresses.tobytes()),
        array("Q", (after - offsets)[kept].astype(np.uint64).tobytes()),
    )
