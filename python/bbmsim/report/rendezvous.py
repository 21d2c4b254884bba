# SPDX-License-Identifier: Apache-2.0
"""The rendezvous in the report: a row for each core, what it did, whether it could reach the linear map, when it counted
itself in, who released it.
"""

from __future__ import annotations

from itertools import chain

from markupsafe import Markup

from ..rendezvous import ACTIVITIES, Meeting, Rendezvous
from ..result import Result
from ..units import format_count, format_time
from . import svg
from .axis import Axis, broken_axis

#: what the colours mean, in the order of the legend
KIND_TITLES = {**ACTIVITIES, "spin": "spins, counted in", "flush": "TLBI, DSB"}
_LABEL = 150
_LETTER = 0.0085  # of the width
_SMALL = 16  # from so many cores on rows are lower, and only some have labels


def axis_of(met: Rendezvous) -> Axis:
    """The stretches in which no core changes what it does are left out."""
    moments: set[int] = set()
    for core in met.cores:
        moments.update(edge for span in core.spans for edge in (span.begin_ps, span.end_ps))
        moments.update(edge for out in core.out_of_map for edge in out)
        for m in core.meetings:
            moments.update(ps for ps in (m.counted_in_ps, m.released_ps) if ps is not None)
    return broken_axis(met.begin_ps, met.end_ps, moments)


def in_map(out: tuple[tuple[int, int], ...], begin_ps: int, end_ps: int) -> list[tuple[int, int]]:
    """The complement of `out`."""
    edges = [begin_ps, *chain.from_iterable(out), end_ps]
    return [(a, b) for a, b in zip(edges[::2], edges[1::2]) if b > a]


def releases(met: Rendezvous) -> list[tuple[int, int, list[int]]]:
    """(time, by whom, whom): each store that let cores go on."""
    found: dict[tuple[int, int], list[int]] = {}
    for i, core in enumerate(met.cores):
        for m in core.meetings:
            if m.released_ps is not None and m.released_by is not None:
                found.setdefault((m.released_ps, m.released_by), []).append(i)
    return [(ps, by, whom) for (ps, by), whom in sorted(found.items())]


def counted_in(result: Result, core: int) -> list[Meeting]:
    """Without the last one of a core that had nobody to wait for, as at the barrier behind the repaint."""
    met = result.rendezvous
    assert met is not None
    return [m for m in met.cores[core].meetings if m.released_ps is not None or not result.finished]


def row_height(cores: int) -> int:
    return 30 if cores < _SMALL else 14


def story(result: Result) -> str:
    """In words: who was waited for, what the longest wait was, how the others came back."""
    met = result.rendezvous
    if met is None:
        return ""
    waited = [(i, m) for i in range(len(met.cores)) for m in counted_in(result, i)[:1] if m.released_ps is not None]
    whole = format_time(met.end_ps - met.begin_ps)
    if len(met.cores) == 1:
        return f"one core, with nobody to wait for: {whole}"
    still = [i for i in range(len(met.cores)) if any(m.released_ps is None for m in counted_in(result, i))]
    if still and not waited:
        return f"{whole} until the run ended; {len(still)} core{'s' * (len(still) != 1)} counted {'themselves' if len(still) != 1 else 'itself'} in and {'were' if len(still) != 1 else 'was'} not released"
    if not waited:
        return f"{whole} from the first core's beginning to the last one's end; nobody counted itself in and was let go by a store"
    first, last = (f(m.counted_in_ps for _, m in waited) for f in (min, max))
    longest, who = max((m.released_ps - m.counted_in_ps, i) for i, m in waited if m.released_ps is not None)
    back = [out[-1][1] - m.released_ps for i, m in waited if m.released_ps is not None and (out := met.cores[i].out_of_map) and m.released_ps < out[-1][1] < met.end_ps]
    rounds = max(len(c.meetings) + c.more_meetings for c in met.cores)
    words = [
        f"{len(waited)} core{'s' * (len(waited) != 1)} counted {'themselves' if len(waited) != 1 else 'itself'} in, from {exact_time(first)} to {exact_time(last)}",
        f"the longest wait until release was {format_time(longest)}, of core {who}",
    ]
    if back:
        words.append(f"up to {format_time(max(back))} later they were back in the map")
    elif not any(met.cores[i].out_of_map for i, _ in waited):
        words.append("they stayed in the map")
    if rounds > 2:
        words.append(f"{format_count(rounds)} rounds, of which these figures are the first")
    return "; ".join(words)


def exact_time(ps: int) -> str:
    """In the unit of format_time(), to the nanosecond or better."""
    for unit, size, digits in (("s", 10**12, 9), ("ms", 10**9, 6), ("us", 10**6, 3)):
        if ps >= size:
            return f"{ps / size:,.{digits}f}".rstrip("0").rstrip(".") + f" {unit}"
    return format_time(ps)


