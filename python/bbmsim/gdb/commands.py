# SPDX-License-Identifier: Apache-2.0
"""What each packet means: the answer to it, or how the machine shall go on. Knows no sockets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from . import monitor
from .machine import Machine, Point, Unmapped
from .packets import MAX_PACKET
from .target_xml import FIRST_SYSTEM_REGISTER

_NO_MEMORY = b"E14"  # EFAULT
_WRONG = b"E01"
_REPLY_BYTES = MAX_PACKET // 2 - 16  # of data that goes out as hex
_OUTPUT_BYTES = 1024


@dataclass(frozen=True)
class Resume:
    """Go on: `step` stops after one instruction each, `hold` does not execute, all others run."""

    step: frozenset[int] = frozenset()
    hold: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Detach:
    reply: bytes = b"OK"


@dataclass(frozen=True)
class Kill:
    reply: bytes | None


@dataclass(frozen=True)
class Replies:
    """Packets to send, and whether acknowledgements end with them."""

    packets: tuple[bytes, ...]
    no_ack: bool = False


Answer = Resume | Detach | Kill | Replies


@dataclass
class Commands:
    machine: Machine
    core: int = 0  #: of which GDB looks at registers and memory
    run_core: int | None = None  #: for the old `s` and `c`; None: all
    hwbreak: bool = False
    swbreak: bool = False
    last_stop: bytes = b"S05"

    def answer(self, packet: bytes) -> Answer:
        """Never raises for what a client sends."""
        for prefix, function in _TABLE:
            if packet.startswith(prefix):
                try:
                    result = function(self, packet[len(prefix) :])
                except Unmapped:
                    result = _NO_MEMORY
                except (ValueError, IndexError, OverflowError):
                    result = _WRONG
                return Replies((result,)) if isinstance(result, bytes) else result
        return Replies((b"",))  # unknown, as the protocol has it

    # --- what there is

    def supported(self, features: bytes) -> bytes:
        asked = features.lstrip(b":").split(b";")
        self.hwbreak, self.swbreak = b"hwbreak+" in asked, b"swbreak+" in asked
        return (
            b"PacketSize=%x;qXfer:features:read+;qXfer:threads:read+;QStartNoAckMode+;vContSupported+;hwbreak+;swbreak+"
            % MAX_PACKET
        )

    def transfer(self, arguments: bytes) -> bytes:
        what, _, rest = arguments.partition(b":read:")
        annex, _, window = rest.rpartition(b":")
        offset, length = (_hex(n) for n in window.split(b","))
        if (what, annex) == (b"features", b"target.xml"):
            document = self.machine.xml
        elif (what, annex) == (b"threads", b""):
            document = self._threads_xml()
        else:
            return b"E00"
        part = document[offset : offset + min(length, MAX_PACKET // 2)]
        return (b"m" if offset + len(part) < len(document) else b"l") + part

    def _threads_xml(self) -> bytes:
        lines = ["<threads>"]
        for core in range(len(self.machine.names)):
            text = self.machine.describe(core).replace("&", "&amp;").replace("<", "&lt;")
            lines.append(f'<thread id="{core + 1:x}" core="{core}" name="core {core}">{text}</thread>')
        return "\n".join([*lines, "</threads>"]).encode()

    def thread_list(self, _: bytes) -> bytes:
        return b"m" + b",".join(b"%x" % (core + 1) for core in range(len(self.machine.names)))

    def thread_info(self, arguments: bytes) -> bytes:
        core = self._core(arguments)
        return self.machine.describe(core).encode().hex().encode()

    def select(self, arguments: bytes) -> bytes:
        what, thread = arguments[:1], arguments[1:]
        core = None if thread in (b"0", b"-1") else self._core(thread)
        if what == b"g":
            self.core = self.core if core is None else core
        elif what == b"c":
            self.run_core = core
        else:
            return _WRONG
        return b"OK"

    def alive(self, thread: bytes) -> bytes:
        self._core(thread)
        return b"OK"

    def _core(self, thread: bytes) -> int:
        core = _hex(thread) - 1
        if not 0 <= core < len(self.machine.names):
            raise ValueError(f"thread {core + 1}")
        return core

    # --- registers and memory

    def read_all(self, _: bytes) -> bytes:
        return b"".join(_to_hex(r) for r in self.machine.all_registers(self.core))

    def write_all(self, arguments: bytes) -> bytes:
        data = bytes.fromhex(arguments.decode("ascii"))
        sizes = [len(r) for r in self.machine.all_registers(self.core)]
        if len(data) > sum(sizes):
            return _WRONG
        for number in range(FIRST_SYSTEM_REGISTER):
            part, data = data[: sizes[number]], data[sizes[number] :]
            if len(part) == sizes[number]:
                self.machine.set_register(self.core, number, part)
        return b"OK"

    def read_one(self, arguments: bytes) -> bytes:
        value = self.machine.register(self.core, _hex(arguments))
        return b"x" * 16 if value is None else _to_hex(value)

    def write_one(self, arguments: bytes) -> bytes:
        number, _, value = arguments.partition(b"=")
        data = bytes.fromhex(value.decode("ascii"))
        return b"OK" if self.machine.set_register(self.core, _hex(number), data) else _WRONG

    def read_memory(self, arguments: bytes) -> bytes:
        address, size = _window(arguments)
        return _to_hex(self.machine.read(self.core, address, min(size, _REPLY_BYTES)))

    def write_memory(self, arguments: bytes) -> bytes:
        where, _, value = arguments.partition(b":")
        return self._write(where, bytes.fromhex(value.decode("ascii")))

    def write_binary(self, arguments: bytes) -> bytes:
        where, _, data = arguments.partition(b":")
        return self._write(where, data)

    def _write(self, where: bytes, data: bytes) -> bytes:
        address, size = _window(where)
        if size != len(data):
            return _WRONG
        self.machine.write(self.core, address, data)
        return b"OK"

    def physical(self, arguments: bytes) -> bytes:
        self.machine.physical = bool(int(arguments))
        return b"OK"

    def is_physical(self, _: bytes) -> bytes:
        return b"%d" % self.machine.physical

    # --- points

    def insert(self, arguments: bytes) -> bytes:
        return b"OK" if self.machine.insert(_point(arguments)) else b"E22"

    def remove(self, arguments: bytes) -> bytes:
        self.machine.remove(_point(arguments))
        return b"OK"

    # --- going on

    def go_on(self, arguments: bytes) -> Answer | bytes:
        """`vCont;ACTION[:THREAD];...`: of each thread the leftmost action that names it holds."""
        actions: dict[int, bytes] = {}
        for item in arguments.split(b";")[1:]:
            action, _, thread = item.partition(b":")
            if action[:1] not in (b"c", b"C", b"s", b"S"):
                return _WRONG
            cores = range(len(self.machine.names)) if thread in (b"", b"-1") else [self._core(thread)]
            for core in cores:
                actions.setdefault(core, action[:1].lower())
        if not actions:
            return _WRONG
        step = frozenset(core for core, action in actions.items() if action == b"s")
        return Resume(step, frozenset(range(len(self.machine.names))) - frozenset(actions))

    def continue_(self, arguments: bytes) -> Answer | bytes:
        self._set_pc(arguments)
        return Resume()

    def step(self, arguments: bytes) -> Answer | bytes:
        self._set_pc(arguments)
        return Resume(step=frozenset((self.core if self.run_core is None else self.run_core,)))

    def with_signal(self, arguments: bytes, function: Callable[[bytes], Answer | bytes]) -> Answer | bytes:
        _, _, address = arguments.partition(b";")  # guests take no signals
        return function(address)

    def _set_pc(self, address: bytes) -> None:
        if address:
            self.machine.set_register(self.core, 32, _hex(address).to_bytes(8, "little"))

    def monitor(self, arguments: bytes) -> Answer:
        line = bytes.fromhex(arguments.decode("ascii")).decode("utf-8", "replace")
        text = monitor.run(self.machine, line).encode()
        parts = (text[at : at + _OUTPUT_BYTES] for at in range(0, len(text), _OUTPUT_BYTES))
        return Replies((*(b"O" + _to_hex(part) for part in parts), b"OK"))


def _to_hex(data: bytes) -> bytes:
    return data.hex().encode()


def _hex(text: bytes) -> int:
    value = int(text, 16)
    if not 0 <= value < 1 << 64 or b"_" in text:
        raise ValueError(text)
    return value


def _window(text: bytes) -> tuple[int, int]:
    address, size = text.split(b",")
    return _hex(address), _hex(size)


def _point(text: bytes) -> Point:
    kind, address, size = text.split(b";")[0].split(b",")
    if kind not in (b"0", b"1", b"2", b"3", b"4"):
        raise ValueError(kind)
    return Point(int(kind), _hex(address), _hex(size))


_Function = Callable[[Commands, bytes], Answer | bytes]


def _constant(reply: bytes) -> _Function:
    return lambda _, __: reply


#: the first prefix that fits; longer ones first
_TABLE: tuple[tuple[bytes, _Function], ...] = (
    (b"qSupported", Commands.supported),
    (b"QStartNoAckMode", lambda _, __: Replies((b"OK",), no_ack=True)),
    (b"qXfer:", Commands.transfer),
    (b"qAttached", _constant(b"1")),
    (b"qC", lambda self, _: b"QC%x" % (self.core + 1)),
    (b"qfThreadInfo", Commands.thread_list),
    (b"qsThreadInfo", _constant(b"l")),
    (b"qThreadExtraInfo,", Commands.thread_info),
    (b"qSymbol:", _constant(b"OK")),
    (b"qRcmd,", Commands.monitor),
    (b"Qqemu.PhyMemMode:", Commands.physical),
    (b"qqemu.PhyMemMode", Commands.is_physical),
    (b"vCont?", _constant(b"vCont;c;C;s;S")),
    (b"vCont", Commands.go_on),
    (b"vKill", lambda _, __: Kill(b"OK")),
    (b"?", lambda self, _: self.last_stop),
    (b"H", Commands.select),
    (b"T", Commands.alive),
    (b"g", Commands.read_all),
    (b"G", Commands.write_all),
    (b"p", Commands.read_one),
    (b"P", Commands.write_one),
    (b"m", Commands.read_memory),
    (b"M", Commands.write_memory),
    (b"X", Commands.write_binary),
    (b"Z", Commands.insert),
    (b"z", Commands.remove),
    (b"c", Commands.continue_),
    (b"s", Commands.step),
    (b"C", lambda self, a: self.with_signal(a, self.continue_)),
    (b"S", lambda self, a: self.with_signal(a, self.step)),
    (b"D", lambda _, __: Detach()),
    (b"k", lambda _, __: Kill(None)),
)
