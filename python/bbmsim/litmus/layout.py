# SPDX-License-Identifier: Apache-2.0
"""Where a litmus test's code, tables and variables lie in memory. harness.S has the same offsets of the control page and
of the processes' pages.
"""

from __future__ import annotations

CODE = 0x4020_0000  #: virtual equals physical, readable and executable at EL0 and EL1
CODE_BYTES = 0x1_0000
CONTROL = 0x4021_0000
PAGES = 0x4022_0000  #: one for each process
TABLES = 0x4024_0000
VARIABLES = 0x4026_0000  #: one page for each variable
VARIABLE_VA = 0x8000_0000
PTE_VA = 0xC000_0000  #: the table of the variables' pages, as data
PAGE = 0x1000
MOST_VARIABLES = 64

LEVEL1, IDENTITY2, IDENTITY3, VARIABLE2, VARIABLE3, PTE2, PTE3 = (TABLES + PAGE * i for i in range(7))

# The control page
PROCESSES, TTBR, MAIR, AFFINITIES = 0x10, 0x18, 0x20, 0x100
# A process's page
INITIAL, FINAL, FAULTS, MODE, DELAY, SPSR, ENTRY, VBAR, TCR, RECORDS, TOUCH = (
    0x0, 0x100, 0x220, 0x228, 0x230, 0x238, 0x240, 0x248, 0x250, 0x300, 0x700,
)
MOST_FAULTS = 32

_TABLE = 3
_AF, _INNER, _READ_ONLY, _USER = 1 << 10, 3 << 8, 1 << 7, 1 << 6
_NEVER_EXECUTE = 1 << 53 | 1 << 54
_KERNEL_DATA = 3 | _AF | _INNER | _NEVER_EXECUTE

# T0SZ=25 (three levels of 4 KiB tables), walks write-back inner shareable, no TTBR1, 40 bits of output address.
TCR_VALUE = 25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 2 << 32
TCR_HA, TCR_HD = 1 << 39, 1 << 40


def fixed_tables() -> dict[int, int]:
    """Descriptors by physical address: everything but the variables' own."""
    out = {
        LEVEL1 + 8 * (CODE >> 30): IDENTITY2 | _TABLE,
        LEVEL1 + 8 * (VARIABLE_VA >> 30): VARIABLE2 | _TABLE,
        LEVEL1 + 8 * (PTE_VA >> 30): PTE2 | _TABLE,
        IDENTITY2 + 8 * (CODE >> 21 & 511): IDENTITY3 | _TABLE,
        VARIABLE2: VARIABLE3 | _TABLE,
        PTE2: PTE3 | _TABLE,
        PTE3: VARIABLE3 | _KERNEL_DATA,
    }
    for page in range(CODE, CODE + CODE_BYTES, PAGE):
        out[IDENTITY3 + 8 * (page >> 12 & 511)] = page | 3 | _AF | _INNER | _READ_ONLY | _USER
    for page in (CONTROL, *range(PAGES, PAGES + 16 * PAGE, PAGE)):
        out[IDENTITY3 + 8 * (page >> 12 & 511)] = page | _KERNEL_DATA
    return out
