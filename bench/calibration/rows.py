# SPDX-License-Identifier: Apache-2.0
"""docs/calibration.csv: a row for each figure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

from bbmsim.files import write_whole


@dataclass(frozen=True)
class Row:
    part: str  #: which measurement: map-mem, map-mem-parameter, tlb, cache, transfer, use, linux
    board: str  #: cores as the command line takes them, then memory: "neoverse-n1*64, 64GiB"
    case: str  #: step, footprint, parameter
    quantity: str  #: with its unit: "ms", "cycles per load"
    value: float


def load(path: Path) -> list[Row]:
    if not path.exists():
        return []
    lines = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    return [Row(r["part"], r["board"], r["case"], r["quantity"], float(r["value"])) for r in lines]


def save(path: Path, rows: Iterable[Row]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([f.name for f in fields(Row)])
    writer.writerows([row.part, row.board, row.case, row.quantity, f"{row.value:.7g}"] for row in rows)
    write_whole(path, out.getvalue())


class Table:
    """Looks rows up."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._values = {(r.part, r.board, r.case, r.quantity): r.value for r in rows}

    def boards(self, part: str) -> list[str]:
        return list(dict.fromkeys(r.board for r in self.rows if r.part == part))

    def cases(self, part: str, board: str) -> list[str]:
        return list(dict.fromkeys(r.case for r in self.rows if (r.part, r.board) == (part, board)))

    def value(self, part: str, board: str, case: str, quantity: str) -> float:
        return self._values[part, board, case, quantity]

    def get(self, part: str, board: str, case: str, quantity: str) -> float | None:
        return self._values.get((part, board, case, quantity))
