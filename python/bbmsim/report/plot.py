# SPDX-License-Identifier: Apache-2.0
"""What all figures for files have in common: colours that differ for the colour-blind too, sizes, how they are written."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from ..result import CAUSES
from ..units import format_time

#: curves: hues of Okabe and Ito, which also differ in lightness; markers and dashes say the same once more
COLOURS = ("#0072b2", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#cc79a7", "#1a1a1a", "#8c8c8c", "#b8a800", "#6a3d9a", "#7f3b08", "#80cdc1")
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "*")
DASHES = ("-", "--", ":", "-.")
#: as in report/templates/style.css
CAUSE_COLOURS = dict(zip(CAUSES, ("#2a78d6", "#1baf7a", "#eda100", "#e34948", "#4a3aa7", "#b4b2ab")))
GRID = "#dcdad4"


@contextmanager
def style() -> Iterator[None]:
    with matplotlib.rc_context({"font.size": 10, "axes.titlesize": 11, "svg.hashsalt": "bbmsim", "svg.fonttype": "none"}):
        yield


def drawn(figure: Figure, kind: str) -> bytes:
    """The file's bytes: "png" or "svg"; the same for the same figure."""
    out = io.BytesIO()
    with style():
        figure.savefig(out, format=kind, dpi=150, bbox_inches="tight", pad_inches=0.1, metadata={"Date": None} if kind == "svg" else None)
    return out.getvalue()


def inline(figure: Figure) -> str:
    """An <svg> to be put into a page: without XML and document type declarations, and without references to elsewhere."""
    text = drawn(figure, "svg").decode()
    text = text[text.index("<svg") :]
    begin, end = text.find("<metadata>"), text.find("</metadata>")
    return text[:begin] + text[end + len("</metadata>") :] if begin >= 0 else text


def time_axis(axis: Any) -> None:
    """Microseconds with their unit: "50 us", "1.2 ms"."""

    def tick(us: float, _: object) -> str:
        number, unit = format_time(us * 1e6).split()
        return f"{float(number):g} {unit}" if us > 0 else "0"

    axis.set_major_formatter(FuncFormatter(tick))


def finish(axes: Any) -> None:
    axes.grid(True, color=GRID, linewidth=0.7)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
