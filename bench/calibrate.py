#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Measures in simulation what others have measured on hardware; what scripts/calibrate runs. Figures are kept in
docs/calibration.csv, from which docs/calibration.md and its pictures are made.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

from bbmsim.files import write_whole
from calibration import ladder, linux, map_mem, page, plots, use
from calibration.rows import Row, Table, load, save

Say = Callable[[str], None]
#: on which parameters are changed one at a time
SENSITIVITY = map_mem.Machine("apple-m1-p*8", 1)


def _map_mem(say: Say) -> Iterator[Row]:
    for machine in map_mem.MACHINES:
        yield from map_mem.steps(machine, say)
    yield from map_mem.parameters(SENSITIVITY, say)


def _ladders(say: Say) -> Iterator[Row]:
    for core in ladder.CORES:
        yield from ladder.ladder(core, say)


#: name: what measures it, the parts of its rows
PARTS: dict[str, tuple[Callable[[Say], Iterator[Row]], tuple[str, ...]]] = {
    "map-mem": (_map_mem, ("map-mem", "map-mem-parameter")),
    "latency": (_ladders, ("tlb", "cache", "transfer")),
    "use": (use.use, ("use",)),
    "linux": (linux.linux, ("linux",)),
}


def write(folder: Path, rows: list[Row]) -> None:
    """The page and its pictures."""
    table = Table(rows)
    write_whole(folder / "calibration.md", page.text(table))
    (folder / "pictures").mkdir(exist_ok=True)
    for part, draw, name in (("tlb", plots.latency, "latency"), ("map-mem", plots.steps, "map-mem")):
        if table.boards(part):
            write_whole(folder / "pictures" / f"calibration-{name}.svg", draw(table))


@click.command()
@click.option("--part", "parts", multiple=True, type=click.Choice(tuple(PARTS)), help="Measure this part alone (may be given again); without any: all.")
@click.option("--page-only", is_flag=True, help="Measure nothing; write the page from the figures that there are.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False, exists=True), default=ROOT / "docs", help="Where calibration.csv lies.")
def main(parts: tuple[str, ...], page_only: bool, folder: Path) -> None:
    """Measures, keeps the figures of parts that are not asked for, and writes calibration.csv, calibration.md and pictures."""
    path = folder / "calibration.csv"
    rows = load(path)
    for name in () if page_only else parts or tuple(PARTS):
        measure, own = PARTS[name]
        found = list(measure(click.echo))
        order = [part for _, all_parts in PARTS.values() for part in all_parts]
        rows = sorted([r for r in rows if r.part not in own] + found, key=lambda r: order.index(r.part))
        save(path, rows)
    write(folder, rows)


if __name__ == "__main__":
    main()
