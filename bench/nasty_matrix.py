#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Linux under the nasty TLB: clean boots of five kernels, boots whose repaint is spoilt under both TLBs, and a boot core
of level 2 that is not conflict-free. What scripts/nasty-matrix runs: finished boots are kept in docs/nasty-matrix.csv,
and docs/nasty-matrix.md is made from it.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "bench")]

from boot_matrix import APPEND, KNOWN
from linux_sabotage import SABOTAGES

import bbmsim as bs
from bbmsim.config import tlb_mode
from bbmsim.files import write_whole
from bbmsim.linux import kernels

# Whether a boot of the unlisted boards meets a conflict before its flush is the seed's choice.
SEEDS = {"mixed": 7, "mixed Neoverse": 7, "unlisted": 4, "unlisted pair": 4}
MIXES = {
    "mixed": "cortex-x4,cortex-a720*3",
    "mixed Neoverse": "neoverse-v3,neoverse-v2*3",
    "unlisted": "cortex-x4:conflict_free=0,cortex-a720*3",
    "unlisted pair": "cortex-x4:conflict_free=0*2",
}


@dataclass(frozen=True)
class Cell:
    kernel: str
    mix: str
    tlb: str
    sabotage: str


@dataclass(frozen=True)
class Row(Cell):
    """What came of a boot."""

    release: str
    outcome: str
    detail: str
    findings: str  #: RULE@function, each once, separated by blanks
    hazards: str  #: kind@function, likewise
    conflict_aborts: int
    simulated_ms: float


CELLS = (
    [Cell(kernel, "mixed", "nasty", "none") for kernel in ("6.18", "7.3", "6.12", "6.16", "6.1")]
    + [Cell(kernel, "mixed Neoverse", "nasty", "none") for kernel in ("6.18", "7.3")]
    + [Cell("6.18", mix, "nasty", "none") for mix in ("unlisted", "unlisted pair")]
    + [Cell("6.18", "mixed", tlb, s) for s in ("unparked", "one-unparked", "released-early", "no-flush", "one-unparked-no-flush") for tlb in ("typical", "nasty")]
    + [Cell("6.18", "unlisted", tlb, "no-flush") for tlb in ("typical", "nasty")]
)


def boot(cell: Cell) -> Row:
    kernel = kernels.get(cell.kernel)
    workload = bs.linux(kernel.path, initrd="small", append=APPEND.get((cell.kernel, cell.mix), ""))
    assert isinstance(workload, bs.LinuxWorkload)
    board = bs.Board(cores=tlb_mode(bs.parse_cores(MIXES[cell.mix]), cell.tlb), memory="1GiB")
    simulation = bs.Simulation(board, workload, seed=SEEDS[cell.mix])
    for where, word in SABOTAGES[cell.sabotage](workload):
        simulation.poke(where, word)
    # A repaint is over at about 45 ms; what is spoilt, or dies in conflicts, needs no user space.
    result = simulation.run(timeout="1s" if cell.sabotage == "none" and cell.mix in ("mixed", "mixed Neoverse") else "60ms")
    found = [f"{v.rule}@{(v.symbol or '?').split('+')[0]}" for v in result.violations]
    effects = [f"{h.kind}@{(h.symbol or '?').split('+')[0]}" for h in result.hazards]
    return Row(
        **asdict(cell),
        release=kernel.release,
        outcome=result.outcome,
        detail=result.detail,
        findings=" ".join(dict.fromkeys(found)),
        hazards=" ".join(dict.fromkeys(effects)),
        conflict_aborts=sum(c["conflict_aborts"] for c in result.record["cores"]),
        simulated_ms=round(result.record["simulated_ps"] / 1e9, 3),
    )


def load(path: Path) -> dict[Cell, Row]:
    if not path.exists():
        return {}
    rows = []
    for v in csv.DictReader(io.StringIO(path.read_text())):
        numbers = {"conflict_aborts": int(v["conflict_aborts"]), "simulated_ms": float(v["simulated_ms"])}
        rows.append(Row(**{f.name: numbers.get(f.name, v[f.name]) for f in fields(Row)}))
    return {_cell(row): row for row in rows}


