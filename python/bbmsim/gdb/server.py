# SPDX-License-Identifier: Apache-2.0
"""The connection: who may speak when. One client at a time, on this machine only.

The machine stands while a client is connected and has not told it to run. It is stopped in two ways: in the middle of
a core's instructions (break-, watchpoint, step: `_on_stop`, called from within the run) and between two slices of the
run (Ctrl-C, a new client, the end of the run: `poll`, `finished`). Whatever a client sends, and however it leaves, the
run goes on as if nobody had been there.
"""

from __future__ import annotations

import contextlib
import select
import socket
from collections.abc import Callable

from ..errors import ConfigError
from ..result import Result
from ..simulation import Simulation
from .commands import Commands, Detach, Kill, Replies, Resume
from .machine import PC, SP, Machine
from .packets import Damaged, Framer, Interrupt, Packet, frame

HOST = "127.0.0.1"
_SEND_SECONDS = 20.0  # a client that does not read for so long is gone
_SIGINT, _SIGTRAP = 2, 5
_CLEAN = ("poweroff", "stopped")


class _Gone(Exception):
    """The client has left."""


class _Client:
    def __init__(self, connection: socket.socket, machine: Machine) -> None:
        connection.settimeout(_SEND_SECONDS)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection = connection
        self.framer = Framer()
        self.commands = Commands(machine)
        self._acknowledges = True

    def receive(self, wait: bool) -> None:
        """Takes in what has arrived; raises _Gone at the end of the connection."""
        try:
            if not select.select([self._connection], [], [], None if wait else 0)[0]:
                return
            data = self._connection.recv(65536)
        except OSError:
            raise _Gone from None
        if not data:
            raise _Gone
        self.framer.feed(data)

    def packet(self) -> bytes:
        """The next one. An interrupt says nothing to a machine that stands."""
        while True:
            item = self.framer.next()
            if isinstance(item, Packet):
                self._acknowledge(b"+")
                return item.data
            if isinstance(item, Damaged):
                self._acknowledge(b"-")
            elif not isinstance(item, Interrupt):
                self.receive(wait=True)

    def send(self, data: bytes) -> None:
        self._raw(frame(data))

    def reply(self, replies: Replies) -> None:
        for packet in replies.packets:
            self.send(packet)
        if replies.no_ack:
            self._acknowledges = False

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._connection.close()

    def _acknowledge(self, sign: bytes) -> None:
        if self._acknowledges:
            self._raw(sign)

    def _raw(self, data: bytes) -> None:
        try:
            self._connection.sendall(data)
        except OSError:
            raise _Gone from None


