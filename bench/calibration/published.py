# SPDX-License-Identifier: Apache-2.0
"""What has been measured on hardware, by whom; facts only."""

from __future__ import annotations

from dataclasses import dataclass

STEPS = ("base", "no-cont-remap", "batched-barriers", "no-alloc-remap")


@dataclass(frozen=True)
class MapMem:
    """map_mem() in ms, by step; 4K pages."""

    machine: str
    gib: int
    posting: str
    ms: tuple[float, ...]  #: in the order of STEPS

    @property
    def ratio(self) -> float:
        return self.ms[0] / self.ms[-1]


#: R. Roberts, "Speed up boot with faster linear map creation", linux-arm-kernel, postings of 4 and 12 April 2024, both on
#: v6.9-rc2. The first counts with a fourth patch that was dropped; the step no-alloc-remap was reworked in between.
MAP_MEM = (
    MapMem("Apple M2, VM", 16, "v2", (153, 77, 13, 11)),
    MapMem("Apple M2, VM", 16, "v3", (168, 78, 11, 10)),
    MapMem("Ampere Altra, VM", 64, "v2", (2227, 431, 162, 109)),
    MapMem("Ampere Altra, VM", 64, "v3", (2198, 435, 161, 104)),
    MapMem("Ampere Altra, VM", 256, "v2", (8798, 1727, 655, 449)),
    MapMem("Ampere Altra, VM", 256, "v3", (8644, 1723, 656, 438)),
    MapMem("Ampere Altra, no VM", 512, "v2", (17442, 3796, 1656, 1257)),
    MapMem("Ampere Altra, no VM", 512, "v3", (17447, 3779, 1654, 1223)),
)
#: the ratio that the project set itself, and by how much it may be missed
RATIO, TOLERANCE = 153 / 11, 0.25


@dataclass(frozen=True)
class Latency:
    """A range of a published latency, and how it is read off a simulated ladder."""

    core: str  #: a preset
    what: str
    low: float
    high: float
    unit: str
    source: str
    part: str  #: of the ladder: tlb, cache, transfer
    at: str  #: which point: see ladder.read_off()


LATENCIES = (
    Latency("neoverse-n1", "L2 TLB hit, over an L1 hit", 2, 2, "cycles", "Cortex-A76 TRM A5.2: L1 one cycle, L2 usually 3", "tlb", "l2"),
    Latency("neoverse-v2", "L2 TLB hit, over an L1 hit", 5, 6, "cycles", "software optimization guide 6; microbenchmarks 5", "tlb", "l2"),
    Latency("neoverse-v3", "L2 TLB hit, over an L1 hit", 6, 6, "cycles", "microbenchmarks", "tlb", "l2"),
    Latency("apple-m1-p", "L2 TLB hit, over an L1 hit", 6, 6, "cycles", "microbenchmarks (16K): 3 and 9 cycles", "tlb", "l2"),
    Latency("apple-m1-p", "walk with tables in caches, over an L1 hit", 32, 32, "cycles", "microbenchmarks (16K): 3 and 35 cycles", "tlb", "walk"),
    Latency("neoverse-n1", "L2 cache hit, over an L1D hit", 7, 7, "cycles", "L1D 4, L2 11 cycles", "cache", "l2"),
    Latency("neoverse-n1", "L3 hit, over an L1D hit", 24, 29, "cycles", "L1D 4, L3 28 to 33 cycles", "cache", "l3"),
    Latency("neoverse-v2", "L2 cache hit, over an L1D hit", 6, 6, "cycles", "L1D 4, L2 10 cycles", "cache", "l2"),
    Latency("neoverse-n1", "a line from another core's cache", 30, 60, "ns", "core to core in one socket, several servers", "transfer", "line"),
    Latency("neoverse-v2", "a line from another core's cache", 30, 60, "ns", "core to core in one socket, several servers", "transfer", "line"),
)

#: Linux commit a166563e7ec3, AmpereOne, 192 cores, 256 GB, 4K: blocks instead of pages in the linear map
AMPEREONE = {
    "kernel TLB misses per 1,000 instructions": "-28.5 %",
    "memcached, operations a second": "+3.5 %",
    "memcached, 99th percentile of latency": "-9.6 %",
    "sequential read, XFS on dm-crypt": "up to +150 %",
    "free memory": "+0.5 GB",
}