def drawing(result: Result) -> Markup:
    """The inline SVG; empty if nothing was repainted."""
    met = result.rendezvous
    if met is None:
        return Markup("")
    axis = axis_of(met)
    names = [c["name"] for c in result.record["cores"]]
    row = row_height(len(names))
    bar = row - (12 if row > 20 else 5)
    full = svg.WIDTH - _LABEL - 10
    top, height = 20, 20 + row * len(names)

    def x(ps: int) -> float:
        return _LABEL + full * axis.at(ps)

    parts: list[str] = []
    for place, words in ticks_of(axis):
        at = _LABEL + full * place
        parts.append(f'<line x1="{at:.2f}" x2="{at:.2f}" y1="14" y2="{height}" class="grid"/>')
        if words:
            parts.append(svg.text(at, height + 16, words, "axis", "middle" if words.startswith("+") else "start"))
    for i, core in enumerate(met.cores):
        y = top + row * i
        if row > 20 or i % 8 == 0 or i == len(names) - 1:
            parts.append(svg.text(0, y + bar - 3 + (2 if row <= 20 else 0), f"{i} {names[i]}", "small" if row <= 20 else ""))
        for s in core.spans:
            title = f"core {i} {KIND_TITLES[s.kind]}: {format_time(s.begin_ps)} to {format_time(s.end_ps)}, {format_time(s.end_ps - s.begin_ps)}"
            parts.append(svg.rect(x(s.begin_ps), y, x(s.end_ps) - x(s.begin_ps), bar, f"r-{s.kind}", title))
        for first, last in in_map(core.out_of_map, met.begin_ps, met.end_ps):
            title = f"core {i} can reach the linear map: {format_time(first)} to {format_time(last)}"
            parts.append(svg.rect(x(first), y + bar + 1, x(last) - x(first), 3 if row > 20 else 2, "r-map", title))
    for n, b in enumerate(axis.breaks):
        parts += _break(x(b.begin_ps), x(b.end_ps), top, height, b.end_ps - b.begin_ps)
    shown = releases(met)
    for ps, by, whom in shown if len(shown) <= 40 else []:
        y1, y2 = (top + row * i + bar / 2 for i in (min([by, *whom]), max([by, *whom])))
        parts.append(f'<line x1="{x(ps):.2f}" x2="{x(ps):.2f}" y1="{y1:g}" y2="{y2:g}" class="r-release"/>')
        names_of = ", ".join(map(str, whom[:8])) + (f" and {len(whom) - 8} more" if len(whom) > 8 else "")
        parts.append(svg.circle(x(ps), top + row * by + bar / 2, 3.2, "r-release", f"core {by} releases core {names_of}: {format_time(ps)}"))
    for i, core in enumerate(met.cores):
        y = top + row * i
        for m in counted_in(result, i):
            title = f"core {i} counts itself in: {format_time(m.counted_in_ps)}"
            parts.append(svg.triangle(x(m.counted_in_ps), y + bar, 4.5 if row > 20 else 3, "r-count", title))
    return svg.document(height + 22, "who waited where during the rendezvous", parts)


def ticks_of(axis: Axis, letter: float = _LETTER) -> list[tuple[float, str]]:
    """Places in [0, 1] and what stands there. Each piece counts from its own beginning, which stands in full; words that
    would run into each other are left out; a letter is `letter` wide.
    """
    out: list[tuple[float, str]] = []
    pieces = axis.pieces()
    for n, (first, last) in enumerate(pieces):
        begin = exact_time(first)
        out.append((axis.at(first), begin))
        taken = axis.at(first) + letter * len(begin)
        limit = axis.at(pieces[n + 1][0]) if n + 1 < len(pieces) else 1.0 + letter
        for ps in axis.ticks_from(first, last):
            words, at = f"+{format_time(ps - first)}", axis.at(ps)
            half = letter * len(words) / 2
            fits = at - half > taken + letter and at + half < limit - letter
            out.append((at, words if fits else ""))
            taken = at + half if fits else taken
    return out


def _break(left: float, right: float, top: int, height: int, left_out_ps: int) -> list[str]:
    """Two zigzags over all rows, and how much is not shown."""
    parts = []
    for at in (left, right):
        points = " ".join(f"{at + (3 if n % 2 else -3):.2f},{y}" for n, y in enumerate(range(top - 4, height + 1, 6)))
        parts.append(f'<polyline points="{points}" class="r-break"/>')
    parts.append(svg.text((left + right) / 2, top - 8, format_time(left_out_ps), "axis", "middle"))
    return parts
