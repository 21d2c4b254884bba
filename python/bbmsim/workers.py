# SPDX-License-Identifier: Apache-2.0
"""Worker processes: they end with the process that wants their results, however that ends, and it is not interrupted while it
begins them.
"""

from __future__ import annotations

import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_held = {"depth": 0, "interrupts": 0}


def interrupt(*_: object) -> None:
    """The command line's handler of INTERRUPTS: KeyboardInterrupt, at once or behind uninterrupted()."""
    if _held["depth"]:
        _held["interrupts"] += 1
    else:
        raise KeyboardInterrupt


@contextmanager
def uninterrupted() -> Iterator[None]:
    """Starting processes and threads, half done, can be neither gone on with nor undone: an interrupt waits until it is done."""
    _held["depth"] += 1
    try:
        yield
    finally:
        _held["depth"] -= 1
        if not _held["depth"] and _held["interrupts"]:
            _held["interrupts"] = 0
            raise KeyboardInterrupt


def end_with(parent: int) -> None:
    """To be called in a worker: it ends as soon as the process `parent` does, whatever it is at. Otherwise it would wait
    for its next task for ever when the parent was killed.
    """
    try:
        handle = os.pidfd_open(parent)
    except ProcessLookupError:
        os._exit(1)
    except OSError:  # a kernel before 5.3
        return
    threading.Thread(target=_wait, args=(handle,), daemon=True).start()


def _wait(handle: int) -> None:
    ended = select.poll()
    ended.register(handle, select.POLLIN)
    ended.poll()
    os._exit(1)
