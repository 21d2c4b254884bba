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
VARIABLES = 0x4040_0000  #: one page for each variable; the same place in blocks of levels 2 and 1 as VARIABLE_VA
VARIABLE_VA = 0x8040_0000
PTE_VA = 0xC000_0000  #: the tables of the variables' pages, as data
PAGE = 0x1000
MOST_VARIABLES = 64

LEVEL1, IDENTITY2, IDENTITY3, VARIABLE2, VARIABLE3, PTE2, PTE3 = (TABLES + PAGE * i for i in range(7))
_SHARED = 7  # tables that there are for space 0; each further space has its own of levels 1 to 3 behind them

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


def shift(level: int) -> int:
    """log2 of the bytes that a descriptor of this level maps."""
    return 39 - 9 * level


def table(level: int, space: int) -> int:
    """Of the tables that a walk for a variable reads, that of a level, 1 to 3."""
    if space == 0:
        return (LEVEL1, VARIABLE2, VARIABLE3)[level - 1]
    return TABLES + PAGE * (_SHARED + 3 * (space - 1) + level - 1)


def table_bytes(spaces: int) -> int:
    return PAGE * (_SHARED + 3 * (spaces - 1))


def index(level: int, variable: int) -> int:
    """Of a variable's descriptor in its table."""
    return VARIABLE_VA + PAGE * variable >> shift(level) & 511


def window(level: int, space: int) -> int:
    """Where that table can be read and written. The inverse: divide pages by 3."""
    return PTE_VA + PAGE * (3 * space + 3 - level)


def fixed_tables(spaces: int) -> dict[int, int]:
    """Descriptors by physical address: everything but those that a walk for a variable reads."""
    out = {IDENTITY2 + 8 * (CODE >> 21 & 511): IDENTITY3 | _TABLE, PTE2: PTE3 | _TABLE}
    for space in range(spaces):
        out[table(1, space) + 8 * (CODE >> 30)] = IDENTITY2 | _TABLE
        out[table(1, space) + 8 * (PTE_VA >> 30)] = PTE2 | _TABLE
        for level in (1, 2, 3):
            out[PTE3 + 8 * (window(level, space) >> 12 & 511)] = table(level, space) | _KERNEL_DATA
    for page in range(CODE, CODE + CODE_BYTES, PAGE):
        out[IDENTITY3 + 8 * (page >> 12 & 511)] = page | 3 | _AF | _INNER | _READ_ONLY | _USER
    for page in (CONTROL, *range(PAGES, PAGES + 16 * PAGE, PAGE)):
        out[IDENTITY3 + 8 * (page >> 12 & 511)] = page | _KERNEL_DATA
    return out
