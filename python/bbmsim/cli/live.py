# SPDX-License-Identifier: Apache-2.0
"""What the terminal shows while a run goes on: progress, and the guest's console as it comes."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING


from ..simulation import Simulation
from ..units import format_time

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID


class Live:
    """Pass `update` to Simulation.run(). Without a terminal only the guest's lines are printed, without a console nothing."""

    def __init__(self, console: Console | None) -> None:
        self._console = console
        self._printed = 0
        self._stage = (0, 0, 0.0)  # what the guest counts to, where it was when it began, when that was
        self._task: TaskID | None = None
        self._progress: Progress | None = None
        if console is not None and console.is_terminal:
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn  # as long to import as all of rich's rest

            self._progress = Progress(
                SpinnerColumn(),
                TextColumn("{task.description}"),
                BarColumn(bar_width=30),
                TextColumn("{task.fields[figures]}"),
                console=console,
                transient=True,
            )

    def __enter__(self) -> Live:
        if self._progress is not None:
            self._progress.start()
            self._task = self._progress.add_task("starting", total=None, figures="")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        if self._progress is not None:
            self._progress.stop()

    def update(self, sim: Simulation) -> None:
        self.console_lines(sim.console)
        if self._progress is None or self._task is None:
            return
        from rich.markup import escape

        done, total = sim.progress
        figures = f"{format_time(sim.now_ps)} simulated, {sim.mips:.0f} MIPS"
        now = time.monotonic()
        if total != self._stage[0] or done < self._stage[1]:
            self._stage = (total, done, now)
        _, first, begin = self._stage
        if first < done < total:
            figures += f", {(now - begin) * (total - done) / (done - first):.0f} s to go"
        self._progress.update(
            self._task,
            description=escape(sim.current_phase or "running"),
            total=total if done < total else None,
            completed=done,
            figures=figures,
        )

    def console_lines(self, text: str, final: bool = False) -> None:
        """Prints what is new: whole lines, and the rest when it is final."""
        if self._console is None:
            return
        from rich.markup import escape

        end = len(text) if final else text.rfind("\n") + 1
        for line in text[self._printed : end].splitlines():
            self._console.print(f"[cyan]guest[/cyan]  {escape(_printable(line))}")
        self._printed = max(self._printed, end)


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() or c == "\t" else "." for c in line)
