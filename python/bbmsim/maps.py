# SPDX-License-Identifier: Apache-2.0
"""What a range of virtual addresses is mapped with: blocks, contiguous groups and pages, at a moment of the run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import ConfigError, did_you_mean
from .units import parse_size, parse_time

_SIZES = {4 << 10: "4K", 16 << 10: "16K", 64 << 10: "64K", 2 << 20: "2M", 32 << 20: "32M", 512 << 20: "512M", 1 << 30: "1G"}
_TIME = re.compile(r"[0-9]+(\.[0-9]+)?(ps|ns|us|ms|s)")
_PHASE = re.compile(r"phase:(?!return$)([^:,]+)(:end)?")
REPAINT = "repaint"  #: the phase whose map is looked at before and after without being asked for
MOST_AUTOMATIC = 16 << 30  #: bytes of RAM up to which that costs little
_MOST_RUNS = 16
_LAST = (1 << 64) - 1


def size_name(size: int) -> str:
    """ "2M": as people call blocks and pages."""
    return _SIZES.get(size, f"{size:#x}")


@dataclass(frozen=True)
class MapRow:
    """Blocks or pages of one size that say the same but for where they lead."""

    level: int
    bytes_each: int
    contiguous: bool  #: the Contiguous bit
    descriptors: int
    bytes: int
    attributes: Mapping[str, Any]
    permissions: Mapping[str, bool]

    @property
    def memory(self) -> str:
        """ "Normal WB": the memory type, for Normal memory with its inner cacheability."""
        kind = str(self.attributes["type"])
        if kind.startswith("Device"):
            return kind
        inner = int(self.attributes["inner"])
        cache = "NC" if inner == 4 else "WB" if inner & 4 else "WT"
        return f"{kind} {cache}"

    @property
    def access(self) -> str:
        """ "rw- ---": at EL1, then at EL0."""
        p = self.permissions
        el1, el0 = (
            "".join(letter if p[f"{what}_{el}"] else "-" for letter, what in (("r", "read"), ("w", "write"), ("x", "exec")))
            for el in ("el1", "el0")
        )
        return f"{el1} {el0}"


@dataclass(frozen=True)
class BlockRun:
    """Adjacent blocks of one size."""

    va: tuple[int, int]  #: [first, last)
    bytes_each: int
    contiguous: bool


@dataclass(frozen=True)
class Census:
    """What [va[0], va[1]) is mapped with. Counts are of descriptors: a contiguous group has one for each member."""

    granule: str
    va: tuple[int, int]
    mapped: tuple[int, int] | None  #: from the first mapped byte to behind the last; None: nothing is mapped
    rows: tuple[MapRow, ...]
    contiguous_groups: Mapping[str, int]  #: by level
    blocks: tuple[BlockRun, ...]  #: at most 4096
    more_blocks: int  #: runs of blocks beyond those
    table_pages: int
    complete: bool  #: False: given up, the tables are not such as an operating system makes

    def count(self, size: int | str, *, contiguous: bool | None = None) -> int:
        """Blocks or pages of a size, "2M" or bytes."""
        wanted = parse_size(size, "size")
        return sum(
            r.descriptors for r in self.rows if r.bytes_each == wanted and contiguous in (None, r.contiguous)
        )

    def groups(self, size: int | str) -> int:
        """Contiguous groups of blocks or pages of a size."""
        wanted = parse_size(size, "size")
        return sum(self.contiguous_groups[str(level)] for level in {r.level for r in self.rows if r.bytes_each == wanted})

    def totals(self) -> list[tuple[int, bool, int, int, int]]:
        """Bytes each, contiguous, descriptors, groups, bytes: largest first, the contiguous first."""
        keys = sorted({(r.bytes_each, r.contiguous) for r in self.rows}, reverse=True)
        out = []
        for size, contiguous in keys:
            rows = [r for r in self.rows if (r.bytes_each, r.contiguous) == (size, contiguous)]
            groups = self.groups(size) if contiguous else 0
            out.append((size, contiguous, sum(r.descriptors for r in rows), groups, sum(r.bytes for r in rows)))
        return out


@dataclass(frozen=True)
class TakenMap:
    """A census that was asked for with Simulation.map_at()."""

    at: str  #: as it was asked for
    core: int | None  #: whose tables; None: the moment never came
    time_ps: int | None
    census: Census | None


@dataclass(frozen=True)
class MapAt:
    """When to take a census, and of what."""

    at: str
    when: str  #: "entry", "return", "time", "end", "phase-begin", "phase-end"
    symbol: str = ""  #: or the phase's name
    time_ps: int = 0
    core: int | None = None
    nth: int = 1
    va: int | None = None
    size: int | None = None
    automatic: bool = False  #: of the repaint, for the record's `census`; nobody asked

    @property
    def range(self) -> tuple[int, int]:
        return va_range(self.va, self.size)


def va_range(va: int | None, size: int | str | None) -> tuple[int, int]:
    """First and last address; (0, 0) for the linear map."""
    if va is None:
        if size is not None:
            raise ConfigError("size: needs va", "size")
        return 0, 0
    if not 0 <= va <= _LAST:
        raise ConfigError(f"va={va:#x}: a 64-bit address", "va")
    first, last = va, min(_LAST, va + parse_size(size if size is not None else 1 << 30, "size") - 1)
    if (first ^ last) >> 55 & 1:
        raise ConfigError(f"va={va:#x}: the range crosses from one half of the address space to the other", "va")
    return first, last


def parse_map_at(text: str) -> MapAt:
    """SYMBOL, SYMBOL+0x1c, SYMBOL:return, phase:NAME, phase:NAME:end, a time, or `end`; then [,core=N][,nth=N][,va=ADDRESS,size=SIZE]."""
    moment, *settings = text.split(",")
    values: dict[str, str] = {}
    known = ("core", "nth", "va", "size")
    for setting in settings:
        name, equals, value = setting.partition("=")
        if name not in known:
            raise ConfigError(f"map-at={text}: no such setting '{name}'{did_you_mean(name, known)}", "map-at")
        if not equals or not value:
            raise ConfigError(f"map-at={text}: {name} needs a value", "map-at")
        values[name] = value
    try:
        core = int(values["core"], 0) if "core" in values else None
        nth = int(values.get("nth", "1"), 0)
        va = int(values["va"], 0) if "va" in values else None
    except ValueError:
        raise ConfigError(f"map-at={text}: core, nth and va are whole numbers", "map-at") from None
    size = parse_size(values["size"], "size") if "size" in values else None
    return map_at(moment, core=core, nth=nth, va=va, size=size, written=text)


def map_at(
    moment: str, *, core: int | None = None, nth: int = 1, va: int | None = None, size: int | str | None = None, written: str = ""
) -> MapAt:
    """Checked as far as it can be without a workload; raises ConfigError."""
    if nth < 1 or (core is not None and core < 0):
        raise ConfigError(f"map-at={written or moment}: nth is 1 or more, core 0 or more", "map-at")
    if nth >= 1 << 63:
        raise ConfigError(f"map-at={written or moment}: nth is less than 2^63", "map-at")
    va_range(va, size)
    bytes_ = None if size is None else parse_size(size, "size")
    rest = (core, nth, va, bytes_)
    if moment == "end":
        return MapAt(written or moment, "end", "", 0, *rest)
    if _TIME.fullmatch(moment):
        return MapAt(written or moment, "time", "", parse_time(moment, "map-at"), *rest)
    phase = _PHASE.fullmatch(moment)
    if phase is not None:
        return MapAt(written or moment, "phase-end" if phase[2] else "phase-begin", phase[1], 0, *rest)
    symbol, colon, what = moment.partition(":")
    if not symbol or (colon and what != "return"):
        raise ConfigError(
            f"map-at={written or moment}: write SYMBOL, SYMBOL+0x1c, SYMBOL:return, phase:NAME, phase:NAME:end, a time such as 5ms, or end", "map-at"
        )
    return MapAt(written or moment, "return" if colon else "entry", symbol, 0, *rest)


def census_of(values: Mapping[str, Any]) -> Census:
    """From the record's form, or the extension's."""
    mapped = values["mapped"]
    return Census(
        granule=values["granule"],
        va=(values["va"][0], values["va"][1]),
        mapped=None if mapped is None else (mapped[0], mapped[1]),
        rows=tuple(MapRow(**row) for row in values["rows"]),
        contiguous_groups=dict(values["contiguous_groups"]),
        blocks=tuple(BlockRun((r["va"][0], r["va"][1]), r["bytes_each"], r["contiguous"]) for r in values["blocks"]),
        more_blocks=values["more_blocks"],
        table_pages=values["table_pages"],
        complete=values["complete"],
    )


def taken_map(values: Mapping[str, Any]) -> TakenMap:
    census = values["census"]
    return TakenMap(values["at"], values["core"], values["time_ps"], None if census is None else census_of(census))


def automatic() -> list[MapAt]:
    """Before and after the repaint."""
    return [MapAt(f"phase:{REPAINT}", "phase-begin", REPAINT, automatic=True), MapAt(f"phase:{REPAINT}:end", "phase-end", REPAINT, automatic=True)]


def census_record(found: Sequence[tuple[MapAt, Mapping[str, Any]]]) -> dict[str, Any] | None:
    """The record's `census`: of the automatic ones, with few of the runs of blocks."""
    out = {}
    for (asked, values), name in zip(found, ("before", "after")):
        if values.get("census") is None:
            return None
        one = to_record(asked, values)
        census = dict(one["census"])
        census["more_blocks"] += max(0, len(census["blocks"]) - _MOST_RUNS)
        census["blocks"] = census["blocks"][:_MOST_RUNS]
        out[name] = {**one, "census": census}
    return {"phase": REPAINT, **out} if out else None


def to_record(asked: MapAt, values: Mapping[str, Any]) -> dict[str, Any]:
    """One of the record's `maps`."""
    return {"at": asked.at, "core": values.get("core"), "time_ps": values.get("time_ps"), "census": values.get("census")}
