# SPDX-License-Identifier: Apache-2.0
"""A VMSAv8-64 stage 1 descriptor in words (DDI 0487, D8.3)."""

from __future__ import annotations

_SHAREABILITY = ("non-shareable", "reserved SH", "outer shareable", "inner shareable")
_ACCESS = ("EL1 rw", "EL1+EL0 rw", "EL1 ro", "EL1+EL0 ro")


def describe_descriptor(value: int, level: int) -> str:
    """"0x... block, OA 0x..., AttrIndx 0, inner shareable, EL1 rw, AF, global"."""
    raw = f"{value:#018x}"
    if not value & 1:
        return f"{raw} invalid"
    if level < 3 and value & 2:
        return f"{raw} table at {value & 0x0000_FFFF_FFFF_F000:#x}"
    if level == 3 and not value & 2:
        return f"{raw} reserved (invalid)"
    words = ["page" if level == 3 else "block", f"OA {value & 0x0000_FFFF_FFFF_F000 & ~(0 if level == 3 else 1 << 16):#x}"]
    words += [f"AttrIndx {value >> 2 & 7}", _SHAREABILITY[value >> 8 & 3], _ACCESS[value >> 6 & 3]]
    words += [
        name
        for bit, name in ((10, "AF"), (51, "DBM"), (52, "Contiguous"), (53, "PXN"), (54, "UXN"))
        if value >> bit & 1
    ]
    if level < 3 and value >> 16 & 1:
        words.append("nT")
    words.append("non-global" if value >> 11 & 1 else "global")
    return f"{raw} {words[0]}, {', '.join(words[1:])}"
