#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Speed of the main job, a repaint with verification: with the checker, without it, and without the filter, in turns in
one process, so that all see the same host; then the same guest program on QEMU; with --large, 64 GiB in a process of
its own for its peak memory.

    scripts/build && /usr/bin/python3 bench/repaint.py [--rounds N] [--large]
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

import bbmsim as bs
from bbmsim import _core
from bbmsim.config import parse_cores
from bbmsim.units import parse_size

MIB = 1 << 20
VARIANTS = {  # checker, filter
    "checker on,  filter on": (True, True),
    "checker off, filter on": (False, True),
    "checker on,  filter off": (True, False),
}


def run(cores: str, memory: str, stride: str, checker: bool = True, filter_: bool = True) -> dict[str, float]:
    """The `host` part of one run's record."""
    board = bs.Board(cores=parse_cores(cores), memory=memory, checker=checker, filter=filter_)
    result = bs.Simulation(board, bs.bare("repaint", verify_stride=stride)).run()
    if result.outcome != "poweroff" or result.violations:
        raise SystemExit(f"repaint: {result.outcome}: {result.detail}")
    return dict(result.record["host"])


def report(name: str, runs: list[dict[str, float]]) -> None:
    mips = [r["mips"] for r in runs]
    wall, cpu = (statistics.median(r[clock] for r in runs) for clock in ("wall_s", "cpu_s"))
    print(f"{name:24} {statistics.median(mips):7.1f} MIPS ({min(mips):.1f} to {max(mips):.1f}), {wall:7.2f} s, {cpu:.2f} s of CPU")


def qemu_seconds(cores: int, memory: str, stride: str) -> float | None:
    """Wall time of a whole QEMU process that runs the same image to power-off; None without QEMU."""
    qemu = shutil.which("qemu-system-aarch64")
    if qemu is None:
        return None
    image = Path(_core.build_dir) / "workloads" / "bare" / "repaint.img"
    command = [qemu, "-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-smp", str(cores), "-m", f"{parse_size(memory) // MIB}M"]
    command += ["-nographic", "-nic", "none", "-kernel", str(image), "-append", f"verify_stride={stride}"]
    start = time.perf_counter()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600)
    seconds = time.perf_counter() - start
    if "repaint: done" not in done.stdout:
        raise SystemExit(f"QEMU did not finish the repaint:\n{done.stdout}{done.stderr}")
    return seconds


@click.command()
@click.option("--cores", default="cortex-x4,cortex-a720*3", show_default=True)
@click.option("--memory", default="4GiB", show_default=True)
@click.option("--stride", default="512", show_default=True, help="Bytes between verified places; 4096: a TLB miss every 7 instructions.")
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1))
@click.option("--large", is_flag=True, help="64 GiB as well.")
@click.option("--once", is_flag=True, hidden=True)
def main(cores: str, memory: str, stride: str, rounds: int, large: bool, once: bool) -> None:
    if once:
        start = time.perf_counter()
        report(f"{memory}, checker on", [run(cores, memory, stride)])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"{'':24} {time.perf_counter() - start:.2f} s with the host's own check of the sums, peak {peak:.0f} MiB")
        return
    print(f"repaint, {cores}, {memory}, verify_stride={stride}; median of {rounds} rounds")
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in VARIANTS}
    peers: list[float] = []
    for _ in range(rounds):
        for name, (checker, filter_) in VARIANTS.items():
            runs[name].append(run(cores, memory, stride, checker, filter_))
        seconds = qemu_seconds(len(parse_cores(cores)), memory, stride)
        peers += [] if seconds is None else [seconds]
    for name, results in runs.items():
        report(name, results)
    on, off, slow = (statistics.median(r["cpu_s"] for r in results) for results in runs.values())
    print(f"by CPU time, the checker costs {100 * (on / off - 1):.1f} %, and the filter makes it {slow / on:.2f} times as fast")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    if peers:
        print(f"QEMU (TCG, whole process)        {statistics.median(peers):.2f} s; no TLB model, no checker, no time")
    if large:
        command = [sys.executable, __file__, "--once", "--memory", "64GiB", "--cores", cores, "--stride", stride]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