class GdbServer:
    """Listens from the beginning; `attach` it to a simulation before the first run.

    Raises ConfigError if the port can't be had. Port 0 takes a free one: see `port`.
    """

    def __init__(self, port: int, say: Callable[[str], None]) -> None:
        self._listener = socket.socket()
        self._say = say
        try:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self._listener.bind((HOST, port))
            self._listener.listen(1)
        except (OSError, OverflowError) as error:
            self._listener.close()
            reason = error.strerror if isinstance(error, OSError) else "no such port"
            raise ConfigError(f"gdb={port}: can't listen on {HOST}:{port}: {reason}", "gdb") from None
        self.port: int = self._listener.getsockname()[1]
        self.on_stop: Callable[[], None] = lambda: None  #: whenever the machine stands still
        self._client: _Client | None = None
        self._waiting = True  # at reset, for the first client
        self._inside: int | None = None  # core that stands in the middle of a block
        self._over = False

    def attach(self, sim: Simulation) -> None:
        """The machine will wait before its first instruction."""
        self._sim = sim
        self._machine = Machine(sim)
        self._machine.debugger.attach(self._on_stop)
        self._machine.debugger.halt(0)
        self._say(f"gdb: the machine waits at reset for a debugger: target remote {HOST}:{self.port}")

    def poll(self) -> None:
        """Between two slices of the run: Ctrl-C, a client that comes or goes."""
        if self._client is None:
            if select.select([self._listener], [], [], 0)[0]:
                self._accept()
                self._stand(None)
            return
        try:
            self._client.receive(wait=False)
            if self._client.framer.take_interrupt():
                self._report(_SIGINT, self._client.commands.core)
                self._stand(None)
        except _Gone:
            self._let_go()

    def finished(self, result: Result) -> None:
        """The run is over: a failed one can be looked at until the client goes on."""
        self._over = True
        try:
            if self._client is not None:
                if result.outcome not in _CLEAN:
                    text = f"{result.outcome}: {result.detail}".rstrip(": ") + "\n"
                    self._client.send(b"O" + text.encode().hex().encode())
                    self._report(_SIGTRAP, self._client.commands.core)
                    self._stand(None)
                if self._client is not None:
                    self._client.send(b"W%02x" % result.exit_status)
        except _Gone:
            self._let_go()
        finally:
            self.close()

    def close(self) -> None:
        if self._client is not None:
            self._client.close()
            self._client = None
        self._listener.close()

    # --- standing still

    def _on_stop(self, reason: str, core: int, address: int, watchpoint: int) -> None:
        self._inside = core
        try:
            if self._waiting:
                self._waiting = False
                self._accept()
            elif self._client is not None:
                self._stopped(reason, core, address, watchpoint)
            self._stand(core)
        except _Gone:
            self._let_go()
        finally:
            self._inside = None

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        self._client = _Client(connection, self._machine)

    def _stopped(self, reason: str, core: int, address: int, watchpoint: int) -> None:
        assert self._client is not None
        commands = self._client.commands
        why = b""
        if reason == "watchpoint":
            name = {2: b"watch", 3: b"rwatch", 4: b"awatch"}[self._machine.watchpoint(watchpoint).kind]
            why = b"%b:%x;" % (name, address)
        elif reason == "breakpoint" and self._machine.kind_at(address) == 1:
            why = b"hwbreak:;" if commands.hwbreak else b""
        elif reason == "breakpoint":
            why = b"swbreak:;" if commands.swbreak else b""
        self._report(_SIGTRAP, core, why)

    def _report(self, signal: int, core: int, why: bytes = b"") -> None:
        assert self._client is not None
        registers = b"".join(
            b"%x:%b;" % (n, (self._machine.register(core, n) or b"").hex().encode()) for n in (SP, PC)
        )
        commands = self._client.commands
        commands.core = core
        commands.last_stop = b"T%02x%bthread:%x;core:%x;%b" % (signal, registers, core + 1, core, why)
        self._client.send(commands.last_stop)

    def _stand(self, core: int | None) -> None:
        """Serves until the client lets the machine go on, or has left. `core`: the one whose stop this is."""
        self.on_stop()
        client = self._client
        if client is None:
            return
        if core is not None:
            client.commands.core = core
        client.commands.last_stop = b"T%02xthread:%x;" % (_SIGTRAP, client.commands.core + 1)
        try:
            while True:
                answer = client.commands.answer(client.packet())
                if isinstance(answer, Replies):
                    client.reply(answer)
                elif isinstance(answer, Resume):
                    if self._over or self._resume(answer):
                        return
                elif isinstance(answer, Detach):
                    client.send(answer.reply)
                    raise _Gone
                else:
                    self._kill(answer)
                    return
        except _Gone:
            self._let_go()

    def _resume(self, how: Resume) -> bool:
        """False: it was done on the spot, the machine stands again."""
        debugger = self._machine.debugger
        everyone = frozenset(range(len(self._machine.names)))
        debugger.hold(0)
        if len(how.step) == 1 and how.hold == everyone - how.step:  # one core's step, and nobody else's time
            (core,) = how.step
            if core != self._inside:
                if debugger.step_alone(core) or debugger.state(core) == "is off":
                    self._report(_SIGTRAP, core)
                    return False
            debugger.step(core)
            return True
        for core in how.step:
            debugger.step(core)
        if how.hold:
            debugger.hold(sum(1 << core for core in how.hold))
        return True

    def _kill(self, how: Kill) -> None:
        with contextlib.suppress(_Gone):
            if how.reply is not None and self._client is not None:
                self._client.send(how.reply)
        self._let_go()
        self._sim.stop()
        if self._inside is not None:
            self._machine.session.stop()

    def _let_go(self) -> None:
        """Nothing remains of the client, and the machine runs."""
        if self._client is not None:
            self._client.close()
            self._client = None
        self._machine.clear()
