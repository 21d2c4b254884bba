# SPDX-License-Identifier: Apache-2.0
"""`--gdb`: GDB itself as the client, hostile clients, and a record that knows of neither."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import guests
from bbmsim.gdb.packets import MAX_PACKET, Damaged, Framer, Interrupt, Packet, frame
from conftest import ROOT, Bbmsim, environment

ELF = ROOT / "build" / "release" / "workloads" / "bare" / "repaint.elf"
BOARD = ("--memory", "64MiB", "--cores", "cortex-x4,cortex-a720*2")


class Served:
    """A `bbmsim run --gdb 0` that waits at reset."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.record_path = folder / "record.json"
        command = [sys.executable, "-m", "bbmsim", "run", *arguments, "--gdb", "0", "--json", str(self.record_path)]
        self.process = subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        match = re.fullmatch(r"gdb: the machine waits at reset for a debugger: target remote 127\.0\.0\.1:(\d+)\n", line)
        assert match, line
        self.port = int(match[1])

    def gdb(self, *commands: str, elf: Path | None = ELF) -> str:
        """What gdb-multiarch prints for the commands; it detaches at the end if it is still connected."""
        words = [w for c in (f"target remote 127.0.0.1:{self.port}", *commands) for w in ("-ex", c)]
        files = [str(elf)] if elf is not None else []
        settings = ["-ex", "set confirm off", "-ex", "set pagination off", "-ex", "set width 0", "-ex", "set tcp connect-timeout 60"]
        run = subprocess.run(
            ["gdb-multiarch", "-nx", "-batch", *settings, *words, *files],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300,
        )  # fmt: skip
        assert run.returncode == 0, run.stdout
        return run.stdout

    def client(self) -> Client:
        return Client(self.port)

    def end(self) -> tuple[int, str]:
        """Exit status, standard error."""
        _, errors = self.process.communicate(timeout=300)
        return self.process.returncode, errors

    def record(self) -> dict[str, Any]:
        out: dict[str, Any] = json.loads(self.record_path.read_text())
        del out["host"]
        return out


class Client:
    """A client that says what it is told to."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        self._framer = Framer()

    def raw(self, data: bytes) -> None:
        self._socket.sendall(data)

    def ask(self, packet: bytes) -> bytes:
        self.raw(frame(packet))
        return self.packet()

    def packet(self) -> bytes:
        while not isinstance(item := self._framer.next(), Packet):
            data = self._socket.recv(65536)
            assert data, "the server has closed the connection"
            self._framer.feed(data)
        return item.data

    def sign(self) -> bytes:
        return self._socket.recv(1)

    def leave(self) -> None:
        self._socket.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Any]:
    made: list[Served] = []

    def start(*arguments: str) -> Served:
        made.append(Served(tmp_path, *arguments))
        return made[-1]

    yield start
    for served in made:
        served.process.kill()
        served.process.communicate()


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The record of the run that nobody debugs."""
    path = tmp_path_factory.mktemp("alone") / "record.json"
    subprocess.run([sys.executable, "-m", "bbmsim", "run", *BOARD, "--json", str(path)], env=environment(), check=True, capture_output=True)
    out: dict[str, Any] = json.loads(path.read_text())
    del out["host"]
    return out


# --- framing


def items(data: bytes) -> list[object]:
    framer = Framer()
    for i in range(len(data)):  # byte by byte: nothing depends on how it arrives
        framer.feed(data[i : i + 1])
    out = []
    while (item := framer.next()) is not None:
        out.append(item)
    return out


@pytest.mark.parametrize("data", [b"", b"g", b"a#$}*\x03b", bytes(range(256))])
def test_frames_come_back_as_they_went(data: bytes) -> None:
    assert items(b"+" + frame(data) + b"-junk") == [Packet(data)]


def test_what_is_no_packet_is_dropped_or_refused() -> None:
    assert items(b"\x03") == [Interrupt()]
    assert items(b"$g#00" + frame(b"g")) == [Damaged(), Packet(b"g")]
    assert items(b"$g#zz") == [Damaged()]
    assert items(b"$gar" + frame(b"g")) == [Damaged(), Packet(b"g")]
    assert items(frame(b"x" * (MAX_PACKET + 1)) + frame(b"g")) == [Damaged(), Packet(b"g")]
    assert items(b"$" * 1000) == [Damaged()] * 999


# --- GDB


