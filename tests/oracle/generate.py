# SPDX-License-Identifier: Apache-2.0
"""Random traces: scenarios of kernels (split, merge, break and make, reuse, context switches), each step dropped, weakened,
moved to another PE or interleaved with others now and then, and noise in between. Equal seeds give equal traces.
"""

from __future__ import annotations

from random import Random

from .tables import PAGE_BITS, shift

BASE = 0x40000000
RAM = 0x80000000
DATA = 0x42000000
MAIR = 0xEEBB040044FF
#: granule -> (TxSZ, first level): few levels are enough, all are used
SHAPES = {"4K": [(16, 0), (25, 1), (34, 2)], "16K": [(17, 1), (28, 2)], "64K": [(22, 2), (16, 1)]}
TG0_BITS = {"4K": 0, "64K": 1, "16K": 2}
TG1_BITS = {"16K": 1, "4K": 2, "64K": 3}
TG_RANGE = {"4K": 1, "16K": 2, "64K": 3}
WEAK_DSBS = ["nsh", "nshst", "ishst", "ishld", "ish", "sy", "st", "ld", "osh", "oshst"]


class Slot:
    """A descriptor to play with: where it is, what it maps, and the value that is right for it."""

    def __init__(self, pa: int, va: int, level: int, right: int) -> None:
        self.pa, self.va, self.level, self.right = pa, va, level, right


