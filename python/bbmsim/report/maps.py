# SPDX-License-Identifier: Apache-2.0
"""Maps in the report: one bar for each moment, in parts by the size of what maps the bytes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from ..maps import Census, TakenMap, size_name
from ..result import Result
from ..units import address, format_count, format_size, format_time
from . import svg

KIND_TITLES = {
    "large": "1 GiB blocks",
    "block-contiguous": "blocks in contiguous groups",
    "block": "blocks",
    "page-contiguous": "pages in contiguous groups",
    "page": "pages",
}


def _kind(size: int, contiguous: bool) -> str:
    if size >= 1 << 30:
        return "large"
    return ("block" if size >= 2 << 20 else "page") + ("-contiguous" if contiguous else "")


def parts(census: Census) -> list[tuple[str, int, str]]:
    out = []
    for size, contiguous, descriptors, groups, all_bytes in census.totals():
        how = f" in {format_count(groups)} contiguous groups" if contiguous else ""
        out.append((_kind(size, contiguous), all_bytes, f"{format_count(descriptors)} x {size_name(size)}{how}: {format_size(all_bytes)}"))
    return out


def bars(maps: Sequence[TakenMap]) -> Markup:
    """The maps that were taken, one bar each, on one scale."""
    shown = [(m.at, m.census) for m in maps if m.census is not None]
    most = max((sum(r.bytes for r in census.rows) for _, census in shown), default=0)
    return svg.stacked_bars([(at, parts(census)) for at, census in shown], most, "map-", "what maps the bytes, by size")


def census_bars(result: Result) -> Markup:
    """The linear map before and after the repaint."""
    taken = [TakenMap(f"{name} the repaint", m.core, m.time_ps, m.census) for name, m in result.census.items()]
    return bars(taken) if taken else Markup("")


def section(result: Result) -> list[dict[str, Any]]:
    """For the template: a heading, and rows of size, contiguous, memory, access, descriptors, groups, bytes."""
    out: list[dict[str, Any]] = []
    for m in result.maps:
        if m.census is None or m.time_ps is None:
            out.append({"heading": f"{m.at}: the run ended before", "rows": [], "blocks": []})
            continue
        rows = []
        for size, contiguous, descriptors, groups, all_bytes in m.census.totals():
            kinds = [r for r in m.census.rows if (r.bytes_each, r.contiguous) == (size, contiguous)]
            says = ", ".join(f"{format_count(r.descriptors)} {r.memory} {r.access}" if len(kinds) > 1 else f"{r.memory} {r.access}" for r in kinds)
            rows.append((size_name(size), "yes" if contiguous else "", format_count(descriptors), format_count(groups) if contiguous else "", format_size(all_bytes), says))
        blocks = [
            f"{address(b.va[0])} to {address(b.va[1])}: {(b.va[1] - b.va[0]) // b.bytes_each} x {size_name(b.bytes_each)}"
            + (", contiguous" if b.contiguous else "")
            for b in m.census.blocks[:64]
        ]
        more = len(m.census.blocks) + m.census.more_blocks - len(blocks)
        if more:
            blocks.append(f"and {format_count(more)} more")
        out.append({"heading": f"{m.at}: core {m.core}, {format_time(m.time_ps)}", "rows": rows, "blocks": blocks})
    return out
