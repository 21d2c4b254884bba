# SPDX-License-Identifier: Apache-2.0
"""docs/calibration.md, from the figures of docs/calibration.csv and what is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bbmsim.config import core as preset

from . import ladder, map_mem, use
from .linux import BOARDS as LINUX_BOARDS
from .linux import MARKS, MEMORY
from .published import AMPEREONE, LATENCIES, MAP_MEM, RATIO, STEPS, TOLERANCE
from .rows import Table
from .words import AFTER_LATENCY, AFTER_LINUX, AFTER_MAP_MEM, BEFORE_PRICES, HEAD, NOT_COMPARABLE, WITHOUT_LINUX


def text(table: Table) -> str:
    """A section for each part that has been measured."""
    sections = {"map-mem": _map_mem, "tlb": _latency, "use": _use, "linux": _linux}
    lines = [line for part, section in sections.items() if part == "linux" or table.boards(part) for line in section(table)]
    return "\n".join([*HEAD, *lines]) + "\n"


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield ""
    yield f"| {' | '.join(columns)} |"
    yield "|" + "---|" * len(columns)
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""


def verdict(simulated: float, low: float, high: float) -> str:
    """ "as published", or by how much it is off the nearer end."""
    if low <= simulated <= high:
        return "as published"
    nearest = low if simulated < low else high
    return f"{100 * (simulated / nearest - 1):+.0f} %"


# --- map_mem()


def _map_mem(table: Table) -> Iterator[str]:
    yield "## Making the linear map in pages: `map_mem()`"
    yield ""
    yield "    bbmsim run map-mem --cores apple-m1-p*8 --memory 16GiB --set step=base --set verify=none"
    rows = [
        [f"{m.machine}, {m.gib} GB ({m.posting})", *(f"{ms:g}" for ms in m.ms), f"{m.ratio:.1f}"] for m in MAP_MEM
    ]
    for board in table.boards("map-mem"):
        ms = map_mem.times(table, board)
        rows.append([f"**simulated**: `{board}`", *(f"{t:.1f}" for t in ms), f"**{ms[0] / ms[-1]:.1f}**"])
        if (times := 64 / _gib(board)) > 4:  # a board smaller than any that was measured
            rows.append([f"the same, times {times:g} for 64 GB", *(f"{times * t:.0f}" for t in ms), ""])
    yield from _table(("ms", *STEPS, "first / last"), rows)
    yield "![Each step's time, published and simulated](pictures/calibration-map-mem.svg)"
    yield ""
    lowest, highest = min(m.ratio for m in MAP_MEM), max(m.ratio for m in MAP_MEM)
    yield f"The aim is the published {RATIO:.1f} of the M2 (posting v2) within {100 * TOLERANCE:.0f} %; the postings themselves say {lowest:.1f} to {highest:.1f}."
    for board in table.boards("map-mem"):
        if board.startswith("apple"):
            off = map_mem.ratio(table, board) / RATIO - 1
            held = "held" if abs(off) <= TOLERANCE else "**missed**"
            yield f"- `{board}`: {held}, {100 * off:+.0f} %."
    yield ""
    yield from BEFORE_PRICES
    yield ""
    yield "What each step takes away is known exactly, so the differences of the times are prices. In ns:"
    rows = []
    for m in MAP_MEM:
        if m.posting == "v2":
            rows.append([f"{m.machine}, {m.gib} GB", *_prices(m.ms, m.gib)])
    for board in table.boards("map-mem"):
        rows.append([f"**simulated**: `{board}`", *_prices(map_mem.times(table, board), _gib(board))])
    yield from _table(("ns", "a table page through the fixmap: 2 writes, 3 DSB, 2 ISB, one broadcast TLBI", "DSB ISHST and ISB behind an entry", "all else, for each 4 KiB page"), rows)
    yield from AFTER_MAP_MEM
    board = table.boards("map-mem-parameter")[0]
    plain = table.value("map-mem-parameter", board, "as it is", "ratio")
    yield f"What is assumed, changed one at a time (`{board}`; as it is: {plain:.1f}):"
    by_name: dict[str, list[str]] = {}
    for case in table.cases("map-mem-parameter", board):
        if "=" in case:
            name, value = case.split("=")
            by_name.setdefault(name, []).append(f"{value}: {table.value('map-mem-parameter', board, case, 'ratio'):.1f}")
    yield from _table(("parameter", "value: ratio"), [[f"`{name}`", "; ".join(found)] for name, found in by_name.items()])


def _gib(board: str) -> int:
    return int(board.split(", ")[1].removesuffix("GiB"))


def _prices(ms: tuple[float, ...], gib: int) -> list[str]:
    p = map_mem.prices(ms, gib)
    return [f"{p.window:.0f}", f"{p.barriers:.1f}", f"{p.entry:.1f}"]


# --- latencies


def _latency(table: Table) -> Iterator[str]:
    yield "## Where a load is answered"
    yield ""
    yield "    bbmsim run latency --cores neoverse-n1 --memory 1GiB --set probe=tlb"
    rows = []
    for wanted in LATENCIES:
        found = ladder.read_off(table, wanted)
        published = f"{wanted.low:g}" if wanted.low == wanted.high else f"{wanted.low:g} to {wanted.high:g}"
        ours = ["-", "no such plateau"] if found is None else [f"{found:.1f}", verdict(round(found, 1), wanted.low, wanted.high)]
        rows.append([f"`{wanted.core}`", wanted.what, f"{published} {wanted.unit}", *ours, wanted.source])
    yield from _table(("core", "what", "published", "simulated", "", "source"), rows)
    rows = []
    for core in table.boards("tlb"):
        entries = preset(core).mmu.l1d_tlb.entries
        walk = ladder.curve(table, "tlb", core, "walk cycles per load")
        l2 = preset(core).mmu.l2_tlb.entries
        near = [v for x, v in walk if 1.5 * l2 < x <= 2.5 * l2]
        rows.append([f"`{core}`", str(entries), str(ladder.reach(table, core)), str(l2), f"{near[-1]:.1f}" if near else "-", f"{walk[-1][1]:.1f}"])
    yield "What each preset's ladder shows; footprints grow by a quarter or less, so a reach is known no finer:"
    yield from _table(("core", "L1 D entries", "pages without a miss", "L2 entries", "cycles of a walk just beyond them", "at 28,672 pages"), rows)
    yield "![Cycles per load over the footprint](pictures/calibration-latency.svg)"
    yield ""
    yield from AFTER_LATENCY


# --- after the repaint


def _use(table: Table) -> Iterator[str]:
    yield "## After the repaint"
    yield ""
    yield f"    bbmsim run repaint --cores {use.CORES} --memory {use.MEMORY} --set strategy=merged --set after=both --set footprint=64M"
    board = table.boards("use")[0]
    rows = []
    for case in table.cases("use", board):
        if " " not in case:
            continue

        def of(quantity: str, case: str = case) -> float:
            return table.value("use", board, case, quantity)

        kind, footprint, core = case.split()
        before, after = of("cycles per load before"), of("cycles per load after")
        even = table.get("use", board, case, "break-even ms")
        rows.append([
            kind, footprint, f"`{core}`", f"{before:.1f}", f"{after:.1f}", f"{100 * (after / before - 1):+.1f} %",
            *(f"{of(f'L2 TLB misses per 1,000 loads {when}'):.1f}" for when in ("before", "after")),
            "-" if even is None else f"{even:,.1f}",
        ])
    once = table.value("use", board, use.FOOTPRINTS[0], "repaint ms")
    yield ""
    yield f"`{board}`; the repaint itself takes {once:.2f} ms. The last column is how long such use takes until being slower has cost as much again."
    columns = ("use", "footprint", "core", "cycles per load in blocks", "in pages", "", "L2 TLB misses per 1,000 loads in blocks", "in pages", "break-even, ms")
    yield from _table(columns, rows)


def _linux(table: Table) -> Iterator[str]:
    yield "## Linux' own work"
    yield ""
    yield "    bbmsim boot --kernel 6.18 --initrd work --cores cortex-x4*2                                 # blocks"
    yield "    bbmsim boot --kernel 6.18 --initrd work --cores cortex-x4:midr=0x410fd822*2                 # pages from boot"
    yield "    bbmsim boot --kernel 6.18 --initrd work --cores cortex-x4,cortex-x4:midr=0x410fd822         # pages by repaint"
    yield ""
    yield (
        "One kernel, one user space, cores whose TLBs and timing are the same: r0p2 of the Cortex-X4 (`0x410fd822`) is not on Linux' list of cores that it trusts\n"
        "with live blocks, r0p3 is. Of the stretches of `workloads/linux/work.sh`, *reads* are 65,536 `pread()`s of 64 bytes in a scattered order out of a file of 64 MiB in memory,\n"
        "*copy* copies it, *processes* starts 60."
    )
    rows = []
    for (kernel, name), maps in LINUX_BOARDS.items():
        board = f"{name}, {MEMORY}, Linux {kernel}"
        for mark in MARKS[:-1]:
            for kind in maps:
                case = f"{mark}: {kind}"
                if table.get("linux", board, case, "ms") is None:
                    continue

                def of(quantity: str, case: str = case, board: str = board) -> float:
                    return table.value("linux", board, case, quantity)

                blocks = table.value("linux", board, f"{mark}: blocks", "ms")
                rows.append([
                    f"`{board}`", mark, kind, f"{of('ms'):.2f}", f"{100 * (of('ms') / blocks - 1):+.1f} %",
                    f"{of('kernel TLB misses per 1,000 instructions'):.3f}", f"{of('user TLB misses per 1,000 instructions'):.3f}",
                ])
    columns = ("board", "work", "linear map", "ms", "against blocks", "kernel TLB misses per 1,000 instructions", "user's")
    if rows:
        yield from _table(columns, rows)
    else:
        yield from WITHOUT_LINUX
    yield from AFTER_LINUX
    yield from _table(("published, AmpereOne (commit a166563e7ec3)", "blocks instead of pages"), [list(item) for item in AMPEREONE.items()])
    yield from NOT_COMPARABLE
