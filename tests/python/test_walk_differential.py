# SPDX-License-Identifier: Apache-2.0
"""Translation beside an independent walker.

`Walker` below is VMSAv8-64 stage 1 (EL1&0, 48-bit) written straight from the architecture (DDI 0487 D8.2 to D8.5),
sharing nothing with the model. Hypothesis makes registers, tables and accesses; both must agree on the physical
address, the fault and its level, memory attributes, permissions, and what hardware writes into descriptors.

Where the architecture leaves a choice, both take the model's documented one (models/mmu/regime.hpp): TxSZ outside
16..39 faults at level 0, a reserved granule means the smallest, SH=0b01 means Non-shareable.
"""

from __future__ import annotations

import random
import struct
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from bbmsim import _core

BASE = 0x4000_0000
PAGE_SHIFT = {"4k": 12, "16k": 14, "64k": 16}
TG0 = {0: "4k", 1: "64k", 2: "16k"}
TG1 = {1: "16k", 2: "4k", 3: "64k"}
OUTPUT_BITS = (32, 36, 40, 42, 44, 48, 48, 48)


def field_of(value: int, high: int, low: int) -> int:
    return (value >> low) & ((1 << (high - low + 1)) - 1)


@dataclass
class Fault(Exception):
    kind: str
    level: int


@dataclass
class Translation:
    pa: int
    span: int
    attr: dict[str, Any]
    perms: dict[str, bool]
    is_global: bool
    contiguous: bool
    level: int
    descriptor_pa: int
    descriptor: int


