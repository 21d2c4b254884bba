# SPDX-License-Identifier: Apache-2.0
"""What is typed reaches the guest: from Python, by a script of prompts, from a file, and live from a terminal."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import bbmsim as bs
import guests
import pytest
from conftest import Bbmsim, environment
from terminal import Terminal


def simulation(name: str = "echo") -> bs.Simulation:
    return bs.Simulation(bs.Board(cores=[bs.core("cortex-a720")], memory="64MiB"), bs.elf(guests.build(name)))


def test_send_types_at_the_uart_and_ends_a_wait_for_input() -> None:
    sim = simulation()
    assert sim.advance(10**12, 5.0) and sim.outcome == "deadlock"
    assert sim.console == "ready> "
    sim.send("a line that is longer than the FIFO of sixteen bytes\r")
    assert sim.advance(10**12, 5.0) and sim.outcome == "deadlock"
    assert sim.console == "ready> A LINE THAT IS LONGER THAN THE FIFO OF SIXTEEN BYTES\r"
    sim.send(b"q")
    assert sim.run().outcome == "poweroff"


def test_what_is_sent_before_the_run_waits_for_the_receiver() -> None:
    sim = simulation()
    sim.send("early q")
    assert sim.run().console == "ready> EARLY "


def test_a_script_answers_prompts_in_order_and_the_same_way_each_time() -> None:
    def run() -> bs.Result:
        sim = simulation()
        sim.expect("ready> ", "one\r")
        sim.expect("ONE", "two\r")
        sim.expect("WO\r", "q")
        return sim.run()

    first, second = run(), run()
    assert (first.outcome, first.console) == ("poweroff", "ready> ONE\rTWO\r")
    assert {k: v for k, v in first.record.items() if k != "host"} == {k: v for k, v in second.record.items() if k != "host"}
    assert first.record["simulated_ps"] > 3 * 10**9  # a moment before each answer


def test_a_prompt_that_never_comes_is_remarked() -> None:
    sim = simulation()
    sim.expect("login: ", "root\r")
    result = sim.run()
    assert result.outcome == "deadlock"
    assert any("'login: ' was expected and not printed; 1 answers were not given" in r for r in result.record["remarks"])


def test_wrong_input_names_itself() -> None:
    sim = simulation()
    with pytest.raises(bs.ConfigError, match="console=tty0"):
        sim.send("x", console="tty0")
    with pytest.raises(bs.ConfigError, match="only a board with a disk"):
        sim.send("x", console="virtio")
    with pytest.raises(bs.ConfigError, match="an empty prompt"):
        sim.expect("", "x")


def test_the_command_line_types_files_and_scripts(bbmsim: Bbmsim, tmp_path: Path) -> None:
    guest, typed = str(guests.build("echo")), tmp_path / "typed"
    typed.write_text("from a file q")
    common = ("run", guest, "--memory", "64MiB", "--cores", "cortex-a720")
    done = bbmsim(*common, "--input", str(typed))
    assert done.returncode == 0 and "FROM A FILE" in done.stdout
    done = bbmsim(*common, "--expect", "ready> =by script", "--expect", "SCRIPT=q")
    assert done.returncode == 0 and "BY SCRIPT" in done.stdout
    for arguments, says in (
        (("--input", str(tmp_path / "none")), "input="),
        (("--input", str(tmp_path)), "input="),
        (("--expect", "no equals sign"), "PROMPT=TEXT"),
        (("-i",), "no terminal"),
        (("--bench", "--expect", "a=b"), "bench"),
    ):
        done = bbmsim(*common, *arguments)
        assert done.returncode == 2 and says in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def test_standard_input_may_be_a_pipe() -> None:
    command = [sys.executable, "-m", "bbmsim", "run", str(guests.build("echo")), "--memory", "64MiB", "--cores", "cortex-a720", "--input", "-"]
    done = subprocess.run(command, input="by pipe q", env=environment(), capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "BY PIPE" in done.stdout, done.stderr


ECHO = ("run", "--memory", "64MiB", "--cores", "cortex-a720", "-i")


def test_keys_go_to_the_guest_and_the_guest_may_end_it() -> None:
    terminal = Terminal(*ECHO, str(guests.build("echo")))
    terminal.until(b"ready> ")
    terminal.type(b"hello\x03\x01\x01")  # Ctrl-C and Ctrl-A are the guest's
    terminal.until(b"HELLO\x03\x01")
    terminal.type(b"q")
    assert terminal.end() == 0
    assert b"poweroff" in terminal.seen


def test_the_escape_ends_it() -> None:
    terminal = Terminal(*ECHO, str(guests.build("forever")))
    terminal.until(b"Ctrl-A x ends")
    terminal.type(b"\x01h")
    terminal.until(b"Ctrl-A x ends")
    terminal.type(b"\x01x")
    assert terminal.end() == 3
    assert b"stopped" in terminal.seen


def test_a_signal_leaves_the_terminal_as_it_was() -> None:
    terminal = Terminal(*ECHO, str(guests.build("echo")))
    terminal.until(b"ready> ")
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.end() == 3
