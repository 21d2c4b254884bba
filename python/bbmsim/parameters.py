# SPDX-License-Identifier: Apache-2.0
"""The figures of the cost model that are assumed or taken from somewhere: source, and how far off they may be.

The one place that says so: `bbmsim list parameters` prints it, `[sensitivity] ranges = "stated"` sweeps it. Defaults are
the configuration's own (a preset may have its own value, from the source that it names). Keys are those of a study.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from .config import Board, Core, resolve_field


@dataclass(frozen=True)
class Parameter:
    """One figure. `low` and `high`: None if there is no range to sweep, such as of a size that must be a power of two."""

    key: str  #: as a study has it: core.l2_cycles, board.hop_ns
    unit: str
    means: str
    source: str
    low: float | None = None
    high: float | None = None
    details: tuple[str, ...] = ("fast", "typical", "full")  #: in which it matters

    @property
    def default(self) -> Any:
        """Of the generic core and of a board about which nothing is said."""
        from .sweeps.settings import board_field  # reads this module's list

        kind, path = self.key.split(".", 1)
        full, target = (resolve_field(path), Core()) if kind == "core" else (board_field(path), Board(cores=[Core()]))
        for name in full.split("."):
            target = getattr(target, name)
        return target

    @property
    def range(self) -> str:
        return "-" if self.low is None else f"{self.low} to {self.high}"


_SHARED = ("typical", "full")
_FULL = ("full",)
_PUBLISHED_N1 = "published for Neoverse N1: L1D 4, L2 11, L3 28 to 33 cycles in all; V2's L2 10"
_ASSUMED = "assumed"
_ISSUE = "assumed of a pipeline's width; the range is that of the presets, from wide to narrow"
_CHI = "assumed, in the order of published CHI and mesh figures"

PARAMETERS = (
    Parameter("core.l2_cycles", "cycles", "an L1D miss that L2 answers, beyond the L1D's latency", _PUBLISHED_N1, 5, 14),
    Parameter("core.l3_cycles", "cycles", "an L2 miss that L3 answers, or leave to store from the line's home", _PUBLISHED_N1, 20, 60, _SHARED),
    Parameter("core.memory_cycles", "cycles", "a miss that memory answers; presets: 100 ns of their clock", "assumed: 70 to 150 ns", 100, 480),
    Parameter("core.store_buffer_lines", "lines", "lines that stores may wait for at once", _ASSUMED, 8, 64, _SHARED),
    Parameter("core.store_line_cycles", "cycles", "between two lines that leave the store buffer: what one core can fill", _ASSUMED, 4, 16, _SHARED),
    Parameter("core.write_stream_lines", "lines", "whole lines stored in a row after which none is read first", "assumed; Arm's TRMs describe the mode", 1, 128, _SHARED),
    Parameter("core.walks_fill_l2", "", "lines that walks read are kept in L2", _ASSUMED, details=_SHARED),
    Parameter("core.walk_start_cycles", "cycles", "each walk, beside the descriptors that it reads", "assumed; Apple M1: 22, of a published walk of 32", 1, 24),
    Parameter("core.walk_read_cycles", "cycles", "a descriptor that a walk reads from L2 (in detail fast: any)", "assumed: as the L2's latency", 6, 14),
    Parameter("core.l2_tlb.hit_cycles", "cycles", "an L1 TLB miss that the L2 TLB answers", "published for some presets, which say so; else assumed", 1, 12),
    Parameter("core.tlbi_issue_cycles", "cycles", "issuing a TLBI", _CHI, 10, 20),
    Parameter("core.tlbi_receive_cycles", "cycles", "performing another core's TLBI", _CHI, 10, 50),
    Parameter("core.wfe_wake_cycles", "cycles", "from an event or interrupt to the first instruction behind WFE or WFI", _ASSUMED, 5, 100),
    Parameter("core.timing.alu", "cycles", "an instruction of the integer units, in the mean", _ISSUE, 0.15, 0.6),
    Parameter("core.timing.branch", "cycles", "a branch, in the mean: mispredicted ones included", _ISSUE, 0.5, 1.5),
    Parameter("core.timing.load", "cycles", "a load that hits in L1D, in the mean", _ISSUE, 0.2, 1.5),
    Parameter("core.timing.store", "cycles", "a store's issue, in the mean", _ISSUE, 0.2, 1.0),
    Parameter("core.timing.barrier", "cycles", "DMB, DSB, ISB without what they wait for", "assumed; Neoverse N1, Apple M1: 24, from published times of map_mem()", 4, 30),
    Parameter("core.timing.exception", "cycles", "entry to and return from an exception", _ASSUMED, 10, 60),
    Parameter("board.hop_ns", "ns", "one way between a core and the DVM node; a broadcast TLBI takes four", _CHI, 15, 30),
    Parameter("board.dvm_outstanding", "messages", "DVM messages in flight, on the board and of one core", "CHI models use 16", 4, 32),
    Parameter("board.dvm_target_ns", "ns", "the node's work for each core that a DVM message goes to", _ASSUMED, 0, 5, _SHARED),
    Parameter("board.event_ns", "ns", "SEV, or a cleared monitor, to the waiting core", _ASSUMED, 10, 60),
    Parameter("board.interrupt_ns", "ns", "a pending interrupt, IPIs among them, to the core's seeing it", _ASSUMED, 50, 300, _SHARED),
    Parameter("board.psci_on_ns", "ns", "PSCI CPU_ON to the first instruction of its target: firmware", _ASSUMED, 500, 20000),
    Parameter("board.mmio_ns", "ns", "a device access", _ASSUMED, 30, 150),
    Parameter("board.l3_bytes", "bytes", "shared L3; 0: none", _ASSUMED, details=_SHARED),
    Parameter("board.transfer_ns", "ns", "a line that another core's cache answers for", "published: 30 to 60 ns within a socket", 30, 60, _SHARED),
    Parameter("board.bandwidth_mb_s", "MB/s", "memory, reads and writes of all cores together", _ASSUMED, 10_000, 200_000, _FULL),
    Parameter("board.dram_row_ns", "ns", "opening another row of a DRAM bank", _ASSUMED, 0, 30, _FULL),
    Parameter("board.dram_row_bytes", "bytes", "a DRAM row", _ASSUMED, details=_FULL),
    Parameter("board.dram_banks", "", "DRAM banks", _ASSUMED, details=_FULL),
)  # fmt: skip


@lru_cache(maxsize=None)
def by_key() -> Mapping[str, Parameter]:
    return {p.key: p for p in PARAMETERS}


def stated_ranges(detail: str) -> dict[str, tuple[float, float]]:
    """Key -> (low, high) of every parameter that has a range and matters in a detail."""
    return {p.key: (p.low, p.high) for p in PARAMETERS if p.low is not None and p.high is not None and detail in p.details}
