#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How an exploration scales with the host's cores: the same runs with one worker and with several, in turns.

    scripts/build && /usr/bin/python3 bench/explore.py [--rounds N] [--runs N] [--jobs N]
"""

from __future__ import annotations

import os
import statistics
import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

import bbmsim as bs
from bbmsim.config import parse_cores


@click.command()
@click.option("--rounds", default=3, show_default=True)
@click.option("--runs", default=60, show_default=True)
@click.option("--jobs", default=os.cpu_count() or 1, show_default=True)
@click.option("--cores", default="cortex-x4,cortex-a720*3", show_default=True)
@click.option("--memory", default="1GiB", show_default=True)
def main(rounds: int, runs: int, jobs: int, cores: str, memory: str) -> None:
    board = bs.Board(cores=parse_cores(cores), memory=memory)
    seconds: dict[int, list[float]] = {1: [], jobs: []}
    found = []
    for _ in range(rounds):
        for n, times in seconds.items():
            exploration = bs.explore(board, bs.bare("repaint"), runs=runs, jobs=n)
            times.append(exploration.wall_s)
            found.append([f.id for f in exploration.findings])
            print(f"{n} worker{'s' * (n != 1)}: {exploration.wall_s:6.2f} s, {runs / exploration.wall_s:6.1f} runs/s", flush=True)
    if any(f != found[0] for f in found):
        raise SystemExit("the findings depend on the number of workers")
    print(f"{jobs} workers are {statistics.median(seconds[1]) / statistics.median(seconds[jobs]):.2f} times as fast as one (medians of {rounds})")


if __name__ == "__main__":
    main()