@dataclass
class Walker:
    memory: bytes
    regs: dict[str, int]
    pa_bits: int
    hardware_af: bool
    hardware_dirty: bool
    nt_faults: bool
    steps: list[tuple[int, int, int]] = field(default_factory=list)

    def bit(self, n: int) -> bool:
        return bool(self.regs["tcr"] >> n & 1)

    @property
    def ha(self) -> bool:
        return self.hardware_af and self.bit(39)

    @property
    def hd(self) -> bool:
        return self.ha and self.hardware_dirty and self.bit(40)

    @property
    def wxn(self) -> bool:
        return bool(self.regs["sctlr"] >> 19 & 1)

    def fetch_descriptor(self, pa: int, level: int) -> int:
        if not BASE <= pa <= BASE + len(self.memory) - 8:
            raise Fault("external_on_walk", level)
        (value,) = struct.unpack_from("<Q", self.memory, pa - BASE)
        self.steps.append((pa, value, level))
        return int(value)

    def mmu_off(self, va: int, access: str) -> int:
        upper = va >> 55 & 1
        if self.bit(37 + upper) and not (access == "fetch" and self.bit(51 + upper)):  # TBI, unless TBID and a fetch
            va &= (1 << 56) - 1
        if va >> self.pa_bits:
            raise Fault("address_size", 0)
        return va

    def translate(self, va: int, access: str, privileged: bool) -> Translation:
        """The leaf for va, or the fault of the walk; access flag and permissions are judged by `access_fault`."""
        upper = va >> 55 & 1
        tcr = self.regs["tcr"]
        size = field_of(tcr, 21, 16) if upper else field_of(tcr, 5, 0)
        granule = (TG1 if upper else TG0).get(field_of(tcr, 31, 30) if upper else field_of(tcr, 15, 14), "4k")
        tbi = self.bit(37 + upper) and not (access == "fetch" and self.bit(51 + upper))
        if not 16 <= size <= 39:
            raise Fault("translation", 0)
        checked = va
        if tbi:
            checked = va & ((1 << 56) - 1)
            if upper:
                checked |= 0xFF << 56
        sign = (1 << 64) - 1 if upper else 0
        if (checked ^ sign) >> (64 - size):
            raise Fault("translation", 0)
        if self.bit(55 + upper) and not privileged:
            raise Fault("translation", 0)
        if self.bit(23 if upper else 7):
            raise Fault("translation", 0)

        shift = PAGE_SHIFT[granule]
        per_level = shift - 3
        resolved = 64 - size - shift  # VA bits above the page offset
        levels = -(-resolved // per_level)
        level = 4 - levels
        output_limit = 1 << min(OUTPUT_BITS[field_of(tcr, 34, 32)], self.pa_bits)
        first_entries = 1 << (resolved - (levels - 1) * per_level)
        table = self.regs["ttbr1" if upper else "ttbr0"] & ((1 << 48) - 1)
        table -= table % (8 * first_entries)
        if table >= output_limit:
            raise Fault("address_size", 0)
        hierarchical = not self.bit(41 + upper)
        no_el0 = read_only = uxn = pxn = False
        entries = first_entries
        while True:
            covered = shift + (3 - level) * per_level
            index = (va >> covered) % entries
            descriptor_pa = table + 8 * index
            d = self.fetch_descriptor(descriptor_pa, level)
            kind = d & 3
            if kind in (0, 2):
                raise Fault("translation", level)
            if level < 3 and kind == 3:
                table = d & ((1 << 48) - 1) & ~((1 << shift) - 1)
                if table >= output_limit:
                    raise Fault("address_size", level)
                if hierarchical:
                    pxn |= bool(d >> 59 & 1)
                    uxn |= bool(d >> 60 & 1)
                    no_el0 |= bool(d >> 61 & 1)
                    read_only |= bool(d >> 62 & 1)
                level += 1
                entries = 1 << per_level
                continue
            break
        if kind == 1:
            blocks = {"4k": (1, 2), "16k": (2,), "64k": (2,)}[granule]
            if level not in blocks:
                raise Fault("translation", level)
            if d >> 16 & 1 and self.nt_faults:
                raise Fault("translation", level)
        span = 1 << covered
        output = d & ((1 << 48) - 1) & ~(span - 1)
        if output >= output_limit:
            raise Fault("address_size", level)

        clean = bool(self.hd and d >> 51 & 1 and d >> 7 & 1 and not read_only)
        writable = not read_only and (not d >> 7 & 1 or clean)
        el0 = bool(d >> 6 & 1) and not no_el0
        perms = {
            "read_el1": True,
            "write_el1": writable,
            "read_el0": el0,
            "write_el0": el0 and writable,
            "exec_el0": not (d >> 54 & 1) and not uxn,
            "exec_el1": not (d >> 53 & 1) and not pxn and not (el0 and writable),
            "guarded": bool(d >> 50 & 1),
            "clean": clean,
        }
        groups = {"4k": {1: 16, 2: 16, 3: 16}, "16k": {2: 32, 3: 128}, "64k": {2: 32, 3: 32}}[granule]
        return Translation(
            pa=output | (va & (span - 1)),
            span=span,
            attr=self.attributes(d),
            perms=perms,
            is_global=not d >> 11 & 1,
            contiguous=bool(d >> 52 & 1) and level in groups,
            level=level,
            descriptor_pa=descriptor_pa,
            descriptor=d,
        )

    def attributes(self, d: int) -> dict[str, Any]:
        byte = self.regs["mair"] >> (8 * (d >> 2 & 7)) & 0xFF
        outer, inner = byte >> 4, byte & 15
        if outer == 0:
            return {"type": ("nGnRnE", "nGnRE", "nGRE", "GRE")[inner >> 2], "inner": 0, "outer": 0, "share": 2}
        if byte == 0xF0:
            kind, inner, outer = "tagged", 15, 15
        else:
            kind, inner = "normal", inner or outer
        share = d >> 8 & 3
        if inner == 4 and outer == 4:
            share = 2
        elif share == 1:
            share = 0
        return {"type": kind, "inner": inner, "outer": outer, "share": share}

    def access_fault(self, t: Translation, access: str, privileged: bool, pan: bool) -> None:
        if not t.descriptor >> 10 & 1 and not self.ha:
            raise Fault("access_flag", t.level)
        el = "el1" if privileged else "el0"
        right = t.perms[{"fetch": "exec_", "read": "read_", "write": "write_"}[access] + el]
        if access == "fetch" and self.wxn and t.perms["write_" + el]:
            right = False
        if access != "fetch" and privileged and pan and t.perms["read_el0"]:
            right = False
        if not right:
            raise Fault("permission", t.level)

    def hardware_writes(self, t: Translation, access: str) -> dict[int, int]:
        value = t.descriptor | 1 << 10
        if access == "write" and t.perms["clean"]:
            value &= ~(1 << 7)
        return {} if value == t.descriptor else {t.descriptor_pa: value}


@dataclass(frozen=True)
class Case:
    memory: bytes
    regs: dict[str, int]
    config: dict[str, Any]
    va: int
    access: str
    privileged: bool
    pan: bool


def chance(rng: random.Random, percent: int) -> bool:
    return rng.random() * 100 < percent


def random_descriptor(rng: random.Random, tables: list[int], output_bits: int) -> int:
    kind = rng.choices((3, 1, 0, 2), (70, 22, 5, 3))[0]
    d = kind | rng.getrandbits(8) << 2 | rng.getrandbits(1) << 11 | (0 if chance(rng, 15) else 1 << 10)
    d |= rng.getrandbits(14) << 50
    if chance(rng, 60):  # few restrictions from tables, or nothing would ever be permitted
        d &= ~(0x1F << 59)
    if kind == 3 and not chance(rng, 4):
        return d | rng.choice(tables)
    limit = 48 if chance(rng, 6) else output_bits
    d |= rng.getrandbits(limit) & ~0xFFF
    if kind == 1 and not chance(rng, 20):
        d &= ~(1 << 16)  # nT
    return d


@st.composite
def cases(draw: st.DrawFn) -> Case:
    rng = random.Random(draw(st.integers(0, 2**64 - 1)))
    granules = [draw(st.sampled_from(["4k", "16k", "64k"])) for _ in range(2)]
    sizes = [draw(st.sampled_from([16, 17, 20, 22, 25, 28, 30, 33, 34, 36, 39, 39, 15, 40, 0])) for _ in range(2)]
    upper = draw(st.booleans())
    ips = draw(st.sampled_from([0, 1, 2, 3, 4, 5, 5, 5, 6, 7]))
    pa_bits = draw(st.sampled_from([32, 36, 40, 42, 44, 48, 48]))

    tcr = sizes[0] | sizes[1] << 16 | ips << 32
    tcr |= {"4k": 0, "64k": 1, "16k": 2}[granules[0]] << 14 | {"16k": 1, "4k": 2, "64k": 3}[granules[1]] << 30
    if chance(rng, 2):
        tcr = (tcr | 3 << 14) & ~(3 << 30)  # reserved granules
    for bit_number, percent in (
        (7, 3), (23, 3), (22, 50), (36, 50), (37, 40), (38, 40), (39, 50), (40, 70),
        (41, 40), (42, 40), (51, 20), (52, 20), (55, 15), (56, 15),
    ):  # fmt: skip
        if chance(rng, percent):
            tcr |= 1 << bit_number
    table_bytes = 1 << max(PAGE_SHIFT[g] for g in granules)
    tables = [BASE + i * table_bytes for i in range(5)]
    output_bits = min(OUTPUT_BITS[ips], pa_bits)
    memory = b"".join(
        struct.pack("<32Q", *(random_descriptor(rng, tables, output_bits) for _ in range(32))) * (table_bytes // 256)
        for _ in tables
    )
    bases = [rng.choice(tables) | rng.getrandbits(16) << 48 | rng.getrandbits(1) for _ in range(2)]
    if chance(rng, 4):
        bases = [b ^ rng.getrandbits(48) for b in bases]
    regs = {
        "sctlr": (0 if chance(rng, 3) else 1) | (1 << 19 if chance(rng, 30) else 0),
        "tcr": tcr,
        "ttbr0": bases[0],
        "ttbr1": bases[1],
        "mair": rng.getrandbits(64) if chance(rng, 70) else 0x08F0BBFF440C0400,
    }
    va = rng.getrandbits(64 - sizes[upper] if 16 <= sizes[upper] else 48)
    if upper:
        va = ~va & (2**64 - 1)
    if tcr >> (37 + upper) & 1 and chance(rng, 60):
        va ^= rng.getrandbits(8) << 56
    if chance(rng, 5):
        va = rng.getrandbits(64)
    config = {
        "pa_bits": pa_bits,
        "hafdbs_af": not chance(rng, 20),
        "nt_faults": not chance(rng, 30),
        "l1d_tlb": {"max_block_shift": draw(st.sampled_from([12, 21, 29, 48]))},
        "l2_tlb": {"max_block_shift": draw(st.sampled_from([16, 30, 48]))},
    }
    config["hafdbs_dirty"] = config["hafdbs_af"] and not chance(rng, 20)
    return Case(
        memory,
        regs,
        config,
        va,
        draw(st.sampled_from(["fetch", "read", "write"])),
        draw(st.booleans()),
        draw(st.booleans()),
    )


def expect_fault(result: dict[str, Any], fault: Fault) -> None:
    assert (result["fault"], result["level"]) == (fault.kind, fault.level)


@settings(max_examples=3000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(cases())
def test_translation_equals_the_independent_walker(case: Case) -> None:
    model = _core.mmu_testing.translate(
        case.memory, BASE, case.regs, case.config, case.va, case.access, case.privileged, case.pan
    )
    walker = Walker(
        case.memory,
        case.regs,
        case.config["pa_bits"],
        case.config["hafdbs_af"],
        case.config["hafdbs_dirty"],
        case.config["nt_faults"],
    )
    if not case.regs["sctlr"] & 1:
        try:
            pa = walker.mmu_off(case.va, case.access)
        except Fault as fault:
            event(f"MMU off: {fault.kind}")
            expect_fault(model["first"], fault)
            expect_fault(model["inspect"], fault)
            return
        event("MMU off")
        assert model["first"]["pa"] == model["inspect"]["pa"] == pa
        assert model["walks"] == 0
        return

    try:
        t = walker.translate(case.va, case.access, case.privileged)
        walker.access_fault(t, case.access, case.privileged, case.pan)
    except Fault as fault:
        event(f"{fault.kind} {fault.level}")
        expect_fault(model["first"], fault)
        expect_fault(model["again"], fault)
        assert model["writes"] == {}
    else:
        event(f"level {t.level}, {case.access}")
        for result in (model["first"], model["again"]):
            assert result["fault"] == "none"
            assert result["pa"] == t.pa
            assert result["attr"] == t.attr
        assert model["walks"] == 1
        assert model["writes"] == walker.hardware_writes(t, case.access)


@settings(max_examples=1500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(cases())
def test_inspection_equals_the_independent_walker(case: Case) -> None:
    """inspect_walk() looks as privileged data does: permissions are reported, not judged."""
    case.regs["sctlr"] |= 1
    model = _core.mmu_testing.translate(case.memory, BASE, case.regs, case.config, case.va, "read", True, False)["inspect"]
    walker = Walker(
        case.memory,
        case.regs,
        case.config["pa_bits"],
        case.config["hafdbs_af"],
        case.config["hafdbs_dirty"],
        case.config["nt_faults"],
    )
    try:
        t = walker.translate(case.va, "read", True)
        if not t.descriptor >> 10 & 1 and not walker.ha:
            raise Fault("access_flag", t.level)
    except Fault as fault:
        event(f"{fault.kind} {fault.level}")
        expect_fault(model, fault)
    else:
        event(f"level {t.level}")
        assert model["fault"] == "none"
        assert (model["pa"], model["span"]) == (t.pa, t.span)
        assert model["attr"] == t.attr
        assert model["perms"] == t.perms
        assert (model["global"], model["contiguous"]) == (t.is_global, t.contiguous)
    assert [tuple(step) for step in model["steps"]] == walker.steps
