# SPDX-License-Identifier: Apache-2.0
"""Rows of figures over axes, as sweeps and comparisons have them: a frame, plots, one page in which every cell opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from ..files import check_writable, plot_format, write_whole

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from ..extrapolation import Extrapolation
    from ..linearity import Straightness

Detail = Mapping[str, Any]  #: of measure.detail_of(); a cell that was not finished has none
KINDS = ("scaling", "causes")
COUNTED = ("cycles", "descriptor_writes", "table_pages", "tlbis", "dvm_received")


@dataclass(frozen=True)
class Grid:
    """What varies and what was asked."""

    axes: Mapping[str, Sequence[Any]]  #: columns of the rows, with their values
    phase: str  #: whose cost is told apart
    title: str
    fixed: str = ""  #: what all cells have in common beside axes of one value, in words
    titles: Mapping[str, str] = field(default_factory=dict)  #: of axes whose names are not for people

    @property
    def varying(self) -> list[str]:
        """Axes with more than one value, but for the seed."""
        return [key for key, values in self.axes.items() if len(values) > 1 and key != "seed"]


class Cells:
    """Rows in the order of the axes, flat: axes, then figures; times in microseconds of simulated time."""

    def __init__(self, rows: list[dict[str, Any]], grid: Grid, details: Callable[[], list[Detail | None]]) -> None:
        self.rows = rows
        self.grid = grid
        self._details = details

    @property
    def phase(self) -> str:
        return self.grid.phase

    @property
    def details(self) -> list[Detail | None]:
        """For each row a record of its causes, which Result() takes; None where it is not known."""
        return self._details()

    def more_figures(self) -> list[Figure]:
        """Plots of its own kind, for the page."""
        return []

    @property
    def frame(self) -> pandas.DataFrame:
        """One row a cell."""
        import pandas

        return pandas.DataFrame(self.rows)

    @property
    def exit_status(self) -> int:
        """As of `bbmsim run`, the worst of all: 4, then 1, then 3."""
        outcomes = [row["outcome"] for row in self.rows]
        if "internal-error" in outcomes:
            return 4
        if any(row.get("violations") or row.get("hazards") for row in self.rows):
            return 1
        return 0 if all(outcome in ("poweroff", "reset") for outcome in outcomes) else 3

    def save_csv(self, path: str | Path) -> None:
        write_whole(check_writable(path, "csv"), self.frame.to_csv(index=False), "csv")

    def extrapolate(
        self,
        memory: Sequence[str | int] = (),
        metric: str | None = None,
        *,
        cores: Sequence[int] = (),
        causes: bool = False,
        most_error: float | None = None,
    ) -> Extrapolation:
        """The phase's time (or another figure) at sizes or numbers of cores beyond those that were run, each curve by
        itself; with `causes` also the cycles of each cause and the counts.
        """
        from ..extrapolation import MOST_ERROR, extrapolate

        frame, first = self.frame, metric or f"{self.phase}_us"
        if "sample" in frame:
            frame = frame[frame["sample"] == "base"]
        points = {axis: list(values) for axis, values in (("memory", memory), ("cores", cores)) if values}
        others = [c for c in frame.columns if c in COUNTED or c.startswith(("boot_core_", "others_"))] if causes else []
        return extrapolate(frame, points, [first, *others], by=self.curves_by, most_error=MOST_ERROR if most_error is None else most_error)

    @property
    def curves_by(self) -> list[str]:
        """The axes that tell curves apart, but for memory and cores."""
        return [key for key in self.grid.varying if key not in ("memory", "cores")]

    def linearity(self) -> list[Straightness]:
        """For each curve over memory with three sizes or more from 1 GiB on: how straight it is, and what bends it."""
        from ..linearity import linearity

        frame = self.frame
        if "sample" in frame:
            frame = frame[frame["sample"] == "base"]
        return linearity(frame, self.phase, by=[key for key in self.grid.varying if key != "memory"])

    def plot(self, path: str | Path, kind: str | None = None, *, extrapolated: Extrapolation | None = None) -> None:
        """A PNG or SVG, by the ending. "scaling": the phase's time over memory, the number of cores or another axis of
        numbers, a curve for each of the rest, a band over seeds; what is extrapolated dotted. "causes": bars of what
        each cell's cores spent that time on. By default "scaling" if there is something to scale over.
        """
        from ..report.grid import grid_figure
        from ..report.plot import drawn

        target = check_writable(path, "plot")
        if kind is not None and kind not in KINDS:
            raise ConfigError(f"kind={kind}: one of {', '.join(KINDS)}", "kind")
        write_whole(target, drawn(grid_figure(self, kind, extrapolated), plot_format(target)), "plot")

    def html(self, path: str | Path, *, extrapolated: Extrapolation | None = None) -> None:
        """One page that needs nothing else: plots, and a table in which every cell opens into its causes."""
        from ..report.grid_page import page

        write_whole(check_writable(path, "html"), page(self, extrapolated), "html")
