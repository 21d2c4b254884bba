# SPDX-License-Identifier: Apache-2.0
"""Lists of set_memory calls, which strategy lazy replays: a line each, "WHAT OFFSET PAGES".

WHAT is ro, rw, x, nx, invalid or valid; OFFSET is in bytes from the start of the linear map, a multiple of the granule;
PAGES counts pages of the granule. Empty lines and what stands behind # are nothing.
"""

from __future__ import annotations

import struct
from pathlib import Path

from .errors import ConfigError

MOST_CALLS = 4096  #: MOST_SET_MEMORY_CALLS of workloads/bare/strategies/set_memory.h
SYMBOL = "set_memory_list"  #: what holds them in the guest
_WHAT = ("ro", "rw", "x", "nx", "invalid", "valid")  #: enum set_memory_what


def read(path: Path, granule: int) -> bytes:
    """The contents of struct set_memory_list; raises ConfigError with file, line and what was expected."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"set_memory={path}: can't be read ({error.strerror})", "set_memory") from None
    except UnicodeDecodeError:
        raise ConfigError(f"set_memory={path}: not a text file", "set_memory") from None
    calls = [_call(path, number, words, granule) for number, line in enumerate(lines, 1) if (words := line.partition("#")[0].split())]
    if not 1 <= len(calls) <= MOST_CALLS:
        raise ConfigError(f"set_memory={path}: {len(calls)} calls; 1 to {MOST_CALLS} are possible", "set_memory")
    return struct.pack("<Q", len(calls)) + b"".join(struct.pack("<QII", *c) for c in calls)


def _call(path: Path, number: int, words: list[str], granule: int) -> tuple[int, int, int]:
    def wrong(why: str) -> ConfigError:
        return ConfigError(f"set_memory={path}:{number}: {why}", "set_memory")

    if len(words) != 3:
        raise wrong("expected WHAT OFFSET PAGES")
    what, offset_text, pages_text = words
    if what not in _WHAT:
        raise wrong(f"{what}: expected one of {', '.join(_WHAT)}")
    try:
        offset = int(offset_text, 0)
    except ValueError:
        raise wrong(f"{offset_text}: expected an offset in bytes, decimal or 0x") from None
    if not 0 <= offset < 1 << 47 or offset % granule:
        raise wrong(f"{offset_text}: expected a multiple of the granule, {granule} bytes")
    if not pages_text.isascii() or not pages_text.isdigit() or not 1 <= int(pages_text) < 1 << 32:
        raise wrong(f"{pages_text}: expected a number of pages, 1 or more")
    return offset, int(pages_text), _WHAT.index(what)
