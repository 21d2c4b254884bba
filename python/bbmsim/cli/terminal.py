# SPDX-License-Identifier: Apache-2.0
"""What is typed at the guest: live from the terminal, from a file, or by a script of prompts and answers."""

from __future__ import annotations

import os
import select
import signal
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import click

from ..errors import ConfigError
from ..result import Result
from ..simulation import Simulation

_PREFIX = 0x01  # Ctrl-A
_HELP = "Ctrl-A x ends the run, Ctrl-A Ctrl-A sends Ctrl-A, Ctrl-A h prints this"
_STEP_PS, _STEP_SECONDS = 10_000_000_000, 0.02  # how far between two looks at the keyboard
_LATE_SECONDS = 0.1  # a guest that computes falls behind the clock, and need not catch up when it idles


def console_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--expect", metavar="PROMPT=TEXT", multiple=True,
            help="Type TEXT and Enter once the guest printed PROMPT; any number of times, in order.",
        ),
        click.option("--input", "input_", type=click.Path(allow_dash=True), metavar="FILE", help="Type this file at the guest; - is standard input."),
        click.option("-i", "--interactive", is_flag=True, help="The terminal is the guest's: keys go to it. Ctrl-A x ends the run."),
    ):
        function = option(function)
    return function


@dataclass(frozen=True)
class Typing:
    """What the options ask for, checked."""

    interactive: bool = False
    input: bytes = b""
    script: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, interactive: bool, file: str | None, expect: tuple[str, ...]) -> Typing:
        if interactive and not sys.stdin.isatty():
            raise ConfigError("interactive: standard input is no terminal; use --input - or --expect", "interactive")
        return cls(interactive, _read(file) if file is not None else b"", tuple(_step(e) for e in expect))

    def prepare(self, sim: Simulation) -> None:
        console = _console_of(sim)
        if self.input:
            sim.send(self.input, console=console)
        for prompt, text in self.script:
            sim.expect(prompt, text + "\r", console=console)


def _read(file: str) -> bytes:
    if file == "-":
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise ConfigError(f"input={file}: can't be read ({error.strerror})", "input") from None


def _step(text: str) -> tuple[str, str]:
    prompt, equals, answer = text.partition("=")
    if not prompt or not equals:
        raise ConfigError(f"expect={text}: write --expect 'PROMPT=TEXT'", "expect")
    return prompt, answer


def _console_of(sim: Simulation) -> str:
    """The virtio console if the kernel is told that its console is there: the last console= of the command line."""
    named = [w.removeprefix("console=") for w in sim.workload.bootargs.split() if w.startswith("console=")]
    return "virtio" if named and named[-1].startswith("hvc") and sim.board.disk.path else "uart"


class _Raw:
    """The terminal without line discipline, as long as the context lasts; put back however it is left."""

    def __init__(self) -> None:
        self._in = sys.stdin.fileno()

    def __enter__(self) -> _Raw:
        self._saved = termios.tcgetattr(self._in)
        # A signal between the interpreter's last look and select() would be noticed at the next key only: it wakes select().
        self._woken, self._wake = os.pipe()
        os.set_blocking(self._wake, False)
        self._former_wake = signal.set_wakeup_fd(self._wake, warn_on_full_buffer=False)
        self._handlers = {s: signal.signal(s, self._end) for s in (signal.SIGTERM, signal.SIGHUP)}
        mode = termios.tcgetattr(self._in)
        mode[0] &= ~(termios.BRKINT | termios.ICRNL | termios.INPCK | termios.ISTRIP | termios.IXON)
        mode[3] &= ~(termios.ECHO | termios.ICANON | termios.IEXTEN | termios.ISIG)
        mode[6][termios.VMIN], mode[6][termios.VTIME] = 1, 0
        termios.tcsetattr(self._in, termios.TCSADRAIN, mode)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None) -> None:
        termios.tcsetattr(self._in, termios.TCSADRAIN, self._saved)
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._former_wake)
        os.close(self._wake)
        os.close(self._woken)

    def keys(self, seconds: float | None) -> bytes | None:
        """What was typed; waits so long for the first key. None: the terminal is gone."""
        if self._in not in select.select([self._in, self._woken], [], [], seconds)[0]:
            return b""
        return os.read(self._in, 4096) or None

    @staticmethod
    def show(data: bytes) -> None:
        if data:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    @staticmethod
    def _end(_: int, __: FrameType | None) -> None:
        raise KeyboardInterrupt


class _Keys:
    """Takes Ctrl-A and what follows it out of what goes to the guest."""

    def __init__(self) -> None:
        self._prefixed = False
        self.quit = self.help = False

    def take(self, typed: bytes) -> bytes:
        out = bytearray()
        for key in typed:
            if not self._prefixed:
                self._prefixed = key == _PREFIX
                if not self._prefixed:
                    out.append(key)
                continue
            self._prefixed = False
            if key in b"xX":
                self.quit = True
                break
            if key in b"hH?":
                self.help = True
            else:
                out += bytes([key]) if key == _PREFIX else bytes([_PREFIX, key])
        return bytes(out)


def interact(sim: Simulation, limit: int | None) -> Result:
    """Runs with the terminal as the guest's console, simulated time no faster than the clock."""
    console, keys = _console_of(sim), _Keys()
    sys.stdout.flush()
    with _Raw() as terminal:
        terminal.show(f"[{_HELP}]\n".encode())
        shown, over, told = 0, False, False
        start = time.monotonic() - sim.now_ps / 1e12
        while not keys.quit:
            if not over:
                over = sim.advance(_STEP_PS, _STEP_SECONDS)
            text = sim.console_bytes
            terminal.show(text[shown:])
            shown = len(text)
            if over and sim.outcome != "deadlock" or limit is not None and sim.now_ps >= limit:
                break
            if over and not told:
                terminal.show(b"\n[every core waits for ever, unless a key wakes one; Ctrl-A x ends]\n")
                told = True
            ahead = sim.now_ps / 1e12 - (time.monotonic() - start)
            if ahead < -_LATE_SECONDS:
                start += -ahead
            typed = terminal.keys(None if over else max(0.0, ahead))
            if typed is None:
                break
            if data := keys.take(typed):
                sim.send(data, console=console)
                over = told = False
            if keys.help:
                terminal.show(f"\n[{_HELP}]\n".encode())
                keys.help = False
        terminal.show(b"\n")
    if keys.quit:
        sim.stop()
    return sim.run(timeout=limit)
