# SPDX-License-Identifier: Apache-2.0
"""Kernel files of every form that distributions ship, and damaged ones: one line that says what is wrong."""

from __future__ import annotations

import gzip
import random
import struct
from pathlib import Path

import pytest
import zstandard
from bbmsim.errors import ConfigError
from bbmsim.linux.formats import read_image, unpack
from bbmsim.linux.kallsyms import read_kallsyms

_BASE = 0xFFFF_8000_8000_0000
_PE_AT = 64


def raw_image(body: bytes = bytes(4096), *, machine: int = 0xAA64, image_size: int = 0x20_0000, flags: int = 0xA) -> bytes:
    """An arm64 Image with the EFI headers of a distribution's: one section that holds the body."""
    header = b"MZ\x40\xfa" + bytes(4) + struct.pack("<QQQ", 0, image_size, flags) + bytes(24) + b"ARM\x64" + struct.pack("<I", _PE_AT)
    coff = b"PE\0\0" + struct.pack("<HHIIIHH", machine, 1, 0, 0, 0, 0, 0)
    start = len(header) + len(coff) + 40
    section = b".text\0\0\0" + struct.pack("<IIII", len(body), start, len(body), start) + bytes(16)
    return header + coff + section + body


def zboot(payload: bytes, kind: bytes, machine: int = 0xAA64) -> bytes:
    header = b"MZ\0\0zimg" + struct.pack("<II", 128, len(payload)) + bytes(8) + kind.ljust(32, b"\0")
    header = header.ljust(0x3C, b"\0") + struct.pack("<I", _PE_AT)
    return (header + b"PE\0\0" + struct.pack("<H", machine)).ljust(128, b"\0") + payload


