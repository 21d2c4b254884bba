# SPDX-License-Identifier: Apache-2.0
"""Runs on all cores of the host. A worker process that dies is replaced, and what it was at tried again alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Any, Generic, TypeVar

from ..workers import end_with, uninterrupted

A = TypeVar("A")
R = TypeVar("R")
_TRIES = 3
_AHEAD = 2  # tasks for each worker: the next one waits at its door


class Pool(Generic[A, R]):
    """`work` is called in forked processes: what it refers to need not be picklable, its arguments and results must."""

    def __init__(self, work: Callable[[A], R], jobs: int, say: Callable[[str], None]) -> None:
        self._work = work
        self._jobs = jobs
        self._say = say
        self._executor: ProcessPoolExecutor | None = None
        self._open: dict[Future[R], A] = {}

    def results(self, next_task: Callable[[], A | None]) -> Iterator[tuple[A, R | None]]:
        """Each task with its result as it is done; None where the worker died every time. `next_task` is asked as long as
        it has one and as workers take them."""
        while True:
            while len(self._open) < self._jobs * _AHEAD:
                task = next_task()
                if task is None:
                    break
                self._open[self._submit(task, self._jobs)] = task
            if not self._open:
                return
            done, _ = wait(self._open, return_when=FIRST_COMPLETED)
            broken = []
            for future in done:
                task = self._open.pop(future)
                try:
                    yield task, future.result()
                except BrokenProcessPool:
                    broken.append(task)
            if broken:
                suspects = [*broken, *self._open.values()]
                self._open.clear()
                self.close()
                self._say("a worker process died; what was under way is tried again, one after the other")
                for task in suspects:
                    yield task, self._alone(task)

    def close(self) -> None:
        """At once, whatever is under way."""
        if self._executor is None:
            return
        for process in list((getattr(self._executor, "_processes", None) or {}).values()):
            process.kill()
        self._executor.shutdown(wait=True, cancel_futures=True)
        self._executor = None
        self._open.clear()

    def _submit(self, task: A, jobs: int) -> Future[R]:
        call: Callable[[A], R] = _call
        with uninterrupted():  # it forks, and starts a thread
            return self._start(jobs).submit(call, task)

    def _alone(self, task: A) -> R | None:
        for _ in range(_TRIES - 1):
            try:
                return self._submit(task, 1).result()
            except BrokenProcessPool:
                self._say(f"a worker process died again, at {task}")
                self.close()
        return None

    def _start(self, jobs: int) -> ProcessPoolExecutor:
        if self._executor is None:
            # fork: a caller's script needs no `if __name__ == "__main__"`, and the workload is read once.
            self._executor = ProcessPoolExecutor(jobs, multiprocessing.get_context("fork"), initializer=_begin, initargs=(self._work, os.getpid()))
        return self._executor


_WORK: list[Callable[..., Any]] = []


def _begin(work: Callable[..., Any], parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # not what the parent does with them
    end_with(parent)
    _WORK[:] = [work]


def _call(task: Any) -> Any:
    return _WORK[0](task)
