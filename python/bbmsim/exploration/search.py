# SPDX-License-Identifier: Apache-2.0
"""bs.explore(): a workload under many schedules and TLB powers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ..config import SCHEDULES, Board
from ..errors import InternalError
from ..inject import Injection
from ..units import MOST, check_whole, parse_time
from ..workload import Workload
from .exploration import Exploration
from .observe import Observed, observe
from .plan import ALL_POWERS, RunSpec, Subject, check_names, check_schedules, draw
from .story import add_stories

_TIMES_LONGER = 10  # than the plain run, and
_AND_US = 50_000  # of simulated time: then a run has gone astray
DEFAULT_TIMEOUT = "100s"


def explore(
    board: Board,
    workload: Workload,
    *,
    runs: int = 100,
    seed: int = 0,
    schedules: Sequence[str] = SCHEDULES,
    powers: Sequence[str] = ALL_POWERS,
    jobs: int | None = None,
    timeout: str | int = DEFAULT_TIMEOUT,
    seconds: float | None = None,
    stop_on_first: bool = False,
    inject: Sequence[Injection] = (),
    poke: Sequence[tuple[str | int, str | int]] = (),
    stories: bool = True,
    progress: Callable[[Progress], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> Exploration:
    """Runs the workload `runs` times in worker processes (`jobs`, default one a host core): first as it is, then under
    schedules (bbmsim.config.SCHEDULES) and subsets of the nasty TLB's powers drawn from `seed`, and gives what was found,
    each distinct finding once. The same with any number of jobs.

    `timeout` is a run's limit of simulated time ("10s", or picoseconds); one that takes ten times as long as the plain run is
    ended too. `seconds` of the host's time end the search early, `stop_on_first` at the first run that finds anything;
    KeyboardInterrupt gives what was found until then (Exploration.interrupted). `stories`: a time line for each finding,
    by running its shortest run again. Raises ConfigError before anything runs.
    """
    check_whole("runs", runs, 1, MOST)
    check_whole("seed", seed, 0, (1 << 64) - 1)
    if jobs is not None:
        check_whole("jobs", jobs, 1, MOST)
    chosen = check_schedules(schedules)
    allowed = check_names(powers, ALL_POWERS, "powers")
    limit_us = (parse_time(timeout) if isinstance(timeout, str) else timeout) // 1_000_000
    subject = Subject(board, workload, tuple(inject), tuple(poke))
    plain = RunSpec(seed=seed, limit_us=max(1, limit_us))
    subject.simulation(plain)  # what is wrong with it is found here
    search = _Search(subject, plain, chosen, allowed, runs, seed, jobs or os.cpu_count() or 1)
    search.deadline = None if seconds is None else time.monotonic() + seconds
    search.stop_on_first = stop_on_first
    search.progress = progress or (lambda _: None)
    search.say = say or (lambda _: None)
    found = search.go()
    if stories:
        add_stories(found, search.jobs, search.say)
    return found


@dataclass(frozen=True)
class Progress:
    """How far a search is."""

    done: int
    runs: int
    findings: int


class _Search:
    def __init__(
        self, subject: Subject, plain: RunSpec, schedules: Sequence[str], powers: Sequence[str], runs: int, seed: int, jobs: int
    ) -> None:
        self.subject, self.plain, self.schedules, self.powers = subject, plain, schedules, powers
        self.runs, self.seed, self.jobs = runs, seed, jobs
        self.deadline: float | None = None
        self.stop_on_first = False
        self.progress: Callable[[Progress], None] = lambda _: None
        self.say: Callable[[str], None] = lambda _: None
        self._observed: dict[int, Observed] = {}
        self._next = 0
        self._length_us = self._limit_us = 0
        self._first_found: int | None = None

    def go(self) -> Exploration:
        start = time.monotonic()
        from .pool import Pool  # brings multiprocessing

        pool: Pool[tuple[int, RunSpec], Observed] = Pool(lambda task: observe(self.subject, *task), self.jobs, self.say)
        crashed: list[str] = []
        interrupted = False
        keys: set[object] = set()
        try:
            for _ in range(2):  # the plain run tells how long the others may take
                for (index, spec), seen in pool.results(self._task):
                    if seen is None:
                        crashed.append(self.subject.id_of(spec))
                        continue
                    self._observed[index] = seen
                    if seen.sightings and (self._first_found is None or index < self._first_found):
                        self._first_found = index
                    keys.update(s.key for s in seen.sightings)
                    self.progress(Progress(len(self._observed), self.runs, len(keys)))
                if 0 not in self._observed:
                    break
                self._measure(self._observed[0])
        except KeyboardInterrupt:
            interrupted = True
        finally:
            pool.close()
        if not self._observed and not interrupted:
            raise InternalError("the plain run ends its worker process")
        runs = [self._observed[i] for i in sorted(self._observed)]
        if self.stop_on_first and self._first_found is not None:  # the same with any number of jobs
            runs = [r for r in runs if r.index <= (self._first_found or 0)]
        return Exploration(
            self.subject, runs, seed=self.seed, asked=self.runs, schedules=self.schedules, powers=self.powers, crashed=crashed,
            interrupted=interrupted, wall_s=time.monotonic() - start, jobs=self.jobs,
        )

    def _measure(self, plain: Observed) -> None:
        self._length_us = max(1, plain.simulated_ps // 1_000_000)
        self._limit_us = min(self.plain.limit_us, _TIMES_LONGER * self._length_us + _AND_US)

    def _task(self) -> tuple[int, RunSpec] | None:
        index = self._next
        over = index >= self.runs or (self.deadline is not None and time.monotonic() >= self.deadline)
        if index and (over or not self._limit_us or (self.stop_on_first and self._first_found is not None)):
            return None
        self._next += 1
        if index == 0:
            return 0, self.plain
        return index, draw(self.seed, index, self.schedules, self.powers, self._length_us, self._limit_us)
