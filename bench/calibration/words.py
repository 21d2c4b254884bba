# SPDX-License-Identifier: Apache-2.0
"""The words of docs/calibration.md that are not made of figures."""

from __future__ import annotations

HEAD = (
    "# Calibration",
    "",
    "What others have measured on hardware, beside the same in simulation, misses included. Made by `scripts/calibrate` (`--part` for one of them) from",
    "[calibration.csv](calibration.csv), which keeps the figures. Detail `typical`; what the model's figures are worth: [cost](manual/cost.md).",
    "",
)

BEFORE_PRICES = (
    "`hop_ns` is the interconnect's one way, 20 as boards come: an assumption. On the boards that name it, it is what the published price of a broadcast TLBI (first column of prices below) comes to, and nothing else is changed: what these rows",
    "test is the price of an entry, and that the sum is made of these parts. `timing.barrier` of both presets, 24 cycles, is from the same table (second column), where two very different cores agree. So two of three prices are calibrated, one is predicted;",
    "with the interconnect as boards come, the ratio is missed, and the reason is this one price.",
)

AFTER_MAP_MEM = (
    "The two machines agree on what DSB and ISB cost behind a store, 15 to 16 ns, or 50 cycles. They are five times apart on what a broadcast TLBI and its DSB cost, and the virtual machine is not why: the Altra's figure is the same without one. A one-way latency of 400 ns",
    "is none of a mesh; 80 cores that the message goes to one after another, 20 ns each, would come to the same. So one assumption does not do for all boards, and the default is cheap for large ones: sweep `hop_ns` and `dvm_target_ns` before trusting what a strategy with many TLBIs costs.",
    "",
    "What else differs: a stage 2 translation behind each miss in the VMs, of which the model has none; M2 here is the M1's preset; secondaries that belong to the host on real machines and receive its TLBIs; memory of 2 to 6 ns an entry, which grows with the machine (the last column).",
    "The prices do not depend on the amount of memory, so the Altra's board is small.",
    "",
)

AFTER_LATENCY = (
    "A load that hits L1D costs its throughput here, not its latency: the model has no load-to-use delay, so dependent loads are too cheap by the L1D latency (4 cycles on the N1), and all figures above are differences over an L1 hit.",
    "The M1's walk is calibrated, not predicted: its preset has 22 cycles for a walk and 10 for each descriptor from L2, of which one is read; the 22 are whatever else a miss costs an out-of-order core. The other presets assume 4. The steps' places come of sizes, their shape of the assumed replacement.",
    "",
)

WITHOUT_LINUX = (
    "",
    "Not in calibration.csv: `scripts/calibrate --part linux` adds it.",
    "",
)

AFTER_LINUX = (
    "With blocks the kernel all but stops missing: 1 GiB is 512 blocks, fewer than any of these L2 TLBs has entries. With pages, each `pread()` misses once. The time moves little: a walk costs some 14 cycles here, and a `pread()` is 1,600 instructions. Pages by repaint and pages from boot are one map, and cost the same.",
    "",
)

NOT_COMPARABLE = (
    "Not comparable are: the work (memcached and its network there, a file in memory here); the machine (192 cores, 256 GB, where even blocks are more than a TLB holds, so that blocks take away 28.5 % of the misses and not nearly all of them); the TLBs (AmpereOne's sizes are not published);",
    "and disks. What can be compared is the direction, and the size of the effect on time, a few percent.",
)
