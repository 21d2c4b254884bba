# SPDX-License-Identifier: Apache-2.0
"""The command line on a terminal of its own, for tests that type."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import termios
import time

from conftest import environment


class Terminal:
    """bbmsim on a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self.master, slave = pty.openpty()
        self._slave = slave
        self.before = termios.tcgetattr(slave)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "bbmsim", *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment(), start_new_session=True
        )
        self.seen = b""

    def until(self, text: bytes, seconds: float = 120) -> None:
        end = time.monotonic() + seconds
        start = len(self.seen)
        while text not in self.seen[max(0, start - len(text)) :]:
            ready = select.select([self.master], [], [], max(0.0, end - time.monotonic()))[0]
            assert ready, f"{text!r} did not come: {self.seen!r}"
            self.seen += os.read(self.master, 4096)

    def type(self, data: bytes) -> None:
        os.write(self.master, data)

    def end(self) -> int:
        while self.process.poll() is None:
            if select.select([self.master], [], [], 0.1)[0]:
                self.seen += os.read(self.master, 4096)
        assert termios.tcgetattr(self._slave) == self.before, "the terminal is as it was"
        os.close(self._slave)
        os.close(self.master)
        return self.process.returncode
