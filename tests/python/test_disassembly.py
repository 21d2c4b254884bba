# SPDX-License-Identifier: Apache-2.0
"""The encoding table's own text and its idea of what is allocated, side by side with Capstone and GNU objdump."""

from __future__ import annotations

import random
import re
import struct
import subprocess
from pathlib import Path

import pytest

from bbmsim import _core

isa = getattr(_core, "isa_testing")
TABLE: list[dict[str, object]] = isa.table()
NOT_MODELLED = {"FP_SIMD", "FP_SIMD_load_store"}

# Where the text of a line and of objdump 2.40 or Capstone differ for a good reason.
EXPLAINED_TEXT = {
    "DGH": "objdump knows it as hint #6",
    "MSR_imm": "objdump takes UAO, PAN, SSBS, DIT as such only with a one-bit immediate; the PE ignores the rest",
    "MRS": "register names are the reader's; the table prints op0_op1_CRn_CRm_op2",
    "MSR_reg": "as MRS",
    "SYS": "names of TLBI, DC, AT, IC operations that are not EL1's",
    "SYSL": "as SYS",
    "NOP_HINT": "hints of later architectures have names there (clearbhb)",
}
# Where an encoding is allocated on one side only.
EXPLAINED_ALLOCATION = {
    "LDAR": "should-be-one bits of Rs and Rt2 are ignored, as hardware and QEMU do; objdump insists for this one only",
    "LDPSW": "Rt == Rt2 or write-back to a loaded register: CONSTRAINED UNPREDICTABLE, not UNDEFINED",
    "LDPSW_post": "as LDPSW",
    "LDPSW_pre": "as LDPSW",
}
# What objdump 2.40 decodes beyond Armv8.5 base integer: later integer extensions, MTE, SVE, SME.
LATER = re.compile(
    r"^(ld64b|st64b\w*|wfet|wfit|xpac|cpy\w+|set[pmeg]\w*|abs|cnt|ctz|smax|smin|umax|umin|addg|subg|subps?|irg|gmi|cmpp|"
    r"stg|stzg|st2g|stz2g|stgp|ldg|ldgm|stgm|stzgm|bc\.\w+|tstart|tcommit|tcancel|ttest|sysp|msrr|mrrs|smstart|smstop)$"
)
# And of SIMD&FP space (where memory copies are, too): what no modelled core has. FMLAL with bit 22 set is unallocated.
LATER_SIMD = re.compile(
    r"^(cpy\w+|set[pmeg]\w*|bf\w+|usdot|sudot|[su]mmla|usmmla|sm[34]\w+|fml[as]l2?)$"
)


def words_of(line: dict[str, object], rng: random.Random, count: int) -> list[int]:
    mask, value = int(str(line["mask"])), int(str(line["value"]))
    words = []
    for i in range(count):
        raw = (rng.getrandbits(32) & ~mask) | value
        if i % 3 == 0:  # registers 31 and 0 make aliases
            for low in (0, 5, 10, 16):
                choice = rng.random()
                field = 31 << low if choice < 0.3 else 0
                raw = (((raw & ~(31 << low)) | field) & ~mask) | value if choice < 0.5 else raw
        words.append(raw & 0xFFFFFFFF)
    return words


def objdump(words: list[int], tmp_path: Path) -> list[str]:
    image = tmp_path / "words.bin"
    image.write_bytes(struct.pack(f"<{len(words)}I", *words))
    out = subprocess.run(
        ["aarch64-linux-gnu-objdump", "-D", "-z", "-b", "binary", "-m", "aarch64", str(image)],
        check=True, capture_output=True, text=True,
    ).stdout
    texts = [m[1] for m in re.finditer(r"^\s*[0-9a-f]+:\t[0-9a-f]{8} \t(.*)$", out, re.MULTILINE)]
    assert len(texts) == len(words)
    return ["" if t.startswith(".inst") else t for t in texts]


def normal(text: str) -> str:
    """One spelling of numbers, conditions and spaces."""
    text = re.sub(r"<[^>]*>", "", text.split("//")[0]).lower().replace("\t", " ")
    text = re.sub(r"#?(-?)0x([0-9a-f]+)", lambda m: m[1] + str(int(m[2], 16)), text).replace("#", "")
    text = re.sub(r"-(\d+)", lambda m: str(2**64 - int(m[1])) if int(m[1]) else "0", text)
    text = re.sub(r"\bcs\b", "hs", re.sub(r"\bcc\b", "lo", text))
    return re.sub(r"\s+", " ", text).replace(", ", ",").strip()


