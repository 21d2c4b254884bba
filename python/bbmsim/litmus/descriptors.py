# SPDX-License-Identifier: Apache-2.0
"""Herd's page-table entries, (oa:PA(x), valid:0, attrs:(...)), as descriptors and back; blocks and tables beyond its format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import ConfigError
from . import layout

_SHAREABILITY = {"NSH": 0, "Non-shareable": 0, "OSH": 2, "Outer-shareable": 2, "ISH": 3, "Inner-shareable": 3}
_CACHEABILITY = {"WB": 0xF, "Write-back": 0xF, "WT": 0xB, "Write-through": 0xB, "NC": 0x4, "Non-cacheable": 0x4}
_DEVICE = {"Device-nGnRnE": 0x00, "Device-nGnRE": 0x04, "Device-nGRE": 0x08, "Device-GRE": 0x0C}
_SHORT_CACHE = {0xF: "WB", 0xB: "WT", 0x4: "NC"}
_SHORT_SHARE = {0: "NSH", 2: "OSH", 3: "ISH"}
_OA = ((1 << 48) - 1) & ~0xFFF
# name, bit, inverted, default: as herd prints them
_FIELDS = (
    ("af", 10, False, 1), ("db", 7, True, 1), ("dbm", 51, False, 0), ("valid", 0, False, 1), ("el0", 6, False, 1), ("x", 54, True, 1),
    ("nG", 11, False, 0), ("contiguous", 52, False, 0), ("PXN", 53, False, 0),
)
_TABLE = 3


class Descriptors:
    """Of one test: its variables, how many sets of tables there are, and the MAIR attributes that its descriptors use."""

    def __init__(self, path: str, variables: Sequence[str], spaces: int) -> None:
        self.path = path
        self.spaces = spaces
        self.index = {name: i for i, name in enumerate(variables)}
        self.mair = [0xFF]  #: attribute fields in use; 0 is Normal write-back

    def va(self, name: str) -> int:
        return layout.VARIABLE_VA + layout.PAGE * self.index[name]

    def pa(self, name: str) -> int:
        return layout.VARIABLES + layout.PAGE * self.index[name]

    def pte_va(self, name: str, level: int, space: int) -> int:
        return layout.window(level, space) + 8 * layout.index(level, self.index[name])

    def pte_pa(self, name: str, level: int, space: int) -> int:
        return layout.table(level, space) + 8 * layout.index(level, self.index[name])

    @property
    def mair_value(self) -> int:
        return sum(field << 8 * i for i, field in enumerate(self.mair))

    def defaults(self) -> dict[int, int]:
        """By physical address: each variable in a page of its own, in each space."""
        out = {}
        plain: dict[str, Any] = {name: default for name, _, _, default in _FIELDS}
        plain |= {"oa_pte": False, "table": None, "level": 3, "attrs": []}
        for space in range(self.spaces):
            for name in self.index:
                out[self.pte_pa(name, 3, space)] = self.encode(plain | {"oa": name})
            for level in (1, 2):
                out[layout.table(level, space) + 8 * layout.index(level, 0)] = layout.table(level + 1, space) | _TABLE
        return out

    def encode(self, fields: Mapping[str, Any]) -> int:
        if fields["table"] is not None:
            _, level, space = fields["table"]
            return layout.table(level, space) | 2 | int(fields["valid"])
        level = fields["level"]
        oa = layout.VARIABLE3 if fields["oa_pte"] else self.pa(fields["oa"])
        attribute, share = self._attributes(fields["attrs"])
        out = oa >> layout.shift(level) << layout.shift(level)
        out |= (2 if level == 3 else 0) | self._mair_index(attribute) << 2 | share << 8
        for name, bit, inverted, _ in _FIELDS:
            out |= (int(fields[name]) ^ inverted) << bit
        return out

    def _attributes(self, words: Sequence[str]) -> tuple[int, int]:
        """The MAIR field, and the shareability."""
        inner = outer = 0xF
        share = 3
        for word in words:
            if word in _DEVICE:
                if len(words) > 1:
                    raise ConfigError(f"{self.path}: attributes ({', '.join(words)}): a Device type stands alone", "litmus")
                return _DEVICE[word], 3
            kind, cache = word[:1], word[1:]
            if word.startswith(("Inner-", "Outer-")) and word not in _SHAREABILITY:
                kind, cache = word[0].lower(), word[6:].capitalize()
            if word in _SHAREABILITY:
                share = _SHAREABILITY[word]
            elif kind == "i" and cache in _CACHEABILITY:
                inner = _CACHEABILITY[cache]
            elif kind == "o" and cache in _CACHEABILITY:
                outer = _CACHEABILITY[cache]
            elif word != "Normal":
                raise ConfigError(f"{self.path}: memory attribute {word} is not supported", "litmus")
        return outer << 4 | inner, share

    def _mair_index(self, field: int) -> int:
        if field not in self.mair:
            if len(self.mair) == 8:
                raise ConfigError(f"{self.path}: more than 8 combinations of memory attributes", "litmus")
            self.mair.append(field)
        return self.mair.index(field)

    def page_of(self, oa: int) -> str | None:
        """PA(x), for an address inside of a variable's page."""
        i = oa - layout.VARIABLES >> 12
        names = list(self.index)
        return f"PA({names[i]})" if 0 <= i < len(names) else None

    def show(self, value: int, level: int = 0) -> str:
        """As herd prints it: fields that have their default are left out. `level`: 0 for a value in a register."""
        oa = value & _OA
        table = self._table_at(oa)
        if table and value & 2 and (level in (1, 2) or (level == 0 and value & ~_OA == _TABLE)):
            return f"(table:{table}" + ("" if value & 1 else ", valid:0") + ")"
        block = value & 2 == 0 and (value & 1 or level in (1, 2)) and value != 0
        if value & 2 == 0 and not block or level in (1, 2) and not block:
            return f"0x{value:x}" if value else "0"
        if block:
            level = level or (2 if oa % (1 << layout.shift(1)) else 1)
            inside = next((name for name in self.index if self.pa(name) >> layout.shift(level) == oa >> layout.shift(level)), None)
            parts = [f"oa:PA({inside})" if inside else f"oa:0x{oa:x}", f"level:{level}"]
        else:
            parts = ["oa:" + ("PTE" if oa == layout.VARIABLE3 else self.page_of(oa) or f"0x{oa:x}")]
        for name, bit, inverted, default in _FIELDS:
            field = (value >> bit & 1) ^ inverted
            if field != default:
                parts.append(f"{name}:{field}")
        parts += self._shown_attributes(value >> 2 & 7, value >> 8 & 3)
        return f"({', '.join(parts)})"

    def _shown_attributes(self, index: int, share: int) -> list[str]:
        if index >= len(self.mair):
            return [f"AttrIndx:{index}"]
        attribute = self.mair[index]
        if attribute < 0x10:
            return [f"attrs:({next(name for name, code in _DEVICE.items() if code == attribute)})"]
        if (attribute, share) == (0xFF, 3):
            return []
        cache = f"i{_SHORT_CACHE[attribute & 15]},o{_SHORT_CACHE[attribute >> 4]}"
        return [f"attrs:(Normal,{_SHORT_SHARE.get(share, 'reserved')},{cache})"]

    def address(self, value: int) -> str | None:
        """x, PTE(x) or PA(x), for an address of one."""
        names = list(self.index)
        if value and value % layout.PAGE == 0:
            for base, form in ((layout.VARIABLE_VA, "{}"), (layout.VARIABLES, "PA({})")):
                if 0 <= (i := value - base >> 12) < len(names):
                    return form.format(names[i])
        return self.pte_at(value) if value % 8 == 0 else None

    def pte_at(self, va: int) -> str | None:
        """PTE(x), for an address in the tables as the test sees them; of those that several variables share, the first."""
        page = va - layout.PTE_VA >> 12
        if not 0 <= page < 3 * self.spaces:
            return None
        return self._named_at(va >> 3 & 511, 3 - page % 3, page // 3)

    def _table_at(self, pa: int) -> str | None:
        """An entry of a table, for its address."""
        for space in range(self.spaces):
            for level in (2, 3):
                if pa == layout.table(level, space):
                    return self._named_at(layout.index(level, 0), level, space)
        return None

    def _named_at(self, index: int, level: int, space: int) -> str | None:
        found = (name for name, i in self.index.items() if layout.index(level, i) == index)
        name = next(found, None)
        return None if name is None else show_pte(name, level, space)


def show_pte(name: str, level: int, space: int) -> str:
    """PTE(x), PTE(x, level:2), PTE(x, space:1)"""
    return f"PTE({name}" + (f", level:{level}" if level != 3 else "") + (f", space:{space}" if space else "") + ")"
