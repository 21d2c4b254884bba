# SPDX-License-Identifier: Apache-2.0
"""Hardware's own updates of descriptors, and plain stores that meet them (I_BMRWH, R_LHQRX, R_DYCFD)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from .tables import Context, Entry, leaf_is_valid
from .trace_format import Event

AF, READ_ONLY, DBM = 1 << 10, 1 << 7, 1 << 51


class HardwareUpdates:
    def __init__(self) -> None:
        self.unread: dict[int, int] = {}  #: descriptor -> bits that hardware updated and nobody has read since

    def forget(self, walked: Callable[[int], bool]) -> None:
        """A page that is nobody's table any more is its owner's: what hardware did there is past."""
        for pa in [pa for pa in self.unread if not walked(pa)]:
            del self.unread[pa]

    def load(self, event: Event) -> None:
        self.unread.pop(event.a, None)

    def races(self, event: Event, old: int, reached: Mapping[int, Iterable[Context]], walk: Callable[[Context], dict[Entry, None]]) -> bool:
        """Whether this write, of software, may lose what hardware sets in a valid leaf, or has lost what it had set and nobody
        had read. `reached`: by PE, the contexts in force; `walk`: what memory has for one, before the write.
        """
        pa, value = event.a, event.b
        if event.name == "hardware":
            self.unread[pa] = self.unread.get(pa, 0) | ~old & value & AF | old & ~value & READ_ONLY
            return False
        fresh = self.unread.pop(pa, 0)
        if event.name == "atomic":
            return False
        for pe, contexts in reached.items():
            for c in contexts:
                every = c._replace(hardware_af=True)
                if not any(e.pa == pa and e.leaf and leaf_is_valid(every, e.level, value) for e in walk(every)):
                    continue
                young = fresh & AF or (not old & AF and c.hardware_af)
                dirty = fresh & READ_ONLY or (old & DBM and old & READ_ONLY and c.hardware_af and c.hardware_dirty and pe != event.pe)
                if (young and not value & AF) or (dirty and value & READ_ONLY):
                    return True
        return False
