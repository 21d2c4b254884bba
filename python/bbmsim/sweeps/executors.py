# SPDX-License-Identifier: Apache-2.0
"""Where cells run: joblib's processes on this host, or the workers of a dask scheduler. Both give each cell back as it
is done, and try again what a dying worker was at.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, CancelledError, wait
from typing import Any

from .. import _core
from ..errors import ConfigError
from ..workers import end_with, uninterrupted

Work = Callable[[Any], dict[str, Any]]
TRIES = 3  #: how often a cell may take its worker with it


def lost(tries: int) -> dict[str, Any]:
    """The row of a cell that cannot be finished."""
    return {"outcome": "internal-error", "error": f"the worker process died {tries} times"}


def local(work: Work, tasks: Sequence[Any], jobs: int, say: Callable[[str], None]) -> Iterator[tuple[int, dict[str, Any]]]:
    """(index, row) in the order in which they are done."""
    from joblib.externals.loky import get_reusable_executor
    from joblib.externals.loky.process_executor import BrokenProcessPool

    waiting = list(range(len(tasks)))[::-1]
    died = [0] * len(tasks)

    def start(kill_workers: bool = False) -> Any:
        with uninterrupted():
            return get_reusable_executor(max_workers=jobs, timeout=None, kill_workers=kill_workers, initializer=end_with, initargs=(os.getpid(),))

    pool = start()
    running: dict[Any, int] = {}
    try:
        while waiting or running:
            # No queue: what is running when a worker dies is what may have killed it.
            broken: list[int] = []
            while waiting and len(running) < jobs:
                try:
                    with uninterrupted():  # it starts workers and a thread
                        future = pool.submit(work, tasks[waiting[-1]])
                    running[future] = waiting[-1]
                except BrokenProcessPool:  # noticed before any future says so
                    break
                waiting.pop()
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                task = running.pop(future)
                try:
                    yield task, future.result()
                except BrokenProcessPool:
                    broken.append(task)
            if broken or (waiting and len(running) + len(done) < jobs):
                broken += running.values()
                running.clear()
                say("a worker process died; what was under way is tried again")
                pool = start(kill_workers=True)
                for task in sorted(broken, reverse=True):
                    died[task] += 1
                    if died[task] < TRIES:
                        waiting.append(task)
                    else:
                        yield task, lost(died[task])
    finally:
        pool.shutdown(wait=False, kill_workers=True)


def dask(work: Work, tasks: Sequence[Any], address: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The same on the workers of the scheduler at `address`; raises ConfigError if there is none, or none of this version."""
    import distributed
    from distributed.scheduler import KilledWorker

    library: Any = distributed  # it has no types
    try:
        client = library.Client(address, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise ConfigError(f"scheduler={address}: no dask scheduler answers ({str(error) or type(error).__name__})", "scheduler") from None
    try:
        _check_versions(client, address)
        futures = {client.submit(work, task, pure=False, retries=0): i for i, task in enumerate(tasks)}
        for future in library.as_completed(list(futures)):
            try:
                row = future.result()
            except KilledWorker:
                row = lost(TRIES)
            except (CancelledError, library.comm.CommClosedError):
                raise ConfigError(f"scheduler={address}: answers no longer; finished cells are kept, the same command goes on", "scheduler") from None
            yield futures.pop(future), row
    finally:
        logger = logging.getLogger("distributed")  # what it complains of while it is closed has been said
        level = logger.level
        logger.setLevel(logging.CRITICAL + 1)
        client.close()
        logger.setLevel(level)


def _version() -> str:
    from bbmsim import __version__

    return __version__


def _check_versions(client: Any, address: str) -> None:
    try:
        versions = client.run(_version)
    except Exception as error:
        raise ConfigError(f"scheduler={address}: its workers can't import bbmsim ({error})", "scheduler") from None
    if not versions:
        raise ConfigError(f"scheduler={address}: it has no workers", "scheduler")
    for worker, version in versions.items():
        if version != _core.version:
            raise ConfigError(f"scheduler={address}: the worker {worker} has bbmsim {version}, this is {_core.version}", "scheduler")
