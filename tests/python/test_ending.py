# SPDX-License-Identifier: Apache-2.0
"""Commands with worker processes that are told to end, or killed: nobody of them stays, what was finished is kept."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import bbmsim as bs
import guests
from bbmsim.workers import interrupt, uninterrupted
from conftest import environment, finished

#: a cell that ends and two that don't
STUDY = """
    name = "ending"
    [base]
    memory = "64MiB"
    cores = "cortex-x4"
    timeout = "1000s"
    [axes]
    seed = [1, 2]
    workload = ["rules/BBM-SIZE", "{forever}"]
    [[skip]]
    seed = 2
    workload = "rules/BBM-SIZE"
    """


def start(*arguments: str, hangup: signal.Handlers = signal.SIG_DFL) -> subprocess.Popen[str]:
    """In a session of its own, with SIGHUP as said, whatever the tests were started under. Its workers inherit the pipes, so
    communicate() comes back when the last of them is gone.
    """
    return subprocess.Popen(
        [sys.executable, "-m", "bbmsim", *arguments], env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True, preexec_fn=lambda: signal.signal(signal.SIGHUP, hangup),
    )


def end(process: subprocess.Popen[str]) -> tuple[str, str]:
    try:
        return process.communicate(timeout=60)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise


def begun(tmp_path: Path) -> subprocess.Popen[str]:
    """A sweep that has finished one cell and is at two that last."""
    study = tmp_path / "study.toml"
    study.write_text(STUDY.format(forever=guests.build("forever")))
    process = start("sweep", str(study), "--out", str(tmp_path / "out"), "-j", "2")
    while finished(tmp_path / "out") < 1 and process.poll() is None:
        time.sleep(0.01)
    return process


def goes_on(tmp_path: Path) -> bool:
    """The folder is free again and has the cell that was done."""
    study = tmp_path / "study.toml"
    study.write_text(STUDY.replace("seed = [1, 2]", "seed = [1]").replace(', "{forever}"', "").split("[[skip]]")[0])
    done: list[int] = []
    bs.sweep(study, tmp_path / "out", progress=lambda n, _: done.append(n))
    return done == [1]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGHUP])
def test_a_sweep_that_is_told_to_end_keeps_its_cells_and_says_how_to_go_on(how: signal.Signals, tmp_path: Path) -> None:
    process = begun(tmp_path)
    process.send_signal(how)
    output, errors = end(process)
    assert (process.returncode, output) == (3, "")
    assert errors == f"sweep: interrupted; finished cells are kept in {tmp_path / 'out'}, the same command goes on\n"
    assert goes_on(tmp_path)


def test_workers_end_with_a_sweep_that_is_killed(tmp_path: Path) -> None:
    process = begun(tmp_path)
    process.kill()
    end(process)
    assert goes_on(tmp_path)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_an_exploration(how: signal.Signals) -> None:
    process = start("explore", str(guests.build("forever")), "--memory", "128MiB", "--runs", "4", "-j", "2", "--timeout", "1000s")
    while subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True).returncode and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(how)
    output, errors = end(process)
    if how == signal.SIGTERM:
        assert process.returncode == 3 and "(interrupted): nothing found" in output and errors == ""


def test_an_interrupt_waits_until_workers_are_begun() -> None:
    begun = []
    with pytest.raises(KeyboardInterrupt), uninterrupted():
        with uninterrupted():
            interrupt()
        begun.append("a worker")
    assert begun
    with uninterrupted():  # that one was told
        begun.append("another")
    with pytest.raises(KeyboardInterrupt):
        interrupt()


def test_nohup_stays_nohup(tmp_path: Path) -> None:
    study = tmp_path / "study.toml"
    study.write_text(STUDY.format(forever=guests.build("forever")))
    process = start("sweep", str(study), "--out", str(tmp_path / "out"), "-j", "2", hangup=signal.SIG_IGN)
    process.send_signal(signal.SIGHUP)
    while finished(tmp_path / "out") < 1 and process.poll() is None:
        time.sleep(0.01)
    assert process.poll() is None
    process.terminate()
    end(process)
    assert process.returncode == 3
