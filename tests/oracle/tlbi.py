# SPDX-License-Identifier: Apache-2.0
"""Which entries a TLBI must remove: C5.5 and D8.17.5 of the Arm manual, for the EL1 forms."""

from __future__ import annotations

import re
from typing import NamedTuple

from .tables import PAGE_BITS, Entry, shift

NAME = re.compile(r"^(r?)(vmalle1|aside1|vae1|vaae1|vale1|vaale1)(is|os)?(nxs)?$")
DOMAINS = {"": 1, "is": 2, "os": 3}  #: order of domains; a barrier's must be at least the TLBI's


class Tlbi(NamedTuple):
    kind: str  #: vmall, asid, va, vaa, val, vaal
    ranged: bool
    domain: int
    operand: int

    @property
    def broadcast(self) -> bool:
        return self.domain > 1


def decode(name: str, operand: int) -> Tlbi:
    match = NAME.match(name)
    assert match, name
    return Tlbi(match[2].removesuffix("e1"), bool(match[1]), DOMAINS[match[3] or ""], operand)


def _range(t: Tlbi, granule: str | None) -> tuple[int, int]:
    """First address and size that a range form names; its own TG unless a granule is given."""
    tg = {1: "4K", 2: "16K", 3: "64K"}.get(t.operand >> 46 & 3, "4K")
    bits = PAGE_BITS[granule or tg]
    base = t.operand & (1 << 37) - 1
    if base >> 36:
        base -= 1 << 37
    pages = ((t.operand >> 39 & 31) + 1) << (5 * (t.operand >> 44 & 3) + 1)
    return base << bits, pages << bits


def _signed(va: int) -> int:
    return va - (1 << 64) if va >> 63 else va


def _hits_address(t: Tlbi, e: Entry) -> bool:
    va = _signed(e.va)
    if t.ranged:
        base, size = _range(t, None)
        base &= (1 << 64) - 1  # beyond the top there is nothing
        return base < e.va + e.size and e.va < base + size
    page = t.operand & (1 << 44) - 1
    address = page << 12
    if address >> 55:
        address -= 1 << 56
    bits = PAGE_BITS[e.context.granule]
    address = address >> bits << bits  # low bits are ignored for larger granules
    return va <= address < va + e.size


def concerns(t: Tlbi, e: Entry) -> bool:
    """Whether its operand names an address of the entry, if nothing else."""
    if t.kind == "vmall":
        return True
    if t.kind == "asid":
        return e.context.asid == t.operand >> 48
    return _hits_address(t, e)


def _asid_matches(t: Tlbi, e: Entry) -> bool:
    return e.asid is None or e.asid == t.operand >> 48


def _level_allows(t: Tlbi, e: Entry) -> bool:
    """R_SQXYZ: a TTL that does not say the leaf's granule and level promises nothing. Tables lie above the leaf's level."""
    granules = {1: "4K", 2: "16K", 3: "64K"}
    if t.ranged:
        granule = granules.get(t.operand >> 46 & 3)
        if granule != e.context.granule:  # R_XKMMX
            return False
        level = t.operand >> 37 & 3
        if level == 1 and granule == "16K":
            level = 0  # reserved without FEAT_LPA2: no hint
        if level:
            base, _ = _range(t, None)
            if base % (1 << shift(granule, level)):  # I_TYBWT
                return False
    else:
        ttl = t.operand >> 44 & 15
        granule = granules.get(ttl >> 2)
        level = ttl & 3
        if granule is None or level == 0 or (level == 1 and granule == "16K"):
            return True  # no hint, or reserved: treated as none
        if granule != e.context.granule:
            return False
    if not level:
        return True
    return e.level == level if e.leaf else e.level < level


def covers(t: Tlbi, e: Entry) -> bool:
    if t.kind == "vmall":
        return True
    if t.kind == "asid":
        return e.asid == t.operand >> 48
    if not _hits_address(t, e) or not _level_allows(t, e):
        return False
    if t.kind in ("val", "vaal") and not e.leaf:
        return False
    return t.kind in ("vaa", "vaal") or _asid_matches(t, e)
