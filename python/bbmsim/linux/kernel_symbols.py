# SPDX-License-Identifier: Apache-2.0
"""The symbols of a kernel: more than a hundred thousand, so in columns."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass
from functools import cached_property

_MAPPING = re.compile(r"(^|_)\$[xd]")  # code begins here, data there: no names


@dataclass(frozen=True)
class KernelSymbol:
    name: str
    kind: str  #: nm's letter: T t text, D d data, ...
    address: int  #: virtual
    size: int  #: up to the next symbol


@dataclass(frozen=True)
class KernelSymbols:
    """By address; `symbols` makes objects of them."""

    base: int  #: virtual address of the Image's first byte (_text)
    text: str  #: the names, a newline between two
    kinds: str  #: a letter each
    addresses: array[int]  #: typecode Q
    sizes: array[int]  #: likewise

    @cached_property
    def names(self) -> list[str]:
        return self.text.split("\n") if self.kinds else []

    @cached_property
    def symbols(self) -> tuple[KernelSymbol, ...]:
        return tuple(map(KernelSymbol, self.names, self.kinds, self.addresses, self.sizes))

    def address(self, name: str) -> int | None:
        return self.addresses[self.names.index(name)] if name in self else None

    def __contains__(self, name: str) -> bool:
        return f"\n{name}\n" in self._framed

    @cached_property
    def _framed(self) -> str:
        return f"\n{self.text}\n"

    def named(self) -> KernelSymbols:
        """Without mapping symbols."""
        if "$" not in self.text:
            return self
        kept = [i for i, name in enumerate(self.names) if "$" not in name or not _MAPPING.search(name)]
        return KernelSymbols(
            self.base,
            "\n".join([self.names[i] for i in kept]),
            "".join([self.kinds[i] for i in kept]),
            array("Q", [self.addresses[i] for i in kept]),
            array("Q", [self.sizes[i] for i in kept]),
        )
