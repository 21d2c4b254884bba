# SPDX-License-Identifier: Apache-2.0
"""Linux' own work on a linear map of blocks, of pages from boot, and of pages after a repaint: the same kernel, user
space, TLBs and timing. What differs is by what Linux 6.18 knows whether to trust a core with live blocks: the revision in
MIDR_EL1, its list having Cortex-X4 from r0p3 on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import bbmsim as bs
from bbmsim.config import Board

from .rows import Row

MEMORY, SEED = "1GiB", 7
#: kernel, cores: map, how the cores are to be spelled for that
BOARDS = {
    ("6.18", "cortex-x4*2"): {
        "blocks": "cortex-x4*2",
        "pages from boot": "cortex-x4:midr=0x410fd822*2",
        "pages by repaint": "cortex-x4,cortex-x4:midr=0x410fd822",
    },
}
#: stretches of workloads/linux/work.sh; each ends where the next begins
MARKS = ("reads", "copy", "processes", "end")


@dataclass(frozen=True)
class State:
    """Sums over all cores up to a mark."""

    time_ps: int
    instructions: int
    kernel_misses: int  #: table walks at EL1
    user_misses: int
    kernel_walk_cycles: int


def state_at(kernel: str, cores: str, mark: str) -> State:
    board = Board(cores=bs.parse_cores(cores), memory=MEMORY)
    sim = bs.Simulation(board, bs.linux(kernel, initrd="work"), seed=SEED)
    sim.profile()
    for line in sim.events(bs.ConsoleLine, timeout="20s"):
        if line.text.strip() == f"work: {mark}":
            sim.stop()
            break
    result = sim.run()
    if result.outcome != "stopped" or not result.clean or result.profile is None:
        raise SystemExit(f"linux on {cores}, up to {mark}: {result.outcome}: {result.detail}; {len(result.violations)} violations")
    functions = result.profile.functions
    own = [f for f in functions if f.function != "[user]"]
    return State(
        result.record["simulated_ps"],
        sum(c["instructions"] for c in result.record["cores"]),
        sum(f.tlb_misses for f in own),
        sum(f.tlb_misses for f in functions) - sum(f.tlb_misses for f in own),
        sum(f.walk_cycles for f in own),
    )


def linux(say: Callable[[str], None]) -> Iterator[Row]:
    for (kernel, name), maps in BOARDS.items():
        for kind, cores in maps.items():
            states = [state_at(kernel, cores, mark) for mark in MARKS]
            say(f"linux {kind} on {cores}: {states[-1].time_ps / 1e9:.1f} ms")
            for mark, begin, end in zip(MARKS, states, states[1:]):
                kilo = (end.instructions - begin.instructions) / 1000
                case = f"{mark}: {kind}"
                board = f"{name}, {MEMORY}, Linux {kernel}"
                yield Row("linux", board, case, "ms", (end.time_ps - begin.time_ps) / 1e9)
                yield Row("linux", board, case, "instructions", 1000 * kilo)
                yield Row("linux", board, case, "kernel TLB misses per 1,000 instructions", (end.kernel_misses - begin.kernel_misses) / kilo)
                yield Row("linux", board, case, "user TLB misses per 1,000 instructions", (end.user_misses - begin.user_misses) / kilo)
                yield Row("linux", board, case, "kernel walk cycles", end.kernel_walk_cycles - begin.kernel_walk_cycles)
