# SPDX-License-Identifier: Apache-2.0
"""The target description: which registers there are, under which numbers.

The first two features are those that GDB knows for AArch64; the third is ours: every system register of the board's
cores that can be read, by its name in the Arm manual, in the register group `system`.
"""

from __future__ import annotations

from typing import NamedTuple

FIRST_SYSTEM_REGISTER = 68  #: number; the core and FP registers have those before

_CPSR = (("SP", 0, 0), ("EL", 2, 3), ("F", 6, 6), ("I", 7, 7), ("A", 8, 8), ("D", 9, 9), ("BTYPE", 10, 11), ("SSBS", 12, 12),
         ("IL", 20, 20), ("SS", 21, 21), ("PAN", 22, 22), ("UAO", 23, 23), ("DIT", 24, 24), ("V", 28, 28), ("C", 29, 29),
         ("Z", 30, 30), ("N", 31, 31))  # fmt: skip
# $v0.d.f and so on, as GDB's own description has them: element size, how many, their types by the last letter
_VIEWS = (("d", 2, {"f": "ieee_double", "u": "uint64", "s": "int64"}), ("s", 4, {"f": "ieee_single", "u": "uint32", "s": "int32"}),
          ("h", 8, {"f": "ieee_half", "u": "uint16", "s": "int16"}), ("b", 16, {"u": "uint8", "s": "int8"}),
          ("q", 1, {"u": "uint128", "s": "int128"}))  # fmt: skip


class SystemRegister(NamedTuple):
    name: str
    encoding: int
    readable: bool
    writable: bool


def _vector_types() -> list[str]:
    lines = []
    for size, count, types in _VIEWS:
        lines += [f'<vector id="v{size}{letter}" type="{type_}" count="{count}"/>' for letter, type_ in types.items()]
        lines += [f'<union id="vn{size}">', *(f'<field name="{letter}" type="v{size}{letter}"/>' for letter in types), "</union>"]
    return [*lines, '<union id="aarch64v">', *(f'<field name="{size}" type="vn{size}"/>' for size, *_ in _VIEWS), "</union>"]


def target_xml(system: list[SystemRegister]) -> bytes:
    """`system` in the order of their numbers, from FIRST_SYSTEM_REGISTER on."""
    lines = [
        '<?xml version="1.0"?>',
        '<!DOCTYPE target SYSTEM "gdb-target.dtd">',
        '<target version="1.0">',
        "<architecture>aarch64</architecture>",
        '<feature name="org.gnu.gdb.aarch64.core">',
        '<flags id="cpsr_flags" size="4">',
        *(f'<field name="{name}" start="{first}" end="{last}"/>' for name, first, last in _CPSR),
        "</flags>",
        *(f'<reg name="x{n}" bitsize="64" regnum="{n}"/>' for n in range(31)),
        '<reg name="sp" bitsize="64" type="data_ptr"/>',
        '<reg name="pc" bitsize="64" type="code_ptr"/>',
        '<reg name="cpsr" bitsize="32" type="cpsr_flags"/>',
        "</feature>",
        '<feature name="org.gnu.gdb.aarch64.fpu">',
        *_vector_types(),
        *(f'<reg name="v{n}" bitsize="128" type="aarch64v"/>' for n in range(32)),
        '<reg name="fpsr" bitsize="32"/>',
        '<reg name="fpcr" bitsize="32"/>',
        "</feature>",
        '<feature name="org.bbmsim.aarch64.system">',
        *(
            f'<reg name="{r.name}" bitsize="64" regnum="{FIRST_SYSTEM_REGISTER + i}" group="system" save-restore="no"/>'
            for i, r in enumerate(system)
        ),
        "</feature>",
        "</target>",
    ]
    return "\n".join(lines).encode()
