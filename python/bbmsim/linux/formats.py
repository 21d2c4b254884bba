# SPDX-License-Identifier: Apache-2.0
"""A kernel file down to the arm64 boot Image inside: raw, gzip, zstd, or an EFI zboot file around one of these.

The header is that of Documentation/arch/arm64/booting.rst; zboot's that of drivers/firmware/efi/libstub/zboot-header.S.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from ..errors import ConfigError

HEADER_BYTES = 64
_MOST_BYTES = 1 << 30  # unpacked; a kernel is some tens of MiB
_GZIP, _ZSTD, _ZBOOT = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"zimg"
_OTHER_PACKERS = {b"BZh": "bzip2", b"\x04\x22\x4d\x18": "LZ4", b"\x02\x21\x4c\x18": "LZ4", b"\xfd7zXZ\0": "XZ", b"\x5d\0\0": "LZMA"}
_EM = {0x03: "x86 (32 bit)", 0x28: "32-bit Arm", 0x3E: "x86-64", 0xF3: "RISC-V", 0xB7: "AArch64"}
_PE_MACHINE = {0x8664: "x86-64", 0x014C: "x86 (32 bit)", 0x01C0: "32-bit Arm", 0x01C2: "32-bit Arm", 0x5064: "RISC-V"}


@dataclass(frozen=True)
class Image:
    """An arm64 boot Image and what its header says."""

    data: bytes
    text_offset: int  #: from a 2 MiB boundary
    image_size: int  #: memory it takes, bss included; at least len(data)
    flags: int
    packed: tuple[str, ...]  #: what was around it, outermost first: "zboot", "gzip", "zstd"

    @property
    def page_size(self) -> int | None:
        """4096, 16384, 65536, or None if the header doesn't say."""
        return (None, 4096, 16384, 65536)[self.flags >> 1 & 3]