class Generator:
    def __init__(self, seed: int, hardware: bool = False, wide: bool = False) -> None:
        self.r = r = Random(seed)
        self.hardware = hardware  #: TCR.HA is set, and walkers write too
        self.wide = wide  #: more PEs, more at once, and mostly around tables that PEs leave and come back to
        self.granule = r.choices(["4K", "16K", "64K"], [6, 2, 2])[0]
        self.tsz, self.first = r.choice(SHAPES[self.granule])
        self.side = r.choices([0, 1], [1, 2])[0]
        self.count = r.choices([2, 3, 4], [3, 5, 3])[0] if wide else r.choices([1, 2, 3], [3, 5, 2])[0]
        self.asids = [5, 6] if r.random() < 0.6 else [5]
        self.lines: list[str] = []
        self.next_table = BASE + 0x10000
        self.page = 1 << PAGE_BITS[self.granule]
        self.span = 1 << shift(self.granule, 2)
        self.va0 = (1 << 64) - (1 << 64 - self.tsz) if self.side else 0
        self.nongl = 1 << 11 if r.random() < (0.3 if self.side else 0.8) else 0
        self.mair = MAIR
        self.tcr = self.make_tcr()
        self.on = dict.fromkeys(range(self.count), True)

    def make_tcr(self) -> int:
        r = self.r
        tcr = 5 << 32 | 1 << 36 | self.tsz << (16 if self.side else 0) | 1 << (7 if self.side else 23)
        tcr |= 16 << (0 if self.side else 16)
        tcr |= TG1_BITS[self.granule] << 30 if self.side else TG0_BITS[self.granule] << 14
        if self.side and r.random() < 0.5:
            tcr |= 1 << 22  # A1: the ASID comes from TTBR1
        if r.random() < 0.15 or self.hardware:
            tcr |= 1 << 39
            if r.random() < 0.6:
                tcr |= 1 << 40
        return tcr

    # --- tables ---------------------------------------------------------------------------------------------------

    def table(self) -> int:
        out = self.next_table
        self.next_table += 0x10000
        return out

    def leaf(self, level: int, oa: int) -> int:
        return oa | (3 if level == 3 else 1) | 7 << 8 | self.nongl

    def build(self, data: int) -> tuple[int, list[Slot], list[Slot], int]:
        """A tree: root, slots of level 2, slots of its level 3 table; entry 0 is a block, entry 1 the table."""
        root = table = self.table()
        for _ in range(self.first, 2):
            below = self.table()
            self.put(table, below | 3)
            table = below
        oa = data & -self.span
        middle = [Slot(table + 8 * i, self.va0 + i * self.span, 2, self.leaf(2, oa + i * self.span)) for i in range(3)]
        pages = self.table()
        self.put(middle[0].pa, middle[0].right)
        middle[1].right = pages | 3
        self.put(middle[1].pa, middle[1].right)
        low = self.page_slots(pages, middle[1].va, data)
        for slot in low[:2]:
            self.put(slot.pa, slot.right)
        return root, middle, low, pages

    def page_slots(self, table: int, va: int, oa: int) -> list[Slot]:
        return [Slot(table + 8 * i, va + i * self.page, 3, self.leaf(3, oa + i * self.page)) for i in (0, 1, 2, 16)]

    def put(self, pa: int, value: int) -> None:
        self.lines.append(f"- write {pa:#x} {value:#x}")

    def variant(self, slot: Slot, value: int) -> int:
        """Another value for the slot: what a kernel might change, alone or with something else."""
        r = self.r
        if slot.level == 2 and value & 3 == 3:
            return self.table() | 3 if r.random() < 0.5 else value ^ 1 << r.choice([7, 10, 54, 55])
        for _ in range(r.choice([1, 1, 1, 2])):
            kind = r.randrange(15)
            if kind <= 2:
                value ^= r.choice([1, 2]) * (self.span if slot.level == 2 else self.page)
            elif kind == 3:
                value ^= r.randrange(1, 6) << 2
            elif kind == 4:
                value ^= r.choice([1, 2, 3]) << 8
            elif kind == 5:
                value ^= 1 << 11
            elif kind <= 7:
                value ^= 1 << 7
            elif kind == 8:
                value ^= 1 << 10
            elif kind == 9:
                value ^= 1 << 54
            elif kind == 10:
                value ^= 1 << 55
            elif kind <= 12:
                value ^= 1 << 52
            elif kind == 13:
                value ^= 1 << 51
            elif slot.level == 2:
                value ^= 1 << 16 if self.granule == "4K" else 1 << 52
        return value

    # --- steps ----------------------------------------------------------------------------------------------------

    def dsb(self, pe: int, good: str) -> list[str]:
        x = self.r.random()
        if x < 0.1:
            return []
        return [f"{pe} dsb {self.r.choice(WEAK_DSBS) if x < 0.25 else good}"]

    def tlbi(self, pe: int, slot: Slot) -> list[str]:
        """One that covers the slot, mostly."""
        r = self.r
        x = r.random()
        if x < 0.08:
            return []
        scope = r.choices(["is", "", "os"], [8, 1.5, 0.5])[0]
        asid = self.asids[0] if r.random() < 0.9 else r.choice([5, 6, 7])
        if x < 0.25:
            return [f"{pe} tlbi vmalle1{scope}"]
        if x < 0.32:
            return [f"{pe} tlbi aside1{scope} {asid << 48:#x}"]
        name = r.choice(["vae1", "vaae1", "vae1", "vale1", "vaale1"])
        va = slot.va + (r.choice([1, -1, 16]) * self.page if r.random() < 0.08 else 0)
        if x > 0.8:
            return [f"{pe} tlbi r{name}{scope} {self.range_operand(slot, va, asid):#x}"]
        operand = asid << 48 | (va & (1 << 56) - 1) >> 12
        if r.random() < 0.3:
            level = slot.level if r.random() < 0.7 else r.randrange(4)
            granule = TG_RANGE[self.granule] if r.random() < 0.9 else r.randrange(4)
            operand |= (granule << 2 | level) << 44
        return [f"{pe} tlbi {name}{scope}{'nxs' if r.random() < 0.05 else ''} {operand:#x}"]

    def range_operand(self, slot: Slot, va: int, asid: int) -> int:
        r = self.r
        granule = TG_RANGE[self.granule] if r.random() < 0.9 else r.choice([1, 2, 3])
        ttl = 0 if r.random() < 0.6 else r.choice([slot.level, r.randrange(4)])
        if r.random() < 0.2:
            va -= self.page * r.choice([1, 2, 3, 4])
        base = (va & (1 << 49) - 1) >> PAGE_BITS[self.granule] & (1 << 37) - 1
        if self.granule != "4K" and self.side:
            base |= (1 << 37) - 1 & -(1 << 49 - PAGE_BITS[self.granule])
        return asid << 48 | granule << 46 | r.choice([0, 0, 1]) << 44 | r.choice([0, 1, 3]) << 39 | ttl << 37 | base

    def pe(self) -> int:
        return self.r.randrange(self.count)

    def write(self, pe: int, slot: Slot, value: int) -> list[str]:
        who = "-" if self.r.random() < 0.02 else str(pe)
        return [f"{who} write {slot.pa:#x} {value:#x}"]

    def flush(self, pe: int, slot: Slot) -> list[str]:
        """DSB, TLBI, DSB; sometimes by somebody else who may or may not have seen the write."""
        r = self.r
        steps: list[str] = []
        q = pe
        if r.random() < 0.15:
            q = self.pe()
            if r.random() < 0.5:
                steps += self.dsb(pe, "ish")
            if r.random() < 0.7:
                steps.append(f"{q} {r.choice(['dmb', 'acquire'])}")
        steps += self.dsb(q, r.choice(["ishst", "ish"]))
        steps += self.tlbi(q, slot)
        if r.random() < 0.08:
            q = self.pe()
        steps += self.dsb(q, "ish")
        if r.random() < 0.3:
            steps.append(f"{q} isb")
        return steps

    # --- scenarios ------------------------------------------------------------------------------------------------

    def break_and_make(self, slot: Slot, value: int) -> list[str]:
        pe = self.pe()
        broken = 0 if self.r.random() < 0.8 else self.r.choice([slot.right & ~1, slot.right & ~(1 << 10), value & ~(1 << 10)])
        steps = self.write(pe, slot, broken) if self.r.random() < 0.85 else []
        steps += self.flush(pe, slot)
        return steps + self.write(pe, slot, value) + self.dsb(pe, "ishst")

    def direct(self, slot: Slot, value: int) -> list[str]:
        pe = self.pe()
        return self.write(pe, slot, value) + (self.flush(pe, slot) if self.r.random() < 0.7 else [])

    def change(self) -> list[str]:
        slot = self.r.choice(self.middle + self.low)
        value = self.variant(slot, slot.right)
        return (self.break_and_make if self.r.random() < 0.6 else self.direct)(slot, value)

    def permissions(self) -> list[str]:
        slot = self.r.choice([self.middle[0], *self.low[:2]])
        pe = self.pe()
        bits = self.r.choice([1 << 7, 1 << 54, 1 << 10, 1 << 55, 1 << 51])
        steps = self.write(pe, slot, slot.right ^ bits)
        if self.r.random() < 0.5:
            steps += self.write(pe, slot, 0)
        return steps + self.write(pe, slot, slot.right)

    def fill_table(self, table: int, block: Slot) -> list[str]:
        """Pages that map what the block maps, or nearly."""
        r = self.r
        pe = self.pe()
        steps = []
        base = (block.right & (1 << 48) - 1) & -self.span
        for slot in self.page_slots(table, block.va, base)[: r.choice([0, 1, 2, 4])]:
            value = slot.right if r.random() < 0.9 else self.variant(slot, slot.right)
            steps += self.write(pe, slot, value)
        return steps

    def with_nt(self, steps_before: Slot, value: int, then: int) -> list[str]:
        pe = self.pe()
        steps = self.write(pe, steps_before, value | 1 << 16)
        steps += self.flush(pe, steps_before)
        return steps + self.write(pe, steps_before, then) + (self.flush(pe, steps_before) if self.r.random() < 0.8 else [])

    def split(self) -> list[str]:
        block = self.r.choice([self.middle[0], self.middle[2]])
        table = self.table()
        steps = [] if block is self.middle[0] else self.write(self.pe(), block, block.right)
        filled = self.fill_table(table, block)
        late = self.r.random() < 0.15
        steps += [] if late else filled
        x = self.r.random()
        if x < 0.4:
            steps += self.direct(block, table | 3)
        elif x < 0.6:
            steps += self.with_nt(block, block.right, table | 3)
        else:
            steps += self.break_and_make(block, table | 3)
        steps += filled if late else []
        if self.r.random() < 0.2:
            steps += self.direct(block, block.right)
        return steps

    def merge(self) -> list[str]:
        slot = self.middle[1]
        base = self.low[0].right & (1 << 48) - 1 & -self.span
        value = self.leaf(2, base if self.r.random() < 0.8 else base + self.span)
        x = self.r.random()
        if x < 0.4:
            steps = self.direct(slot, value)
        elif x < 0.65:
            steps = self.with_nt(slot, value, value)
        else:
            steps = self.break_and_make(slot, value)
        if self.r.random() < 0.3:
            steps += self.write(self.pe(), self.low[self.r.randrange(4)], self.r.choice([0, self.low[2].right, 0x12345677]))
        return steps

    def reuse(self) -> list[str]:
        pe = self.pe()
        slot = self.middle[1]
        steps = self.write(pe, slot, 0) + self.flush(pe, slot)
        for _ in range(self.r.choice([1, 1, 2])):
            low = self.r.choice(self.low)
            steps += self.write(pe, low, self.r.choice([0, low.right, 0x12345677, 0x12345670, self.variant(low, low.right)]))
        if self.r.random() < 0.4:
            steps += self.write(pe, self.r.choice([slot, self.middle[2]]), slot.right) + self.dsb(pe, "ishst")
        return steps

    def contiguous(self) -> list[str]:
        """Folds a few pages into a group, or unfolds them."""
        pe = self.pe()
        r = self.r
        slots = self.low[:3]
        steps: list[str] = []
        if r.random() < 0.5:
            for slot in slots:
                steps += self.write(pe, slot, 0)
            steps += self.flush(pe, slots[0]) if r.random() < 0.5 else [*self.dsb(pe, "ish"), f"{pe} tlbi vmalle1is", *self.dsb(pe, "ish")]
        for slot in slots:
            steps += self.write(pe, slot, (slot.right if r.random() < 0.93 else self.variant(slot, slot.right)) | 1 << 52)
        if r.random() < 0.6:
            steps += [*self.dsb(pe, "ish"), f"{pe} tlbi vmalle1is", *self.dsb(pe, "ish")]
        return steps

    def switch(self) -> list[str]:
        """A context switch, with or without the flush that it needs."""
        r = self.r
        pe = self.pe()
        if self.other is None:
            return []
        root = r.choice([self.root, self.other[0], self.empty])
        steps = []
        if r.random() < 0.3:
            steps += [f"{pe} msr ttbr{self.side}_el1 {r.choice(self.asids) << 48 | self.empty:#x}", f"{pe} isb"]
        if r.random() < 0.4:
            steps += [*self.dsb(pe, "ish"), f"{pe} tlbi {r.choice(['aside1is', 'aside1'])} {r.choice(self.asids) << 48:#x}", *self.dsb(pe, "ish")]
        elif r.random() < 0.3:
            steps += [f"{pe} tlbi vmalle1", *self.dsb(pe, "nsh")]
        cnp = 1 if r.random() < 0.15 else 0
        asid = r.choice(self.asids)
        name = self.side if not self.tcr >> 22 & 1 or r.random() < 0.9 else 1 - self.side
        steps.append(f"{pe} msr ttbr{name}_el1 {asid << 48 | root | cnp:#x}")
        steps.append(f"{pe} {r.choice(['isb', 'exception', 'eret'])}")
        return steps

    def away(self) -> list[str]:
        """A PE leaves tables, in one of three ways, and comes back; groups, ranges and tables of theirs change meanwhile."""
        r = self.r
        pe = self.pe()
        name = f"ttbr{self.side}_el1"
        gone = [
            [f"{pe} msr {name} {r.choice(self.asids) << 48 | r.choice([self.empty, self.other[0] if self.other else self.empty]):#x}", f"{pe} isb"],
            [f"{pe} msr sctlr_el1 0", f"{pe} isb"],
            [f"{pe} off"],
        ][r.choices([0, 1, 2], [6, 2, 2])[0]]
        if gone[0].endswith("off") and pe == 0:
            gone = [f"{pe} msr sctlr_el1 0", f"{pe} isb"]
        steps = list(gone)
        for _ in range(r.choice([1, 2, 2, 3])):
            steps += r.choice([self.contiguous, self.contiguous, self.change, self.reuse, self.split, self.merge, self.permissions])()
            if r.random() < 0.4:
                steps += self.flush(self.pe(), r.choice(self.middle + self.low))
        if r.random() < 0.3 and not gone[0].endswith("off"):
            steps += [f"{pe} tlbi {r.choice(['vmalle1', f'aside1 {self.asids[0] << 48:#x}'])}", *self.dsb(pe, "nsh")]
        return steps + ([f"{pe} on"] if gone[0].endswith("off") else []) + (self.enable(pe) if r.random() < 0.8 else [])

    def registers(self) -> list[str]:
        r = self.r
        pe = self.pe()
        kind = r.randrange(4)
        if kind == 0:
            change = f"{pe} msr mair_el1 {r.choice([self.mair, self.mair ^ 0xFF00, 0xFF, self.mair]):#x}"
        elif kind == 1:
            change = f"{pe} msr tcr_el1 {self.tcr ^ r.choice([0, 1 << 39, 3 << 8, 3 << 24, 1 << 37, 1 << 38]):#x}"
        elif kind == 2:
            change = f"{pe} msr sctlr_el1 {1 | r.choice([0, 1 << 19, 1 << 12, 1 << 2]):#x}"
        else:
            change = f"{pe} msr sctlr_el1 0"
        steps = [change, f"{pe} isb"]
        if r.random() < 0.6:
            steps += [f"{pe} tlbi {r.choice(['vmalle1', 'vmalle1is', 'aside1 0x5000000000000'])}", *self.dsb(pe, "ish")]
        if kind == 3:
            steps += [f"{pe} msr sctlr_el1 1", f"{pe} isb"]
        return steps

    def power(self) -> list[str]:
        pe = self.pe()
        if pe == 0:
            return []
        flush = [f"{pe} tlbi vmalle1", f"{pe} dsb nsh", f"{pe} isb"] if self.r.random() < 0.6 else []
        return [f"{pe} off", *(self.change() if self.r.random() < 0.7 else []), f"{pe} on", *flush, *self.enable(pe)]

    def execute(self) -> list[str]:
        pe = self.pe()
        r = self.r
        slot = r.choice([self.low[2], self.low[3], self.middle[2], self.low[0]])
        steps = self.write(pe, slot, slot.right) + self.dsb(pe, "ishst")
        if r.random() < 0.5:
            steps.append(f"{pe} {r.choice(['isb', 'eret', 'exception'])}")
        q = pe if r.random() < 0.8 else self.pe()
        return [*steps, f"{q} {r.choice(['fetch', 'fetch', 'read'])} {slot.va + r.choice([0, 8, 0x800]):#x}"]

    def race(self) -> list[str]:
        """Software changes a descriptor of which hardware sets AF or the dirty state: before it read it, after, or not at all."""
        r = self.r
        pe = self.pe()
        slot = r.choice([self.middle[0], self.middle[2], *self.low])
        value = slot.right & ~(r.choice([0, 1, 1]) << 10) | r.choice([0, 1, 1]) * (1 << 51 | 1 << 7)
        updated = value | 1 << 10
        if value >> 51 & 1 and r.random() < 0.7:
            updated &= ~(1 << 7)
        changed = r.choice([value, updated, value | 1 << 55, updated | 1 << 55, value & ~(1 << 51) | 1 << 7, updated & ~(1 << 10), 0])
        steps = self.write(pe, slot, 0) + self.flush(pe, slot) + self.write(pe, slot, value)
        loads = [f"{self.pe() if r.random() < 0.2 else pe} load {slot.pa:#x}"]
        steps += loads if r.random() < 0.5 else []
        if r.random() < 0.75:
            steps.append(f"{self.pe()} write {slot.pa:#x} {updated:#x} hardware")
        steps += loads if r.random() < 0.4 else []
        how = r.choice(["", "", " atomic"])
        return [*steps, *(s + how for s in self.write(pe, slot, changed)), *(self.flush(pe, slot) if r.random() < 0.7 else [])]

    def noise(self) -> list[str]:
        r = self.r
        pe = self.pe()
        kind = r.randrange(7)
        slot = r.choice(self.middle + self.low)
        if kind == 0:
            return [f"{pe} dsb {r.choice(WEAK_DSBS)}"]
        if kind == 1:
            return self.tlbi(pe, slot)
        if kind == 2:
            return [f"{pe} {r.choice(['isb', 'dmb', 'acquire', 'eret'])}"]
        if kind == 3:
            return self.write(pe, slot, r.choice([0, slot.right, self.variant(slot, slot.right)]))
        if kind == 4:
            return [f"{pe} {r.choice(['read', 'fetch'])} {slot.va + r.choice([0, 0x10]):#x}"]
        if kind == 5:
            return [f"{pe} write {DATA + r.choice([0, self.page, self.span]):#x} {r.choice([0, 1]):#x}"]
        return []

    def enable(self, pe: int) -> list[str]:
        return [
            f"{pe} msr tcr_el1 {self.tcr:#x}",
            f"{pe} msr mair_el1 {self.mair:#x}",
            f"{pe} msr ttbr{self.side}_el1 {self.asids[0] << 48 | self.root:#x}",
            *([f"{pe} msr ttbr0_el1 {self.asids[0] << 48 | self.empty:#x}"] if self.side and not self.tcr >> 22 & 1 else []),
            f"{pe} msr sctlr_el1 0x1",
            f"{pe} isb",
        ]

    # --- the whole ------------------------------------------------------------------------------------------------

    def interleave(self, streams: list[list[str]]) -> list[str]:
        out: list[str] = []
        mixed = self.r.random() < 0.4
        while any(streams):
            stream = self.r.choice([s for s in streams if s]) if mixed else next(s for s in streams if s)
            out.append(stream.pop(0))
            if self.r.random() < 0.03:
                out += self.noise()
        return out

    def tidy(self, steps: list[str]) -> list[str]:
        """No step of a PE that is off: a trace of one would be wrong."""
        off: set[str] = set()
        out = []
        for step in steps:
            pe, op = step.split()[:2]
            if op == "on":
                if pe not in off:
                    continue
                off.discard(pe)
            elif pe in off:
                continue
            elif op == "off":
                off.add(pe)
            out.append(step)
        return out

    def make(self) -> str:
        r = self.r
        head = ["bbmsim-trace 1", f"ram {BASE:#x} {RAM:#x}"]
        levels = [r.choice([0, 0, 1, 2, 2, 3]) for _ in range(self.count)]
        if r.random() < 0.4:
            levels = [levels[0]] * self.count
        for i, level in enumerate(levels):
            free = " conflict_free=1" if level == 2 and r.random() < 0.3 else ""
            head.append(f"pe {i} bbml={level}{free}")
        self.empty = self.table()
        self.root, self.middle, self.low, _ = self.build(DATA)
        self.other = None
        if r.random() < (0.9 if self.wide else 0.4):
            self.other = self.build(DATA + r.choice([0, 0, self.span, self.page]))
        for i in range(self.count):
            if i == 0 or r.random() < 0.9:
                self.lines += self.enable(i)
        scenarios = [self.change, self.change, self.split, self.split, self.merge, self.reuse, self.contiguous]
        scenarios += [self.permissions, self.switch, self.registers, self.power, self.execute, self.noise]
        weights = [4, 4, 3, 3, 3, 3, 2, 1, 3 if self.other else 0, 1, 1, 1, 2]
        if self.hardware:
            scenarios, weights = [*scenarios, self.race], [*weights, 40]
        if self.wide:
            scenarios, weights = [*scenarios, self.away], [*weights, 14]
        streams = [s() for s in r.choices(scenarios, weights, k=r.choice([3, 4, 5, 6] if self.wide else [1, 2, 2, 3, 4]))]
        return "\n".join(head + self.tidy(self.lines + self.interleave(streams))) + "\n"


def generate(seed: int, hardware: bool = False, wide: bool = False) -> str:
    return Generator(seed, hardware, wide).make()