@pytest.mark.parametrize(
    "pack, packed",
    [
        (lambda d: d, ()),
        (gzip.compress, ("gzip",)),
        (lambda d: zstandard.ZstdCompressor().compress(d), ("zstd",)),
        (lambda d: zstandard.ZstdCompressor(write_content_size=False).compress(d) + b"\0" * 16, ("zstd",)),
        (lambda d: zboot(gzip.compress(d, mtime=0), b"gzip"), ("zboot", "gzip")),
        (lambda d: zboot(zstandard.ZstdCompressor().compress(d), b"zstd22"), ("zboot", "zstd")),
    ],
    ids=["raw", "gzip", "zstd", "zstd of unknown size", "zboot gzip", "zboot zstd"],
)
def test_every_form_holds_the_same_image(pack, packed, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    body = random.Random(1).randbytes(200_000)
    file = tmp_path / "kernel"
    file.write_bytes(pack(raw_image(body)))
    image = read_image(file)
    assert image.data == raw_image(body)
    assert (image.packed, image.image_size, image.page_size) == (packed, 0x20_0000, 4096)


GOOD = raw_image(random.Random(2).randbytes(5000))
PACKED = zstandard.ZstdCompressor().compress(GOOD)


@pytest.mark.parametrize(
    "data, says",
    [
        (b"", "an empty file"),
        (GOOD[:40], "truncated: 40 bytes"),
        (GOOD[:3000], "truncated: 3000 bytes, a section ends at"),
        (GOOD[:100], "its section table is incomplete"),
        (gzip.compress(GOOD, mtime=0)[:2000], "truncated gzip data"),
        (gzip.compress(GOOD, mtime=0)[:40] + b"\xff" * 400, "damaged gzip data"),
        (PACKED[:2000], "truncated zstd data"),
        (PACKED[:5] + b"\xff" * 400, "damaged zstd data"),
        (zboot(PACKED, b"zstd")[:1000], "its zboot payload ends at"),
        (zboot(PACKED, b"zstd")[:20], "truncated: 20 bytes"),
        (zboot(PACKED, b"gzip"), "not gzip data"),
        (zboot(b"\xfd7zXZ\0" + bytes(90), b"xzkern"), "'xzkern' compression"),
        (zboot(PACKED, b"zstd", machine=0x8664), "for x86-64"),
        (b"BZh9" + bytes(100), "bzip2"),
        (b"\x7fELF\x02\x01" + bytes(12) + b"\x3e\0" + bytes(90), "an ELF file for x86-64"),
        (bytes(0x202) + b"HdrS" + bytes(100), "an x86 kernel"),
        (GOOD[:0x30] + b"RISCV\0\0\0" + b"RSC\x05" + GOOD[0x3C:], "a RISC-V kernel"),
        (bytes(0x24) + b"\x18\x28\x6f\x01" + bytes(100), "a 32-bit Arm kernel"),
        (raw_image(flags=0xB), "big-endian"),
        (raw_image(image_size=1 << 50), "damaged header"),
        (gzip.compress(b"not a kernel at all" * 10, mtime=0), "not an arm64 Image inside gzip"),
        (b"\0" * 4096, "not an arm64 Image"),
    ],
)
def test_what_is_no_kernel_is_said_in_one_line(data: bytes, says: str, tmp_path: Path) -> None:
    file = tmp_path / "kernel"
    file.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        read_image(file)
    message = str(caught.value)
    assert says in message and str(file) in message and "\n" not in message and caught.value.field == "kernel"


def test_a_missing_file_or_a_folder_is_said_in_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(ConfigError, match=r"kernel=.*can't be read"):
            read_image(path)


def test_damage_never_ends_in_another_error() -> None:
    rng = random.Random(3)
    whole = [GOOD, gzip.compress(GOOD, mtime=0), PACKED, zboot(PACKED, b"zstd"), zboot(gzip.compress(GOOD, mtime=0), b"gzip")]
    for _ in range(2000):
        data = bytearray(rng.choice(whole))
        for _ in range(rng.randint(1, 4)):
            data[rng.randrange(min(len(data), 200))] = rng.randrange(256)
        try:
            unpack(bytes(data[: rng.randrange(len(data) + 1)]))
        except ValueError as error:
            assert "\n" not in str(error)


# --- kallsyms: tables made the way scripts/kallsyms.c does

NAMES = [f"Tfunction_{i}_of_{i % 7}" for i in range(1500)]
OFFSETS = [0x1000 + 64 * i for i in range(1500)]


def _pad(data: bytes, to: int) -> bytes:
    return data + bytes(-len(data) % to)


def _parts(to: int) -> tuple[bytes, bytes, bytes, bytes]:
    names, markers = bytearray(), []
    for i, name in enumerate(NAMES):
        if i % 256 == 0:
            markers.append(len(names))
        names += bytes([len(name)]) + name.encode()
    tokens = [bytes([c]) if 0x30 <= c < 0x7B else b"tok%03d" % c for c in range(256)]
    table, index = bytearray(), []
    for token in tokens:
        index.append(len(table))
        table += token + b"\0"
    marks = struct.pack(f"<{len(markers)}I", *markers)
    return _pad(bytes(names), to), _pad(marks, to), _pad(bytes(table), to), struct.pack("<256H", *index)


def table_of(layout: str) -> bytes:
    """An "Image" with the symbols above, pointers that show where it is linked, and noise."""
    to = 4 if layout == "7.3" else 8
    names, marks, table, index = _parts(to)
    count = _pad(struct.pack("<I", len(NAMES)), to)
    offsets = _pad(struct.pack(f"<{len(OFFSETS)}I", *OFFSETS), to)
    pointers = b"".join(struct.pack("<Q", _BASE + 64 * i) for i in range(2000))
    noise = random.Random(4).randbytes(4096)
    head = _pad(raw_image(pointers + noise), 8)
    if layout == "6.1":
        return head + offsets + struct.pack("<Q", _BASE) + count + names + marks + table + index + noise
    if layout == "6.2":
        return head + offsets + struct.pack("<Q", _BASE) + count + names + marks + _pad(bytes(3 * len(NAMES)), 8) + table + index + noise
    before = head + count + names + marks + table + index
    if layout == "7.3":
        before = _pad(before, 4)
        return before + b"".join(struct.pack("<i", o - (len(before) + 4 * i)) for i, o in enumerate(OFFSETS)) + noise
    return before + offsets + struct.pack("<Q", _BASE if layout == "6.12" else 0) + noise


@pytest.mark.parametrize("layout", ["6.1", "6.2", "6.12", "6.12 relocated", "7.3"])
def test_symbols_are_found_in_every_layout(layout: str) -> None:
    data = table_of(layout)
    found = read_kallsyms(data, 0x20_0000)
    assert found is not None and found.base == _BASE
    assert [s.name for s in found.symbols] == [n[1:] for n in NAMES]
    assert [s.address - _BASE for s in found.symbols] == OFFSETS
    assert {s.size for s in found.symbols[:-1]} == {64} and found.symbols[0].kind == "T"


@pytest.mark.parametrize("layout", ["6.1", "6.12", "7.3"])
def test_a_cut_or_damaged_table_gives_nothing(layout: str) -> None:
    data = table_of(layout)
    rng = random.Random(5)
    for end in range(0, len(data) - 4096, 997):
        found = read_kallsyms(data[:end], 0x20_0000)
        assert found is None or len(found.symbols) == len(NAMES)
    for _ in range(200):
        broken = bytearray(data)
        for _ in range(20):
            broken[rng.randrange(len(broken))] = rng.randrange(256)
        read_kallsyms(bytes(broken), 0x20_0000)  # whatever it finds, it comes back
    assert read_kallsyms(raw_image(), 0x20_0000) is None
