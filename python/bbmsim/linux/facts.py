# SPDX-License-Identifier: Apache-2.0
"""What a kernel did with its linear map: repainted it, split it lazily, or mapped it by pages from the start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..maps import census_of, size_name
from ..units import format_count

#: names of phases that the text here knows by symbol
REPAINT, LAZY_SPLIT = "repaint", "lazy split"


def gather(
    phases: Sequence[Mapping[str, Any]],
    changes: Sequence[Mapping[str, Any]],
    linear_map: Mapping[str, Any],
    *,
    symbols: bool,
    repaint_code: bool,
    checker: bool,
) -> dict[str, Any]:
    """The record's `linux`. `linear_map`: the census at the end. Counts of splits are None without the checker, which is
    who sees descriptors being written.
    """
    own = [p for p in phases if p["name"] == REPAINT and p["count"]]
    splits = [c for c in changes if c["kind"] == "split" and c["linear_map"]]

    def count(phase: str | None, what: str = "descriptors") -> int | None:
        if not checker:
            return None
        return sum(int(c[what]) for c in splits if (c["phase"] == phase if phase else c["phase"] != REPAINT))

    return {
        "symbols": symbols,
        "repaint_code": repaint_code,
        "repaint": bool(own),
        "repaint_splits": count(REPAINT),
        "repaint_tlbis": sum(sum(p["cores"][p["core"]]["tlbi"].values()) for p in own),
        "lazy_splits": count(None),
        "lazy_split_calls": count(LAZY_SPLIT, "occurrences"),
        "linear_map": dict(linear_map),
    }


def map_line(census: Mapping[str, Any]) -> str:
    """ "12 x 2M, 256,000 x 4K"."""
    parts = []
    for size, contiguous, descriptors, groups, _ in census_of(census).totals():
        how = f" in {format_count(groups)} contiguous group{'s' * (groups != 1)}" if contiguous else ""
        parts.append(f"{format_count(descriptors)} x {size_name(size)}{how}")
    return ", ".join(parts) or "nothing"


def lines(facts: Mapping[str, Any]) -> list[str]:
    """For reports: what happened, then what the linear map is made of at the end."""
    return [_story(facts), f"linear map at the end: {map_line(facts['linear_map'])}"]


def _story(facts: Mapping[str, Any]) -> str:
    if not facts["symbols"]:
        return "the Image has no symbols: whether it repaints its linear map can't be seen"
    lazy = ""
    if facts["lazy_splits"] is not None:
        n, calls = facts["lazy_splits"], facts["lazy_split_calls"]
        lazy = f"; {_splits(n, 'lazy ')}" + (f" in {format_count(calls)} call{'s' * (calls != 1)} of split_kernel_leaf_mapping" if calls else "")
    if facts["repaint"]:
        n = facts["repaint_splits"]
        how = "" if n is None else f": {_splits(n)}, {format_count(facts['repaint_tlbis'])} TLBIs over all cores"
        return f"the linear map was repainted{how}{lazy}"
    if facts["repaint_code"]:
        return f"no repaint{lazy}"
    return f"no repaint: this kernel has no code for it{lazy if facts['lazy_splits'] else ''}"


def _splits(n: int, kind: str = "") -> str:
    return f"{format_count(n)} {kind}split{'s' * (n != 1)} of a block"