def system_space(raw: int) -> bool:
    """MSR, MRS, SYS, SYSL: registers and operations that no modelled PE has are UNDEFINED; objdump takes any."""
    return raw & 0xFFC0_0000 == 0xD500_0000


def listing(wrong: list[str]) -> str:
    return f"{len(wrong)} differ:\n" + "\n".join(wrong[:30])


def test_own_text_agrees_with_objdump(tmp_path: Path) -> None:
    rng = random.Random(1)
    words = [w for line in TABLE if line["name"] not in NOT_MODELLED for w in words_of(line, rng, 60)]
    wrong, compared = [], 0
    for i, (raw, theirs) in enumerate(zip(words, objdump(words, tmp_path), strict=True)):
        name, ours = isa.decode_name(raw), isa.own_text(raw, 4 * i)
        if name in EXPLAINED_TEXT or (name in EXPLAINED_ALLOCATION and not theirs) or (not name and system_space(raw)):
            continue
        compared += 1
        if normal(ours) != normal(theirs):
            wrong.append(f"{raw:08x} {name}: {ours!r}, objdump {theirs!r}")
    assert not wrong, listing(wrong)
    assert compared > 10_000


def test_own_text_agrees_with_capstone() -> None:
    """Over all that Capstone knows: disassemble() prefers Capstone, so the two differ only where it does."""
    rng = random.Random(2)
    wrong, compared = [], 0
    for line in TABLE:
        # Of SIMD&FP Capstone 4 writes aliases, register lists and immediates its own way: objdump is the witness.
        if line["name"] in NOT_MODELLED or line["name"] in EXPLAINED_TEXT or line["feature"] == "fp":
            continue
        for raw in words_of(line, rng, 60):
            name = isa.decode_name(raw)
            if not name or name in EXPLAINED_TEXT:
                continue
            ours, shown = isa.own_text(raw, 0x1000), isa.disassemble(raw, 0x1000)
            assert shown
            compared += 1
            # Capstone 4 prints MOVN, and ORR of a bitmask immediate, without their aliases.
            # It does not know BFC, and takes AL and NV as conditions that CNEG, CINC, CINV invert.
            if ours.startswith("bfc ") or ours.endswith((" al", " nv")):
                continue
            if normal(shown) not in (normal(ours), normal(isa.own_text(raw, 0x1000, False))):
                wrong.append(f"{raw:08x} {name}: {ours!r}, capstone {shown!r}")
    assert not wrong, listing(wrong)
    assert compared > 10_000


def test_allocation_agrees_with_objdump(tmp_path: Path) -> None:
    rng = random.Random(3)
    # Branches, exceptions and system; data processing, immediate and register; loads and stores without V; SIMD&FP.
    groups = [(0x10000000, 0x1C000000), (0x14000000, 0x1C000000), (0x0A000000, 0x0E000000), (0x08000000, 0x0E000000)]
    groups += [(0x0E000000, 0x0E000000), (0x0C000000, 0x0E000000)]
    words = [(rng.getrandbits(32) & ~mask) | value for value, mask in groups for _ in range(60_000)]
    wrong, undefined = [], 0
    for raw, theirs in zip(words, objdump(words, tmp_path), strict=True):
        name = isa.decode_name(raw)
        undefined += not name
        if bool(name) == bool(theirs) or name in EXPLAINED_ALLOCATION:
            continue
        if not name and system_space(raw):
            continue
        simd = raw & 0x0C000000 == 0x0C000000
        if not name and (LATER_SIMD if simd else LATER).match(theirs.split()[0]):
            continue
        wrong.append(f"{raw:08x}: {name or 'UNDEFINED'}, objdump {theirs or 'undefined'!r}")
    assert not wrong, listing(wrong)
    assert undefined > 10_000


@pytest.mark.parametrize("raw", [0x00010000, 0x4B800000 | 3 << 22, 0x0B008000, 0x5360FC00, 0x08217C02, 0xD4000000])
def test_unallocated_is_said_so(raw: int) -> None:
    assert isa.decode_name(raw) == ""
    assert isa.own_text(raw, 0) == ""
    assert isa.disassemble(raw, 0) == f".inst {raw:#010x} ; undefined"


def test_what_capstone_does_not_know_is_printed_from_the_table() -> None:
    assert isa.disassemble(0xB8E10062, 0) == "ldaddal w1, w2, [x3]"
    assert isa.disassemble(0xC8A07C41, 0) == "cas x0, x1, [x2]"
    assert isa.disassemble(0xF8BFC041, 0) == "ldapr x1, [x2]"
    assert isa.disassemble(0xD65F0BFF, 0) == "retaa"
