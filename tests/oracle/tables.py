# SPDX-License-Identifier: Apache-2.0
"""Stage 1 tables as the Arm manual has them: what a context maps, and in which ways two translations differ (R_WHZWS)."""

from __future__ import annotations

from typing import NamedTuple

PAGE_BITS = {"4K": 12, "16K": 14, "64K": 16}
TG0 = {0: "4K", 1: "64K", 2: "16K"}
TG1 = {1: "16K", 2: "4K", 3: "64K"}
BLOCK_LEVELS = {"4K": (1, 2), "16K": (2,), "64K": (2,)}
OA_MASK = (1 << 48) - 1

TCR_HALF = {  # what TLBs may cache of a half's fields: not EPD (TCR_EL1)
    0: 0x3F | 3 << 8 | 3 << 10 | 3 << 12 | 3 << 14 | 1 << 37 | 1 << 41,
    1: 0x3F << 16 | 3 << 24 | 3 << 26 | 3 << 28 | 3 << 30 | 1 << 38 | 1 << 42,
}
TCR_SHARED = 7 << 32 | 1 << 36 | 1 << 39 | 1 << 40 | 1 << 59  # IPS, AS, HA, HD, DS
SCTLR_CACHED = 1 << 19 | 1 << 25  # WXN, EE

class Context(NamedTuple):
    """All that decides what walks from one base register give."""

    side: int  #: 0: TTBR0, 1: TTBR1
    root: int
    asid: int
    granule: str
    tsz: int
    hardware_af: bool
    hardware_dirty: bool
    mair: int


class Entry(NamedTuple):
    """One thing that a TLB or walk cache may hold."""

    context: Context
    va: int
    level: int
    pa: int  #: of the descriptor
    value: int
    leaf: bool
    asid: int | None  #: None: global
    size: int  #: bytes of VA


def shift(granule: str, level: int) -> int:
    """log2 of what a descriptor of this level maps."""
    bits = PAGE_BITS[granule]
    return bits + (3 - level) * (bits - 3)


def start_level(context: Context) -> int:
    bits = 64 - context.tsz
    level = 3
    while level > 0 and shift(context.granule, level - 1) < bits:
        level -= 1
    return level


def group_size(granule: str, level: int) -> int:
    """Descriptors of a contiguous group."""
    if granule == "4K":
        return 16
    if granule == "16K":
        return 128 if level == 3 else 32
    return 32


def leaf_is_valid(context: Context, level: int, value: int) -> bool:
    """Whether a TLB may hold it: not if it gives a translation or an access flag fault (R_XCLRD)."""
    if not value & 1:
        return False
    if not value & 1 << 10 and not context.hardware_af:
        return False
    if level == 3:
        return bool(value & 2)
    return not value & 2 and level in BLOCK_LEVELS[context.granule]


def is_table(level: int, value: int) -> bool:
    return level < 3 and value & 3 == 3


def table_address(granule: str, value: int) -> int:
    return value & OA_MASK & -(1 << PAGE_BITS[granule])


Memory = dict[int, dict[int, int]]  #: 4 KiB page -> address of a doubleword -> value; zeroes are absent


def put(memory: Memory, pa: int, value: int) -> None:
    page = memory.setdefault(pa >> 12, {})
    if value:
        page[pa] = value
    else:
        page.pop(pa, None)


def get(memory: Memory, pa: int) -> int:
    return memory.get(pa >> 12, {}).get(pa, 0)


def make_entry(context: Context, va: int, level: int, pa: int, value: int) -> Entry | None:
    if is_table(level, value):
        value = table_address(context.granule, value) | 3  # the rest of it is permissions and software's
        return Entry(context, va, level, pa, value, False, context.asid, 1 << shift(context.granule, level))
    if leaf_is_valid(context, level, value):
        asid = context.asid if value & 1 << 11 else None
        return Entry(context, va, level, pa, value, True, asid, 1 << shift(context.granule, level))
    return None


def walk_table(memory: Memory, context: Context, table: int, va: int, level: int, out: dict[Entry, None], pages: set[int], entries: int = 0) -> None:
    """Everything below one table that maps from `va` on, in no particular order. `pages` collects what was looked at."""
    bits = PAGE_BITS[context.granule]
    step = shift(context.granule, level)
    count = entries or 1 << (bits - 3)
    end = table + count * 8
    for page in range(table >> 12, ((end - 1) >> 12) + 1):
        pages.add(page)
        for pa, value in memory.get(page, {}).items():
            if not table <= pa < end or not value & 1:
                continue
            entry = make_entry(context, va + (pa - table >> 3 << step), level, pa, value)
            if entry is not None and entry not in out:
                out[entry] = None
                if not entry.leaf:
                    walk_table(memory, context, table_address(context.granule, value), entry.va, level + 1, out, pages)


def walk_all(memory: Memory, context: Context) -> tuple[dict[Entry, None], set[int]]:
    """All entries that walks from the root find in memory, and the 4 KiB pages that they read."""
    out: dict[Entry, None] = {}
    pages: set[int] = set()
    level = start_level(context)
    bits = 64 - context.tsz
    base = (1 << 64) - (1 << bits) if context.side else 0
    walk_table(memory, context, context.root, base, level, out, pages, 1 << max(0, bits - shift(context.granule, level)))
    return out, pages


