# SPDX-License-Identifier: Apache-2.0
"""What the linear map costs in use before and after a repaint, on bare metal."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import bbmsim as bs
from bbmsim.config import Board
from bbmsim.running_cost import uses

from .rows import Row

CORES, MEMORY = "cortex-x4,cortex-a720*3", "2GiB"
FOOTPRINTS = ("1M", "4M", "16M", "64M", "256M")


def use(say: Callable[[str], None]) -> Iterator[Row]:
    name = f"{CORES}, {MEMORY}"
    for footprint in FOOTPRINTS:
        board = Board(cores=bs.parse_cores(CORES), memory=MEMORY)
        workload = bs.bare("repaint", strategy="merged", after="both", footprint=footprint, passes=2, verify="none")
        result = bs.Simulation(board, workload).run(timeout="1000s")
        if result.outcome != "poweroff" or not result.clean:
            raise SystemExit(f"repaint after=both footprint={footprint}: {result.outcome}: {result.detail}")
        say(f"use {name}, {footprint}: {result.record['host']['wall_s']:.1f} s of host time")
        yield Row("use", name, footprint, "repaint ms", result.phases["repaint"].duration_ps / 1e9)
        for found in uses(result):
            if found.core > 1:  # the others are as core 1
                continue
            case = f"{found.kind} {footprint} {found.name}"
            for when, phase in (("before", found.before), ("after", found.after)):
                yield Row("use", name, case, f"cycles per load {when}", found.cycles(phase))
                yield Row("use", name, case, f"L2 TLB misses per 1,000 loads {when}", 1000 * phase.l2_misses / found.loads)
            if found.break_even_ps is not None:
                yield Row("use", name, case, "break-even ms", found.break_even_ps / 1e9)
