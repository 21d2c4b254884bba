# SPDX-License-Identifier: Apache-2.0
"""Herd's page-table entries, (oa:PA(x), valid:0, attrs:(...)), as level 3 descriptors and back."""

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
_FIELDS = (("af", 10, False, 1), ("db", 7, True, 1), ("dbm", 51, False, 0), ("valid", 0, False, 1), ("el0", 6, False, 1), ("x", 54, True, 1))
_EXTRA = ((11, "nG"), (52, "contiguous"), (53, "PXN"))
_KNOWN = _OA | 0x3 | 7 << 2 | 3 << 8 | sum(1 << bit for _, bit, _, _ in _FIELDS)


class Descriptors:
    """Of one test: its variables, and the MAIR attributes that its descriptors use."""

    def __init__(self, path: str, variables: Sequence[str]) -> None:
        self.path = path
        self.index = {name: i for i, name in enumerate(variables)}
        self.mair = [0xFF]  #: attribute fields in use; 0 is Normal write-back

    def va(self, name: str) -> int:
        return layout.VARIABLE_VA + layout.PAGE * self.index[name]

    def pa(self, name: str) -> int:
        return layout.VARIABLES + layout.PAGE * self.index[name]

    def pte_va(self, name: str) -> int:
        return layout.PTE_VA + 8 * self.index[name]

    def pte_pa(self, name: str) -> int:
        return layout.VARIABLE3 + 8 * self.index[name]

    @property
    def mair_value(self) -> int:
        return sum(field << 8 * i for i, field in enumerate(self.mair))

    def default(self, name: str) -> int:
        return self.encode({"oa": name, "oa_pte": False, "valid": 1, "af": 1, "db": 1, "dbm": 0, "el0": 1, "x": 1, "attrs": []})

    def encode(self, fields: Mapping[str, Any]) -> int:
        oa = layout.VARIABLE3 if fields["oa_pte"] else self.pa(fields["oa"])
        attribute, share = self._attributes(fields["attrs"])
        out = oa | 2 | self._mair_index(attribute) << 2 | share << 8
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

    def show(self, value: int) -> str:
        """As herd prints it: fields that have their default are left out."""
        if value >> 1 & 1 == 0:
            return f"0x{value:x}" if value else "0"
        oa = value & _OA
        parts = ["oa:" + ("PTE" if oa == layout.VARIABLE3 else self.page_of(oa) or f"0x{oa:x}")]
        for name, bit, inverted, default in _FIELDS:
            field = (value >> bit & 1) ^ inverted
            if field != default:
                parts.append(f"{name}:{field}")
        parts += [f"{name}:1" for bit, name in _EXTRA if value >> bit & 1]
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
        if value % 8 == 0 and 0 <= (i := value - layout.PTE_VA >> 3) < len(names):
            return f"PTE({names[i]})"
        return None