# --- how two leaves differ -------------------------------------------------------------------------------------


def attributes(entry: Entry) -> tuple[str, tuple[str, str], int]:
    """Memory type, inner and outer cacheability, effective shareability. Hints and tags are none of them."""
    byte = entry.context.mair >> (8 * (entry.value >> 2 & 7)) & 0xFF
    if byte == 0xF0:  # Normal-Tagged: Write-Back, as 0xff (reported as a note at most)
        byte = 0xFF
    if byte & 0xF0 == 0:
        return f"Device {byte & 0x0C}", ("", ""), 2
    kinds = []
    for part in (byte & 15, byte >> 4):
        kinds.append("NC" if part == 4 else "WB" if part & 4 else "WT")
    inner, outer = kinds
    sharing = 2 if (inner, outer) == ("NC", "NC") else entry.value >> 8 & 3
    return "Normal", (inner, outer), sharing


def writable(entry: Entry) -> bool:
    read_only = bool(entry.value & 1 << 7)
    return not read_only or (bool(entry.value & 1 << 51) and entry.context.hardware_dirty)


def output(entry: Entry, va: int) -> int:
    return (entry.value & OA_MASK & -entry.size) + va - entry.va


def same_contents(memory: Memory, a: int, b: int, size: int) -> bool:
    def contents(base: int) -> dict[int, int]:
        out = {}
        for page in range(base >> 12, base + size + 4095 >> 12) if size <= 1 << 16 else list(memory):
            out.update({pa - base: v for pa, v in memory.get(page, {}).items() if base <= pa < base + size})
        return out

    return contents(a) == contents(b)


def differences(memory: Memory, old: Entry, new: Entry) -> set[str]:
    """What of R_WHZWS changes where two leaves overlap. Empty if they may meet."""
    out = set()
    if old.size != new.size:
        out.add("SIZE")
    if (old.value ^ new.value) >> 52 & 1:
        out.add("CONT")
    old_kind, old_cache, old_share = attributes(old)
    new_kind, new_cache, new_share = attributes(new)
    if old_kind != new_kind:
        out.add("MEMTYPE")
    if old_cache != new_cache and old_kind == new_kind:
        out.add("CACHE")
    if old_share != new_share:
        out.add("SHARE")
    va = max(old.va, new.va)
    if output(old, va) != output(new, va):
        size = min(old.size, new.size)
        if writable(old) or writable(new) or not same_contents(memory, output(old, va), output(new, va), size):
            out.add("OA")
    if old.asid is not None and new.asid is None:
        out.add("GLOBAL")
    return out


def faults_on_fetch(leaf: Entry, tables: list[Entry], memory: Memory, registers: dict[str, int]) -> bool:
    """At EL1: PXN; writable by EL0, which EL1 never executes; writable with WXN; a block with nT=1, which may fault (R_MRRPW)."""
    passed = 0  # what the tables on the way add, unless TCR.HPD says that they don't
    if not registers.get("tcr_el1", 0) >> (42 if leaf.context.side else 41) & 1:
        for table in tables:
            passed |= get(memory, table.pa)
    read_only = not writable(leaf) or passed >> 62 & 1
    by_el0 = leaf.value >> 6 & 1 and not passed >> 61 & 1
    wxn = registers.get("sctlr_el1", 0) >> 19 & 1
    never = leaf.value >> 53 & 1 or passed >> 59 & 1 or (leaf.level < 3 and leaf.value >> 16 & 1)
    return bool(never or (not read_only and (by_el0 or wxn)))


def cached_fields(r: dict[str, int], side: int) -> dict[str, int]:
    """What TLBs may cache of the registers in force, for one half."""
    return {
        "tcr_el1": r.get("tcr_el1", 0) & (TCR_HALF[side] | TCR_SHARED),
        "mair_el1": r.get("mair_el1", 0),
        "sctlr_el1": r.get("sctlr_el1", 0) & SCTLR_CACHED,
    }


def contexts_of(r: dict[str, int], asid_bits: int) -> list[Context]:
    """What a PE with these registers in force walks from."""
    if not r.get("sctlr_el1", 0) & 1:
        return []
    tcr = r.get("tcr_el1", 0)
    ttbr = [r.get("ttbr0_el1", 0), r.get("ttbr1_el1", 0)]
    asid = ttbr[tcr >> 22 & 1] >> 48
    if not tcr >> 36 & 1 or asid_bits == 8:
        asid &= 0xFF
    out = []
    for side in (0, 1):
        if tcr >> (23 if side else 7) & 1:
            continue
        granule = TG1.get(tcr >> 30 & 3, "4K") if side else TG0.get(tcr >> 14 & 3, "4K")
        tsz = min(max(tcr >> (16 if side else 0) & 0x3F, 16), 39)  # others are reserved, and taken as the nearest that is not
        root = ttbr[side] & (1 << 48) - 2
        out.append(Context(side, root, asid, granule, tsz, bool(tcr >> 39 & 1), tcr >> 39 & 3 == 3, r.get("mair_el1", 0)))
    return out
