#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Linux boot to power-off beside QEMU's: the same Image, initial RAM disk and command line, in turns, whole processes.

    scripts/build && /usr/bin/python3 bench/linux.py [--rounds N] [--kernel 6.18] [--cores LIST]...

bbmsim runs with the checker on and exact TLBs, as `bbmsim boot -q`; QEMU as `-cpu cortex-a57` with TCG. Prints for each
list of cores the medians of wall time and of CPU time, their ratio, and bbmsim's peak memory beside the guest RAM that it
holds.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import click

TOP = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "python"))

import bbmsim as bs
from bbmsim.config import parse_cores
from bbmsim.linux.workload import DEFAULT_COMMAND_LINE
from bbmsim.linux import userspace
from bbmsim.units import parse_size

MIB = 1 << 20
_TARGET = {1: 2.0, 4: 2.5}  # times QEMU's wall time


@dataclass(frozen=True)
class Took:
    wall: float  #: s
    cpu: float  #: s, all threads, user and system


def timed(command: list[str], environment: dict[str, str] | None = None) -> Took:
    """A process from start to end. Stops the benchmark if it fails."""
    start = time.perf_counter()
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment
    )
    assert child.stdout is not None
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.perf_counter() - start
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise SystemExit(f"{command[0]}: exit status {child.returncode}\n{output[-2000:].decode('utf-8', 'replace')}")
    return Took(wall, usage.ru_utime + usage.ru_stime)


def ours(kernel: Path, initrd: Path, cores: str, memory: str, record: Path) -> list[str]:
    command = ["/usr/bin/python3", "-m", "bbmsim", "boot", "-q", "--kernel", str(kernel), "--initrd", str(initrd)]
    return [*command, "--cores", cores, "--memory", memory, "--json", str(record)]


def theirs(qemu: str, kernel: Path, initrd: Path, cores: int, memory: str) -> list[str]:
    command = [qemu, "-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-smp", str(cores), "-m", f"{parse_size(memory) // MIB}M"]
    command += ["-nographic", "-nic", "none", "-no-reboot", "-kernel", str(kernel), "-initrd", str(initrd)]
    return [*command, "-append", DEFAULT_COMMAND_LINE]


def compare(qemu: str, kernel: Path, initrd: Path, cores: str, memory: str, rounds: int, folder: Path) -> None:
    number = len(parse_cores(cores))
    record = folder / "run.json"
    environment = {**os.environ, "PYTHONPATH": str(TOP / "python")}
    us, them = [], []
    for _ in range(rounds):
        us.append(timed(ours(kernel, initrd, cores, memory, record), environment))
        them.append(timed(theirs(qemu, kernel, initrd, number, memory)))
    print(f"{cores}: {number} core{'s' if number > 1 else ''}")
    for what in ("wall", "cpu"):
        a, b = ([getattr(took, what) for took in runs] for runs in (us, them))
        pairs = sorted(x / y for x, y in zip(a, b))
        print(
            f"  {what:4}  bbmsim {statistics.median(a):6.2f} s, QEMU {statistics.median(b):6.2f} s: "
            f"{statistics.median(a) / statistics.median(b):.2f} times ({pairs[0]:.2f} to {pairs[-1]:.2f} by round)"
            + (f", wanted: at most {_TARGET[number]:.1f}" if what == "wall" and number in _TARGET else "")
        )
    run = json.loads(record.read_text())
    host, instructions = run["host"], sum(core["instructions"] for core in run["cores"])
    beyond = host["peak_rss_bytes"] - host["guest_ram_bytes"]
    print(
        f"  {instructions:,} instructions, {host['mips']:.0f} MIPS; peak memory {host['peak_rss_bytes'] // MIB} MiB, of which "
        f"guest RAM {host['guest_ram_bytes'] // MIB} MiB, all else {beyond // MIB} MiB, wanted: at most 300 MiB"
    )


@click.command(help=__doc__)
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1), help="Boots of each, in turns.")
@click.option("--kernel", default="6.18", show_default=True, help="As for bbmsim boot.")
@click.option("--memory", default="1GiB", show_default=True)
@click.option("--cores", multiple=True, default=("cortex-x4", "cortex-x4*4", "cortex-x4,cortex-a720*3"), show_default=True)
def main(rounds: int, kernel: str, memory: str, cores: tuple[str, ...]) -> None:
    qemu = shutil.which("qemu-system-aarch64")
    if qemu is None:
        raise SystemExit("linux: qemu-system-aarch64 is not installed; `apt-get install qemu-system-arm` has it")
    path = bs.linux(kernel, say=lambda text: click.echo(text, err=True)).path
    with tempfile.TemporaryDirectory(prefix="bbmsim-bench-") as folder:
        initrd = Path(folder) / "initrd.cpio"
        initrd.write_bytes(userspace.small().data)
        print(f"{path}, {parse_size(memory) // MIB} MiB, {rounds} rounds, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} CPUs")
        for each in cores:
            compare(qemu, path, initrd, each, memory, rounds, Path(folder))


if __name__ == "__main__":
    main()
