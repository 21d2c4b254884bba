# SPDX-License-Identifier: Apache-2.0
"""A flame graph as one SVG, or a page around it, that needs nothing else: width is the figure, callers are below."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from markupsafe import escape

from ..profile import METRICS
from ..units import format_count

_WIDTH, _ROW, _TOP, _LEAST = 1200, 17, 46, 0.35  # pixels; narrower frames are left out
_LONGEST_TITLE = 130
_CHARACTER = 6.6  # of the font, at its size


@dataclass
class _Frame:
    total: int = 0
    own: int = 0
    children: dict[str, _Frame] = field(default_factory=dict)


def _tree(stacks: Mapping[tuple[str, ...], int]) -> _Frame:
    root = _Frame()
    for stack, n in stacks.items():
        at = root
        at.total += n
        for name in stack:
            at = at.children.setdefault(name, _Frame())
            at.total += n
        at.own += n
    return root


def _colour(name: str) -> str:
    if name.startswith("["):
        return "#b9b6ae"
    mixed = zlib.crc32(name.encode())
    return f"hsl({18 + mixed % 34} {62 + (mixed >> 8) % 22}% {58 + (mixed >> 16) % 12}%)"


def _depth(frame: _Frame, unit: float) -> int:
    shown = [_depth(c, unit) for c in frame.children.values() if c.total * unit >= _LEAST]
    return 1 + max(shown, default=0)


def svg(stacks: Mapping[tuple[str, ...], int], title: str, metric: str) -> str:
    """The whole file's text."""
    if len(title) > _LONGEST_TITLE:
        title = f"{title[: _LONGEST_TITLE // 2]} ... {title[-_LONGEST_TITLE // 2 :]}"
    root = _tree(stacks)
    unit = _WIDTH / max(1, root.total)
    height = _TOP + _depth(root, unit) * _ROW + 8
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'role="img" aria-label="flame graph: {escape(METRICS[metric])}" font-family="DejaVu Sans, Verdana, sans-serif" font-size="11">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#fcfcfb"/>',
        f'<text x="8" y="18" font-size="14" fill="#191917">{escape(title)}</text>',
        f'<text x="8" y="35" fill="#66645f">{escape(METRICS[metric])}: {format_count(root.total)} in all; callers below, their callees on top of them</text>',
    ]
    # Callers at the bottom: a frame's row is counted from there.
    pending: list[tuple[str, _Frame, float, int]] = [("all", root, 0.0, 0)]
    while pending:
        name, frame, x, level = pending.pop()
        width = frame.total * unit
        y = height - 8 - (level + 1) * _ROW
        share = 100 * frame.total / max(1, root.total)
        own = f", {format_count(frame.own)} in itself" if frame.own != frame.total else ""
        parts.append(
            f'<g><title>{escape(name)}: {format_count(frame.total)} ({share:.2f} %){own}</title>'
            f'<rect x="{x:.2f}" y="{y}" width="{max(width - 0.4, 0.2):.2f}" height="{_ROW - 1}" rx="1" fill="{_colour(name) if level else "#d9d6cf"}"/>'
        )
        room = int((width - 6) / _CHARACTER)
        if room >= 3:
            text = name if len(name) <= room else name[: room - 2] + ".."
            parts.append(f'<text x="{x + 3:.2f}" y="{y + 12}" fill="#191917">{escape(text)}</text>')
        parts.append("</g>")
        at = x
        for child_name, child in sorted(frame.children.items()):
            if child.total * unit >= _LEAST:
                pending.append((child_name, child, at, level + 1))
            at += child.total * unit
    parts.append("</svg>\n")
    return "\n".join(parts)


def page(graphs: Mapping[str, str], title: str) -> str:
    """One graph below the other, in an HTML file."""
    body = "\n".join(f"<h2>{escape(METRICS[metric])}</h2>\n<div>{text}</div>" for metric, text in graphs.items())
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>bbmsim: {escape(title)}</title>\n'
        "<style>body { margin: 20px; background: #fcfcfb; color: #191917; font: 15px/1.5 system-ui, sans-serif; } "
        "h1 { font-size: 24px; margin: 0; } h2 { font-size: 16px; } div { overflow-x: auto; } g:hover rect { stroke: #191917; }</style>\n"
        f"</head>\n<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
    )
