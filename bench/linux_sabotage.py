# SPDX-License-Identifier: Apache-2.0
"""Spoils the repaint of an unmodified kernel, one instruction in memory at a time. Where to poke is searched for in the
code of the Image, since point releases move it. Used by tests/python/test_sabotaged_linux.py and nasty_matrix.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import bbmsim as bs
from bbmsim import _core
from bbmsim.poke import NOP

PARK, SPLIT = "wait_linear_map_split_to_ptes", "linear_map_split_to_ptes"
Pokes = tuple[tuple[int, int], ...]  #: address and instruction word
How = Callable[[bs.LinuxWorkload], Pokes]


def code(workload: bs.LinuxWorkload, symbol: str, words: int | None = None) -> list[tuple[int, str]]:
    """Address and text of the symbol's instructions, or of so many from there on."""
    found = workload.kernel_symbols
    assert found is not None
    here = next(s for s in found.symbols if s.name == symbol)
    return listing(workload, here.address, here.size // 4 if words is None else words)


def listing(workload: bs.LinuxWorkload, address: int, count: int) -> list[tuple[int, str]]:
    found = workload.kernel_symbols
    assert found is not None
    data = workload.image.data
    out = []
    for va in range(address, address + 4 * count, 4):
        raw = int.from_bytes(data[va - found.base :][:4], "little")
        out.append((va, _core.isa_testing.disassemble(raw, va)))
    return out


def only(lines: list[tuple[int, str]], pattern: str) -> int:
    """The address of the one instruction that matches."""
    matching = [va for va, text in lines if re.fullmatch(pattern, text)]
    assert len(matching) == 1, (pattern, lines)
    return matching[0]


def unparked(workload: bs.LinuxWorkload) -> Pokes:
    """The secondaries wait, but keep the kernel's TTBR1."""
    return ((only(code(workload, PARK, 12), r"msr ttbr1_el1, x17"), NOP),)


def one_unparked(workload: bs.LinuxWorkload) -> Pokes:
    """Of the three, core 2 keeps the kernel's TTBR1: MPIDR.Aff0 is even there."""
    at = only(code(workload, PARK, 12), r"msr ttbr1_el1, x17")
    before = listing(workload, at - 12, 3)  # the reserved table's address, made into a TTBR's value: nothing to do below 2^48
    assert re.fullmatch(r"adrp x16, .*", before[0][1]) and before[1][1].startswith("orr x17, x16") and "and x17" in before[2][1]
    mrs_x17_mpidr, tbz_w17_0_over, msr_ttbr1_x16 = 0xD53800B1, 0x36000051, 0xD5182030
    return ((at - 8, mrs_x17_mpidr), (at - 4, tbz_w17_0_over), (at, msr_ttbr1_x16))


def released_early(workload: bs.LinuxWorkload) -> Pokes:
    """The secondaries do not look at what the boot core says, and go back to the kernel's map at once."""
    lines = code(workload, PARK, 40)
    restored = only(lines, r"msr ttbr1_el1, x3")
    return ((max(va for va, text in lines if text.startswith("cbnz") and va < restored), NOP),)


def unflushed(workload: bs.LinuxWorkload) -> Pokes:
    """The TLBI of the flush that the split calls."""
    found = workload.kernel_symbols
    assert found is not None
    flushes = {s.address: s for s in found.symbols if s.name == "flush_tlb_kernel_range"}
    called = {int(text.split("#")[1], 16) for _, text in code(workload, SPLIT) if text.startswith("bl ")} & flushes.keys()
    assert len(called) == 1
    flush = flushes[called.pop()]
    return ((only(listing(workload, flush.address, flush.size // 4), r"tlbi vmalle1is"), NOP),)


def one_unparked_no_flush(workload: bs.LinuxWorkload) -> Pokes:
    """Both: what core 2 held of the former map is still there when it is released."""
    return one_unparked(workload) + unflushed(workload)


def none(workload: bs.LinuxWorkload) -> Pokes:
    """The kernel as it is."""
    return ()


SABOTAGES: dict[str, How] = {
    "none": none,
    "unparked": unparked,
    "one-unparked": one_unparked,
    "released-early": released_early,
    "no-flush": unflushed,
    "one-unparked-no-flush": one_unparked_no_flush,
}
