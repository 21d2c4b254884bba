# SPDX-License-Identifier: Apache-2.0
"""Worker processes end with the process that wants their results, however that ends."""

from __future__ import annotations

import os
import select
import threading


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
