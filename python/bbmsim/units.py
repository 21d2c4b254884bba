# SPDX-License-Identifier: Apache-2.0
"""Sizes and times as people write them."""

from __future__ import annotations

import re

from .errors import ConfigError

_SIZE = re.compile(r"(?i)\s*(0x[0-9a-f]+|[0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(i?b?)\s*")
_SHIFT = {"": 0, "k": 10, "m": 20, "g": 30, "t": 40}
MOST_PS = 10**18  #: of simulated time: eleven days
MOST = 1 << 64  #: for check_whole(): no limit worth naming
_TIME = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(ps|ns|us|ms|s)\s*")
_PS = {"ps": 1, "ns": 10**3, "us": 10**6, "ms": 10**9, "s": 10**12}


def parse_size(value: str | int, field: str = "memory") -> int:
    """Bytes of "4GiB", "1G", "512M", "0x4000_0000" or a number; every unit is a power of 1024."""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise ConfigError(f"{field}={value!r}: a size such as '4GiB' or a number of bytes", field)
    if isinstance(value, int):
        size = value
    else:
        match = _SIZE.fullmatch(value.replace("_", ""))
        if match is None:
            raise ConfigError(f"{field}={value}: not a size; write '4GiB', '512MiB' or a number of bytes", field)
        number, unit, _ = match.groups()
        scale = 1 << _SHIFT[unit.lower()]
        exact = int(number, 16) * scale if number[:2].lower() == "0x" else float(number) * scale
        size = int(exact)
        if size != exact:
            raise ConfigError(f"{field}={value}: not a whole number of bytes", field)
    if size <= 0:
        raise ConfigError(f"{field}={value}: must be more than 0", field)
    return size


def format_size(size: int) -> str:
    """The shortest exact form: 4294967296 -> "4GiB"."""
    for unit, shift in (("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)):
        if size and size % (1 << shift) == 0:
            return f"{size >> shift}{unit}"
    return f"{size}B"


def parse_time(value: str, field: str = "timeout") -> int:
    """Picoseconds of "10s", "500ms", "20us"."""
    match = _TIME.fullmatch(value)
    if match is None:
        raise ConfigError(f"{field}={value}: not a time; write '10s', '500ms', '20us' or '100ns'", field)
    ps = round(float(match.group(1)) * _PS[match.group(2)])
    if ps <= 0:
        raise ConfigError(f"{field}={value}: must be more than 0", field)
    if ps > MOST_PS:
        raise ConfigError(f"{field}={value}: at most {MOST_PS // 10**12}s", field)
    return ps


def time_limit(timeout: str | int | None) -> int:
    """In picoseconds, of a time or of picoseconds; None: no limit."""
    if timeout is None:
        return (1 << 64) - 1
    if isinstance(timeout, str):
        return parse_time(timeout)
    check_whole("timeout", timeout, 1, MOST_PS)
    return timeout


def check_whole(name: str, value: object, least: int, most: int) -> None:
    """Raises ConfigError that names the field, for what is no whole number between these."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise ConfigError(f"{name}={value!r}: a whole number", name)
    if value < least or (value > most and most < MOST):
        said = f"between {least} and {'2^64 - 1' if most == (1 << 64) - 1 else most}" if most < MOST else f"at least {least}"
        raise ConfigError(f"{name}={value}: {said}", name)


def format_time(ps: int | float) -> str:
    """Three digits and a unit: 1_234_567 -> "1.23 us"."""
    for unit in ("s", "ms", "us", "ns"):
        if ps >= _PS[unit]:
            scaled = ps / _PS[unit]
            return f"{scaled:.{0 if scaled >= 100 else 1 if scaled >= 10 else 2}f} {unit}"
    return f"{int(ps)} ps"


def format_count(n: int | float) -> str:
    """1234567 -> "1,234,567"."""
    return f"{n:,.0f}"


def some(n: int, thing: str, things: str = "") -> str:
    """1 -> "1 run", 1234 -> "1,234 runs"."""
    return f"{format_count(n)} {thing if n == 1 else things or thing + 's'}"


def address(value: int) -> str:
    """0xffff_0000_4000_0000 with underscores, as assemblers and Python both read it."""
    digits = f"{value:016x}" if value >> 32 else f"{value:08x}"
    return "0x" + "_".join(digits[i : i + 4] for i in range(0, len(digits), 4))