def test_a_session_with_gdb(serve: Any, alone: dict[str, Any]) -> None:
    """The machine waits at reset; break, backtrace, threads, registers, memory, TLBs, walks, watch, steps; to the end.

    None of it writes, so the record is the one of the run that nobody debugged.
    """
    served = serve(*BOARD)
    text = served.gdb(
        "info threads",
        "info registers pc cpsr",
        "hbreak repaint_on_boot_core",
        "continue",
        "echo <backtrace>\\n", "backtrace",
        "echo <threads>\\n", "info threads",
        "echo <registers>\\n", "info registers sp SCTLR_EL1 TTBR1_EL1",
        "print/x $v0.d.u", "print $MIDR_EL1 != 0",
        "echo <memory>\\n", "x/2gx &machine", "x/gx 0x1234567890", "x/4i $pc",
        "echo <walk>\\n", "monitor walk 0 0xffff800080000000", "monitor tlb 0 l2", "monitor cores", "monitor time",
        "monitor phases", "monitor violations", "monitor help",
        "delete", "watch rendezvous.count",
        "echo <watch>\\n", "continue",
        "echo <step>\\n", "delete", "stepi", "stepi", "info registers pc",
        "thread 2", "stepi",
        "echo <end>\\n", "continue",
    )  # fmt: skip
    part = dict(zip(["start", *re.findall(r"^<(\w+)>$", text, re.M)], re.split(r"^<\w+>$", text, flags=re.M)))
    assert "pc             0x40200" in part["start"] and "cortex-x4 runs" in part["start"] and "is off" in part["start"]
    assert "Breakpoint 1, " in part["start"] and "repaint_on_boot_core" in part["start"]
    assert re.search(r"#0 .*repaint_on_boot_core.*\n#1 .*(boot|verify|repaint|main)", part["backtrace"])
    assert len(re.findall(r"Thread \d", part["threads"])) == 3
    assert re.search(r"SCTLR_EL1\s+0x\w+", part["registers"]) and re.search(r"TTBR1_EL1\s+0x\w+", part["registers"])
    assert re.search(r"<machine>:\s+0x\w{16}\s+0x\w{16}", part["memory"])
    assert "Cannot access memory at address 0x1234567890" in part["memory"]
    assert re.search(r"level 0: descriptor at 0x\w+ is 0x\w{16}\n(level . .*\n)?", part["walk"])
    assert re.search(r"0xffff800080000000 -> 0x40200000: .* level \d, global, r-x", part["walk"])
    assert re.search(r"core 0 l2: [1-9]\d* entries", part["walk"]) and "BBM level 2" in part["walk"]
    assert "no violations" in part["walk"] and "monitor tlb CORE" in part["walk"] and "board time" in part["walk"]
    assert re.search(r"Hardware watchpoint 2: rendezvous.count\n+Old value = \d\nNew value = 0", part["watch"])
    assert "release" in part["watch"] or "repaint" in part["watch"]
    assert "[Inferior 1 (Remote target) exited normally]" in part["end"]
    assert served.end()[0] == 0
    record = served.record()
    assert [core["instructions"] for core in record["cores"]] == [core["instructions"] for core in alone["cores"]]
    assert record == alone


def test_software_breakpoints_leave_memory_alone(serve: Any, alone: dict[str, Any]) -> None:
    served = serve(*BOARD)
    text = served.gdb("break park_until_released", "continue", "info threads", "continue", "x/wx park_until_released", "detach")
    assert len(re.findall(r"hit Breakpoint 1, |^Breakpoint 1, ", text, re.M)) == 2  # by both secondaries
    assert served.end()[0] == 0
    assert served.record() == alone


def test_continue_at_once_is_the_run_alone(serve: Any, alone: dict[str, Any]) -> None:
    served = serve(*BOARD)
    assert "exited normally" in served.gdb("continue")
    assert served.end() == (0, "")
    assert served.record() == alone


def test_registers_and_memory_are_written(serve: Any) -> None:
    served = serve(str(guests.build("forever")), *BOARD)
    text = served.gdb(
        "stepi", "stepi", "set $x0 = 0x1000", "stepi", "stepi", "print/x $x0",
        "set {long}0x40300000 = 0x1122334455667788", "x/gx 0x40300000", "monitor phys read 0x40300000 8",
        "monitor phys write 0x40300000 ff", "maintenance packet Qqemu.PhyMemMode:1", "x/bx 0x40300000",
        "set $VBAR_EL1 = 0x40300800", "print/x $VBAR_EL1", "monitor sysreg 0 vbar_el1",
        "set $v3.d.u[0] = 5",
        "set $pc = 0x40200000", "info registers pc", "set $x0 = 7", "stepi", "print $x0",
        "set var *(long *)0x1000 = 1",
        "kill", elf=guests.build("forever"),
    )  # fmt: skip
    assert "$1 = 0x1001" in text
    assert "0x40300000:\t0x1122334455667788" in text and "8877665544332211" in text and "0x40300000:\t0xff" in text
    assert "= 0x40300800" in text and "VBAR_EL1 = 0x40300800" in text
    assert re.search(r"pc +0x40200000", text) and "$3 = 0\n" in text
    assert "Cannot access memory at address 0x1000" in text
    status, errors = served.end()
    assert (status, errors) == (3, "")


def test_a_failed_guest_can_be_looked_at(serve: Any) -> None:
    served = serve(str(guests.build("deadlock")), *BOARD)
    text = served.gdb("continue", "info registers pc", "continue", elf=guests.build("deadlock"))
    assert "deadlock: nothing can happen any more" in text
    assert "exited with code 03" in text
    assert served.end()[0] == 3


