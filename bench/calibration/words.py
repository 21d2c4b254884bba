# SPDX-License-Identifier: Apache-2.0
"""The words of docs/calibration.md that are not made of figures."""

from __future__ import annotations

HEAD = (
    "# Calibration",
    "",
    "What others have measured on hardware, beside the same in simulation, misses included. Made by `scripts/calibrate` (`--part` for one of them) from",
    "[calibration.csv](calibration.csv); nothing is fitted to these figures but where a parameter's source says so. Ratios and counts are what the model is for: its times are those of",
    "assumed latencies ([cost](manual/cost.md)).",
    "",
)

AFTER_MAP_MEM = (
    "The two machines agree on what DSB and ISB cost behind a store, 15 to 16 ns, or 50 cycles; they are five times apart on what a broadcast TLBI and its DSB cost, and the virtual machine is not",
    "why: the Altra's figure is the same without one. Which says how well the assumption of one interconnect for all boards can do.",
    "",
)

AFTER_LATENCY = (
    "What a load costs where it hits in L1D is its throughput here, not its latency: the model has no load-to-use delay, so dependent loads are too cheap by the L1D latency (4 cycles on the N1), and all figures above are differences over an L1 hit.",
    "Replacement is the preset's assumption; the steps' places come of sizes, their shape of that.",
    "",
)

AFTER_LINUX = (
    "With blocks the kernel all but stops missing: 1 GiB is 512 blocks, fewer than any L2 TLB has entries. With pages nearly each of the reads' 65,536 pages misses. The time hardly moves, for a walk here finds its tables in the caches and",
    "costs some cycles of the 1,600 instructions that each `pread()` takes.",
    "",
)

NOT_COMPARABLE = (
    "Not comparable are: the work (memcached and its network there, a file in memory here); the machine (192 cores and 256 GB, where even blocks do not fit a TLB, so that blocks take away 28.5 % of the misses and not nearly all); the preset's TLBs (AmpereOne's sizes are not published,",
    "so none of these boards is one); and user space, whose misses are the same with both maps. What can be compared is the direction, and that a kernel's misses cost its work a few percent, not more.",
)