def read_image(path: Path, field: str = "kernel") -> Image:
    """Reads, unpacks and checks; raises a ConfigError of one line that names `field` and the file."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{field}={path}: can't be read ({error.strerror})", field) from None
    try:
        return unpack(data)
    except ValueError as error:
        raise ConfigError(f"{field}={path}: {error}", field) from None


def unpack(data: bytes) -> Image:
    """The Image in `data`; raises ValueError."""
    packed: list[str] = []
    while True:
        if data[:3] == _GZIP:
            packed.append("gzip")
            data = _gunzip(data)
        elif data[:4] == _ZSTD:
            packed.append("zstd")
            data = _unzstd(data)
        elif data[:2] == b"MZ" and data[4:8] == _ZBOOT:
            packed.append("zboot")
            data = _zboot_payload(data)
        else:
            break
        if len(packed) > 3:
            raise ValueError("packed more than three times: not a kernel")
    return _image(data, tuple(packed))


def _image(data: bytes, packed: tuple[str, ...]) -> Image:
    inside = f" inside {' in '.join(reversed(packed))}" if packed else ""
    if not data:
        raise ValueError(f"an empty file{inside}")
    for magic, name in _OTHER_PACKERS.items():
        if data.startswith(magic):
            raise ValueError(f"{name} compressed{inside}, which is not supported (raw, gzip, zstd or EFI zboot are)")
    if data[:4] == b"\x7fELF":
        machine = int.from_bytes(data[18:20], "little") if len(data) >= 20 else 0
        raise ValueError(f"an ELF file for {_EM.get(machine, f'machine {machine:#x}')}{inside}, not a boot Image")
    if len(data) < HEADER_BYTES and (data[:2] == b"MZ" or not packed):
        raise ValueError(f"truncated: {len(data)} bytes{inside}, the header of an arm64 Image has {HEADER_BYTES}")
    if data[0x38:0x3C] != b"ARM\x64":
        raise ValueError(f"{_what_else(data)}{inside} (no 'ARM\\x64' at 0x38)")
    text_offset, image_size, flags = struct.unpack_from("<QQQ", data, 8)
    if flags & 1:
        raise ValueError(f"a big-endian kernel{inside}; this board is little-endian")
    if image_size == 0:  # before 3.17
        text_offset, image_size = 0x8_0000, len(data)
    if image_size > _MOST_BYTES or text_offset >= 2 << 20:
        raise ValueError(f"damaged header{inside}: text_offset={text_offset:#x}, image_size={image_size:#x}")
    _check_complete(data, inside)
    return Image(data, text_offset, max(image_size, len(data)), flags, packed)


def _what_else(data: bytes) -> str:
    if data[0x202:0x206] == b"HdrS":
        return "an x86 kernel, not an arm64 Image"
    if len(data) > 0x30 and data[0x30:0x38] == b"RISCV\0\0\0":
        return "a RISC-V kernel, not an arm64 Image"
    if len(data) > 0x28 and data[0x24:0x28] == b"\x18\x28\x6f\x01":
        return "a 32-bit Arm kernel, not an arm64 Image"
    machine = _pe_machine(data)
    if machine in _PE_MACHINE:
        return f"an EFI program for {_PE_MACHINE[machine]}, not an arm64 Image"
    return "not an arm64 Image"


def _pe_offset(data: bytes) -> int | None:
    if data[:2] != b"MZ" or len(data) < HEADER_BYTES:
        return None
    at = int.from_bytes(data[0x3C:0x40], "little")
    return at if at and data[at : at + 4] == b"PE\0\0" else None


def _pe_machine(data: bytes) -> int | None:
    at = _pe_offset(data)
    return None if at is None else int.from_bytes(data[at + 4 : at + 6], "little")


def _check_complete(data: bytes, inside: str) -> None:
    """A kernel with an EFI stub lists its sections: all their bytes must be there."""
    at = _pe_offset(data)
    if at is None:
        return
    if at + 24 > len(data):
        raise ValueError(f"truncated{inside}: its EFI header is incomplete")
    sections, optional = struct.unpack_from("<H", data, at + 6)[0], struct.unpack_from("<H", data, at + 20)[0]
    table = at + 24 + optional
    for i in range(sections):
        if table + (i + 1) * 40 > len(data):
            raise ValueError(f"truncated{inside}: its section table is incomplete")
        size, start = struct.unpack_from("<II", data, table + i * 40 + 16)
        if start + size > len(data):
            raise ValueError(f"truncated{inside}: {len(data)} bytes, a section ends at {start + size}")


def _gunzip(data: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=31)
    try:
        out = unpacker.decompress(data, _MOST_BYTES)
    except zlib.error as error:
        raise ValueError(f"damaged gzip data ({error})") from None
    if not unpacker.eof:
        raise ValueError("more than 1 GiB unpacked: not a kernel" if unpacker.unconsumed_tail else "truncated gzip data")
    return out


def _unzstd(data: bytes) -> bytes:
    import zstandard

    unpacker = zstandard.ZstdDecompressor(max_window_size=1 << 27).decompressobj()
    out = bytearray()
    try:
        for at in range(0, len(data), 1 << 16):
            out += unpacker.decompress(data[at : at + (1 << 16)])
            if len(out) > _MOST_BYTES:
                raise ValueError("more than 1 GiB unpacked: not a kernel")
            if unpacker.eof:
                return bytes(out)
    except zstandard.ZstdError as error:
        raise ValueError(f"damaged zstd data ({error})") from None
    raise ValueError("truncated zstd data")


def _zboot_payload(data: bytes) -> bytes:
    if len(data) < HEADER_BYTES:
        raise ValueError(f"truncated: {len(data)} bytes, the header of an EFI zboot file has {HEADER_BYTES}")
    start, size = struct.unpack_from("<II", data, 8)
    kind = data[24:56].split(b"\0", 1)[0].decode("ascii", "replace")
    if start + size > len(data):
        raise ValueError(f"truncated: {len(data)} bytes, its zboot payload ends at {start + size}")
    machine = _pe_machine(data)
    if machine in _PE_MACHINE:
        raise ValueError(f"an EFI zboot file for {_PE_MACHINE[machine]}, not for AArch64")
    payload = data[start : start + size]
    if kind == "gzip" and payload[:3] == _GZIP or kind.startswith("zstd") and payload[:4] == _ZSTD:
        return payload
    if kind in ("gzip", "zstd", "zstd22"):
        raise ValueError(f"damaged: its zboot payload is not {kind} data")
    raise ValueError(f"an EFI zboot file with {kind!r} compression, which is not supported (gzip and zstd are)")