def test_ctrl_c_and_coming_back(serve: Any) -> None:
    served = serve(str(guests.build("forever")), *BOARD, "--timeout", "1000000s")
    first = served.client()
    assert first.ask(b"?").startswith(b"T05thread:1;")
    first.raw(frame(b"vCont;c") + b"\x03")
    assert first.packet().startswith(b"T02")
    first.raw(frame(b"vCont;c"))
    first.leave()
    second = served.client()  # stops the machine
    pc = second.ask(b"p20")
    assert second.ask(b"p20") == pc
    assert second.ask(b"vCont;s:1").startswith(b"T05")
    assert second.ask(b"p20") != pc
    second.raw(frame(b"k"))
    assert served.end()[0] == 3


# --- hostile clients


@pytest.mark.parametrize(
    "packet",
    [
        b"", b"!", b"m", b"mx,y", b"m0,", b"m0", b"mffffffffffffffffff,1", b"m0,ffffffffffffffff", b"m-1,4", b"M0,4:zz",
        b"M40200000,4:00", b"X40200000,5:abc", b"Mfffffffffffffffe,4:00000000", b"p", b"pffff", b"p-1", b"P", b"P0=", b"P0=00", b"P44=0",
        b"Pffffff=00", b"G", b"Gzz", b"G" + b"0" * 8000, b"H", b"Hg", b"Hgffff", b"Hx1", b"T", b"T0", b"Tffffffffffffffffff", b"Z", b"Z9,0,0",
        b"Z2,0,0", b"Z2,0,ffffffffffffffff", b"Z1,zz,4", b"z1,0,4", b"Z1,\xff\xfe,4", b"vCont", b"vCont;", b"vCont;x", b"vCont;s:99", b"vCont;c:zz",
        b"qXfer:features:read:target.xml:zz,10", b"qXfer:features:read::0,10", b"qXfer:memory:read::0,10", b"qXfer:features:read:target.xml:ffffffff,ffffffff",
        b"qRcmd", b"qRcmd,", b"qRcmd,zz", b"qRcmd," + b"tlb 99 l2".hex().encode(), b"qRcmd," + b"walk 0".hex().encode(), b"qRcmd,ff",
        b"qRcmd," + b"phys read 0 1".hex().encode(), b"qRcmd," + b"phys read 0x40000000 999999999".hex().encode(), b"qRcmd," + b"walk 0 1e9".hex().encode(),
        b"qThreadExtraInfo,zz", b"Qqemu.PhyMemMode:zz", b"szz", b"vMustReplyEmpty", b"\x00\x01\x02", bytes(range(128, 256)),
    ],
    ids=lambda p: p[:24].decode("latin1"),
)  # fmt: skip
def test_nonsense_in_a_packet_is_answered(nonsense: Client, packet: bytes) -> None:
    nonsense.raw(frame(packet))
    while (answer := nonsense.packet()).startswith(b"O") and answer != b"OK":
        pass
    assert answer in (b"", b"OK") or re.match(rb"[ElmFT]", answer), answer
    assert nonsense.ask(b"qC") == b"QC1"


@pytest.fixture(scope="module")
def nonsense(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    served = Served(tmp_path_factory.mktemp("nonsense"), str(guests.build("forever")), *BOARD)
    yield served.client()
    served.process.kill()
    served.process.communicate()


def test_broken_framing_is_refused_and_the_run_unharmed(serve: Any, alone: dict[str, Any]) -> None:
    served = serve(*BOARD)
    for noise in (b"\x00" * 100_000, b"GET / HTTP/1.1\r\n\r\n", b"$" * 10_000, b"$m0,4", b"$m0,4#", b"#00#00", b"\x03" * 100):
        with contextlib.suppress(OSError):  # the run may be over by now
            client = served.client()
            client.raw(noise)
            client.leave()  # in the middle; the machine runs, the next one stops it
    assert served.end() == (0, "")
    assert served.record() == alone


def test_wrong_checksums_and_oversized_packets_are_naked(serve: Any) -> None:
    served = serve(str(guests.build("forever")), *BOARD)
    client = served.client()
    client.raw(b"$g#00")
    assert client.sign() == b"-"
    client.raw(frame(b"m" * (MAX_PACKET + 1)))
    assert client.sign() == b"-"
    client.raw(frame(b"qC"))
    assert client.sign() == b"+"
    assert client.packet() == b"QC1"
    assert client.ask(b"QStartNoAckMode") == b"OK"
    client.raw(b"$g#00" + frame(b"qC"))
    assert client.packet() == b"QC1"


# --- the command line


def test_a_port_in_use_is_one_line(bbmsim: Bbmsim) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        run = bbmsim("run", "--gdb", str(port))
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"bbmsim: gdb={port}: can't listen on 127.0.0.1:{port}: Address already in use\n"


def test_not_with_bench_and_not_any_number(bbmsim: Bbmsim) -> None:
    assert (run := bbmsim("run", "--gdb", "0", "--bench")).returncode == 2 and "--bench" in run.stderr
    assert bbmsim("run", "--gdb", "65536").returncode == 2
