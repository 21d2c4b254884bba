# SPDX-License-Identifier: Apache-2.0
"""Drawings for the HTML report: inline SVG, coloured by the page's style sheet, with a tooltip on every mark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from ..result import CAUSES
from ..units import format_count, format_time
from .text import CAUSE_TITLES

WIDTH = 960
_LABEL = 150
_ROW = 26
_SPAN_TITLES = {"wfe": "waits in WFE", "wfi": "waits in WFI", "dsb": "DSB waits for TLBIs", "dvm": "performs others' TLBIs"}
_MARK_TITLES = {
    "tlbi": "TLBI",
    "conflict": "TLB conflict",
    "exception": "exception",
    "injected": "injected fault",
    "violation": "violation",
    "hazard": "hazard",
    "sev": "SEV",
}


def document(height: float, label: str, parts: Sequence[str]) -> Markup:
    body = "".join(parts)
    return Markup(f'<svg viewBox="0 0 {WIDTH} {height:g}" role="img" aria-label="{escape(label)}">{body}</svg>')


def rect(x: float, y: float, w: float, h: float, kind: str, title: str) -> str:
    return (
        f'<rect x="{x:.2f}" y="{y:g}" width="{max(w, 0.6):.2f}" height="{h:g}" class="{escape(kind)}">'
        f"<title>{escape(title)}</title></rect>"
    )


def text(x: float, y: float, words: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x:.2f}" y="{y:g}" class="{kind}" text-anchor="{anchor}">{escape(words)}</text>'


def circle(x: float, y: float, radius: float, kind: str, title: str) -> str:
    return f'<circle cx="{x:.2f}" cy="{y:g}" r="{radius:g}" class="{kind}"><title>{escape(title)}</title></circle>'


def triangle(x: float, y: float, size: float, kind: str, title: str) -> str:
    """Its tip is at (x, y - 1.6 * size)."""
    points = f"{x - size:.2f},{y:g} {x + size:.2f},{y:g} {x:.2f},{y - 1.6 * size:g}"
    return f'<polygon points="{points}" class="{kind}"><title>{escape(title)}</title></polygon>'


def cost_bars(cores: Sequence[Mapping[str, Any]], labels: Sequence[str]) -> Markup:
    """One bar a core: where its time went, by cause, as shares of the whole."""
    parts: list[str] = []
    right = 110
    full = WIDTH - _LABEL - right
    for i, core in enumerate(cores):
        y = i * _ROW + 4
        total = core["total_cycles"]
        parts.append(text(0, y + 13, labels[i]))
        x = float(_LABEL)
        for cause in CAUSES:
            cycles = core["cycles"][cause]
            if not cycles:
                continue
            width = full * cycles / total
            title = f"core {labels[i]}, {CAUSE_TITLES[cause]}: {format_count(cycles)} cycles, {100 * cycles / total:.1f} %"
            parts.append(rect(x, y, max(width - 1, 0.6), 18, f"c-{cause}", title))
            if width > 40:
                parts.append(text(x + 6, y + 13, f"{100 * cycles / total:.0f}%", f"on-{cause}"))
            x += width
        parts.append(text(WIDTH, y + 13, format_count(total), "num", "end"))
    return document(len(cores) * _ROW + 6, "cycles by cause and core", parts)


def stacked_bars(bars: Sequence[tuple[str, Sequence[tuple[str, int, str]]]], most: int, prefix: str, label: str) -> Markup:
    """One bar for each of (label, parts); a part is its class, its amount and its title. `most` fills the width."""
    parts: list[str] = []
    left = 240
    for i, (name, pieces) in enumerate(bars):
        y = i * _ROW + 4
        parts.append(text(0, y + 13, name if len(name) < 36 else name[:33] + "..."))
        x = float(left)
        for kind, amount, title in pieces:
            width = (WIDTH - left) * amount / max(1, most)
            parts.append(rect(x, y, max(width - 1, 0.6), 18, prefix + kind, f"{name}: {title}"))
            if width > 7 * len(title) + 8:
                parts.append(text(x + 6, y + 13, title, f"on-{prefix}{kind}"))
            x += width
    return document(len(bars) * _ROW + 6, label, parts)


def timeline(data: Mapping[str, Any], names: Sequence[str], begin: int, end: int) -> Markup:
    """What each core did between two times: phases above, waits below, marks on the line."""
    length = max(1, end - begin)
    full = WIDTH - _LABEL
    lanes = [_lanes([p for p in data["phases"] if p["core"] == i and p["end_ps"] >= begin and p["begin_ps"] <= end]) for i in range(len(names))]
    tops = [0]  # of each core's row: the phases, one lane below the other, then what it waited for
    for own in lanes:
        tops.append(tops[-1] + 30 + 15 * max(1, 1 + max((lane for lane, _ in own), default=0)))

    def x(ps: int) -> float:
        return _LABEL + full * (min(max(ps, begin), end) - begin) / length

    parts: list[str] = []
    height = tops[-1]
    for ps in _ticks(begin, end):
        parts.append(f'<line x1="{x(ps):.2f}" x2="{x(ps):.2f}" y1="0" y2="{height}" class="grid"/>')
        parts.append(text(x(ps), height + 16, _tick_text(ps, begin, end), "axis", "start" if ps == begin else "end" if x(ps) > WIDTH - 30 else "middle"))
    for i, core_name in enumerate(names):
        y = tops[i + 1] - 38
        parts.append(text(0, y + 20, f"{i} {core_name}"))
        parts.append(f'<line x1="{_LABEL}" x2="{WIDTH}" y1="{y + 32}" y2="{y + 32}" class="base"/>')
        for lane, p in lanes[i]:
            top = tops[i] + 6 + 15 * lane
            name = p["name"].split("@")[0]
            title = f"core {i} phase {name}: {format_time(p['begin_ps'])} to {format_time(p['end_ps'])}"
            width = x(p["end_ps"]) - x(p["begin_ps"])
            parts.append(rect(x(p["begin_ps"]), top, width, 14, "phase", title))
            if width > 7 * len(name) + 8:
                parts.append(text(x(p["begin_ps"]) + 4, top + 11, name, "small"))
        for s in data["spans"]:
            if s["core"] == i and s["end_ps"] >= begin and s["begin_ps"] <= end:
                many = f", {format_count(s['count'])} times, {format_time(s['busy_ps'])} in all" if s["count"] > 1 else ""
                title = f"core {i} {_SPAN_TITLES[s['kind']]}: {format_time(s['begin_ps'])} to {format_time(s['end_ps'])}{many}"
                parts.append(rect(x(s["begin_ps"]), y + 17, x(s["end_ps"]) - x(s["begin_ps"]), 15, f"s-{s['kind']}", title))
        for m in data["marks"]:
            if m["core"] == i and begin <= m["first_ps"] <= end:
                many = f", {format_count(m['count'])} times" if m["count"] > 1 else ""
                title = f"core {i} {_MARK_TITLES[m['kind']]} at {format_time(m['first_ps'])}{many}"
                parts.append(rect(x(m["first_ps"]) - 0.5, y + 28, 1.4, 8, f"m-{m['kind']}", title))
    return document(height + 22, "what each core did, over simulated time", parts)


def _lanes(phases: Sequence[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    """Phases of one core, each with the lane below all that are open when it begins."""
    out: list[tuple[int, Mapping[str, Any]]] = []
    ends: list[int] = []  # of what is open, by lane
    for p in sorted(phases, key=lambda p: (p["begin_ps"], -p["end_ps"])):
        while ends and ends[-1] <= p["begin_ps"]:
            ends.pop()
        out.append((len(ends), p))
        ends.append(p["end_ps"])
    return out


def _tick_text(ps: int, begin: int, end: int) -> str:
    """A short stretch far from the start counts from its own."""
    if not ps:
        return "0"
    return format_time(ps) if begin < 10 * (end - begin) else f"+{format_time(ps - begin) if ps > begin else 0}"


def _ticks(begin: int, end: int) -> list[int]:
    raw = max(1.0, (end - begin) / 6)
    scale = 10 ** math.floor(math.log10(raw))
    step = next(int(m * scale) for m in (1, 2, 5, 10) if m * scale >= raw)
    step = max(1, step)
    start = -(-begin // step) * step if begin < 10 * (end - begin) else begin
    return list(range(start, end + 1, step))
