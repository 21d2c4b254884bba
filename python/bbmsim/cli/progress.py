# SPDX-License-Identifier: Apache-2.0
"""How far a search or a grid is: a bar on a terminal, elsewhere a line now and then."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

SAY_EVERY_S = 10.0

Shown = Callable[[int, int, str], None]  #: what is done, of how many, and what to say of it


class Lines:
    """For logs: at most one line in SAY_EVERY_S, none before that much time is over."""

    def __init__(self, what: str, things: str, say: Callable[[str], None], clock: Callable[[], float] = time.monotonic) -> None:
        self._what, self._things, self._say, self._clock = what, things, say, clock
        self._began = self._said = clock()
        self._first: int | None = None  #: what was done before this command

    def __call__(self, done: int, total: int, words: str) -> None:
        if self._first is None:
            self._first = done
        now = self._clock()
        if now - self._said < SAY_EVERY_S or done <= self._first or done >= total:
            return
        self._said = now
        left = (now - self._began) / (done - self._first) * (total - done)
        self._say(f"{self._what}: {done} of {total} {self._things}{words and f', {words}'}, about {left:.0f} s left")


@contextmanager
def progress(console: Console, what: str, things: str, *, quiet: bool = False) -> Iterator[Shown]:
    """`console` is that of standard error; `what` is the command."""

    def say(text: str) -> None:
        if not quiet:
            console.print(text, markup=False, soft_wrap=True)

    if quiet or not console.is_terminal:
        yield Lines(what, things, say)
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[words]}"), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as shown:
        task = shown.add_task(things, total=None, words="")

        def update(done: int, total: int, words: str) -> None:
            shown.update(task, completed=done, total=total, words=words)

        yield update