def _cell(row: Row) -> Cell:
    return Cell(*(getattr(row, f.name) for f in fields(Cell)))


def save(path: Path, rows: Iterable[Row]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, [f.name for f in fields(Row)], lineterminator="\n")
    writer.writeheader()
    for row in sorted(rows, key=lambda r: CELLS.index(_cell(r))):
        writer.writerow(asdict(row))
    write_whole(path, out.getvalue())


def table(rows: Sequence[Row]) -> str:
    """docs/nasty-matrix.md."""
    lines = [
        "# Linux under the nasty TLB",
        "",
        f"Made by `scripts/nasty-matrix` from [nasty-matrix.csv](nasty-matrix.csv). Boards of 1 GiB, the small user space. *mixed*, seed {SEEDS['mixed']}, is",
        "`" + MIXES["mixed"] + "`; *mixed Neoverse*, with that seed, is `" + MIXES["mixed Neoverse"] + f"`; *unlisted*, seed {SEEDS['unlisted']}, has a boot core of level 2 that may conflict though Linux's list of parts says that it does not:",
        "`" + MIXES["unlisted"] + "`; *unlisted pair* is two of those, `" + MIXES["unlisted pair"] + "`, which split lazily and never repaint.",
        "What is spoilt, and how: `bench/linux_sabotage.py`. Those boots, and the unlisted ones, end at 60 ms of simulated time, after the repaint.",
        "Whether a boot meets a conflict is the seed's choice (on the unlisted board three of the seeds 0 to 5 do; with one unparked and no flush 1 and 7 do, 0, 2 and 4 don't): `bbmsim explore` is for that.",
        "On *mixed* 7.3 has `nospectre_bhb` on its command line: with these cores it may lose [a race of its own](findings/spectre-bhb-k.md), and then no user space begins.",
        "",
        f"{len(rows)} of {len(CELLS)} boots have been run.",
        "",
        "| kernel | cores | TLB | spoilt | outcome | violations | hazards | conflict aborts | simulated ms |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for r in sorted(rows, key=lambda r: CELLS.index(_cell(r))):
        found = ", ".join(_finding(f) for f in r.findings.split()) or "none"
        effects = [f"`{f.replace('@', '` at `')}`" for f in r.hazards.split()]
        more = f" and {len(effects) - 4} more" if len(effects) > 4 else ""
        outcome = r.outcome if r.outcome in ("poweroff", "timeout") else f"**{r.outcome}** {r.detail}"
        cells = (r.release, r.mix, r.tlb, r.sabotage, outcome, found, ", ".join(effects[:4]) + more or "none", str(r.conflict_aborts), f"{r.simulated_ms:.1f}")
        lines.append("| " + " | ".join(c.replace("|", "\\|") for c in cells) + " |")
    return "\n".join(lines) + "\n"


def _finding(text: str) -> str:
    rule, function = text.split("@")
    page = KNOWN.get((rule, function))
    return f"[{page}](findings/{page}.md)" if page else f"`{rule}` at `{function}`"


@click.command()
@click.option("--until", metavar="HH:MM", help="Begin no boot after this time of day.")
@click.option("--csv", "path", type=click.Path(path_type=Path), default=ROOT / "docs" / "nasty-matrix.csv")
def main(until: str | None, path: Path) -> None:
    """Runs what is missing and writes the table."""
    rows = load(path)
    for cell in CELLS:
        if cell in rows:
            continue
        if until and time.strftime("%H:%M") >= until:
            break
        row = rows[cell] = boot(cell)
        save(path, rows.values())
        click.echo(f"{cell.kernel} {cell.mix} {cell.tlb} {cell.sabotage}: {row.outcome} {row.detail} {row.findings} {row.hazards} {row.conflict_aborts}")
    write_whole(path.with_suffix(".md"), table(list(rows.values())))


if __name__ == "__main__":
    main()
