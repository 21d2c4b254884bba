#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the nasty TLB costs: the repaint with typical and nasty TLBs in turns, in one process, and their ratio by CPU
time of the simulation. Exit status 1 if the median ratio is above --most.

    scripts/build && /usr/bin/python3 bench/nasty.py [--rounds N]
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

import bbmsim as bs
from bbmsim.config import parse_cores, tlb_mode


def run(cores: str, memory: str, tlb: str) -> dict[str, float]:
    """The `host` part of one run's record."""
    board = bs.Board(cores=tlb_mode(parse_cores(cores), tlb), memory=memory)
    result = bs.Simulation(board, bs.bare("repaint")).run()
    if result.outcome != "poweroff" or result.violations:
        raise SystemExit(f"repaint: {result.outcome}: {result.detail}")
    return dict(result.record["host"])


@click.command()
@click.option("--cores", default="cortex-x4,cortex-a720*3", show_default=True)
@click.option("--memory", default="1GiB", show_default=True)
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1))
@click.option("--tlb", default="nasty", show_default=True, help="Or some powers: speculate,retain.")
@click.option("--most", default=3.0, show_default=True, help="The ratio that is still good.")
def main(cores: str, memory: str, rounds: int, tlb: str, most: float) -> None:
    """Prints medians and the ratio, by round."""
    ratios = []
    for _ in range(rounds):
        typical, nasty = run(cores, memory, "typical"), run(cores, memory, tlb)
        ratios.append(nasty["cpu_s"] / typical["cpu_s"])
        print(f"typical {typical['cpu_s']:6.2f} s of CPU, {tlb} {nasty['cpu_s']:6.2f} s: ratio {ratios[-1]:.2f}")
    ratio = statistics.median(ratios)
    print(f"median ratio {ratio:.2f} (wanted: at most {most:g})")
    sys.exit(ratio > most)


if __name__ == "__main__":
    main()
