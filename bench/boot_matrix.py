#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Boots of five kernels over core mixes, core counts and command lines, each with the checker on; what scripts/boot-matrix
runs. Finished boots are kept in docs/boot-matrix.csv, so it may be stopped and goes on where it was; the ones that
tell most come first (every pair of values early). The table for readers, docs/boot-matrix.md, is made from the CSV.
"""

from __future__ import annotations

import csv
import io
import itertools
import sys
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import click

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "python"))

import bbmsim as bs
from bbmsim.files import write_whole
from bbmsim.linux import kernels
from bbmsim.units import format_count

SEED = 7
TIMEOUT = "5s"  # simulated; a boot takes a tenth of it
KERNELS = ("6.18", "7.3", "6.12", "6.16", "6.1")
MIXES = {  # name: boot core, secondaries
    "mixed": ("cortex-x4", "cortex-a720"),
    "trusted": ("cortex-x4", "cortex-x4"),
    "untrusted": ("cortex-a720", "cortex-a720"),
}
COUNTS = (4, 1, 2, 8)
RODATA = ("full", "on", "off", "noalias")
KPTI = (0, 1)
#: Else the race of docs/findings/spectre-bhb-k.md may be lost, and no user space begins: nothing to do with TLBs.
APPEND = {("7.3", "mixed"): "nospectre_bhb"}
#: rule and function of what docs/findings explains
KNOWN = {
    ("BBM-NO-DSB-AFTER-TLBI", "__pi_map_range"): "early-map-kernel",
    ("BBM-NO-TLBI", "idmap_kpti_install_ng_mappings"): "kpti-ttl",
    ("BBM-WRONG-TLBI", "idmap_kpti_install_ng_mappings"): "kpti-ttl",
}


@dataclass(frozen=True)
class Cell:
    kernel: str
    mix: str
    cores: int
    rodata: str
    kpti: int


@dataclass(frozen=True)
class Row(Cell):
    """What came of a boot."""

    release: str
    user_space: str
    outcome: str
    detail: str
    violations: int
    hazards: int
    findings: str  #: RULE@function, each once, separated by blanks
    remarks: str
    repaint: bool
    splits: int
    tlbis: int
    instructions: int
    simulated_ms: float


def all_cells() -> list[Cell]:
    """One core is no mix. Every pair of values first, then every three, so that a part of the matrix says most."""
    grid = itertools.product(KERNELS, MIXES, COUNTS, RODATA, KPTI)
    left = [c for c in (Cell(*values) for values in grid) if not (c.mix == "mixed" and c.cores == 1)]
    out: list[Cell] = []
    seen: set[tuple[object, ...]] = set()
    for size in (2, 3):
        while True:
            news = [len(_subsets(c, size) - seen) for c in left]
            best = max(range(len(left)), key=lambda i: (news[i], -i), default=None)
            if best is None or not news[best]:
                break
            seen |= _subsets(left[best], size)
            out.append(left.pop(best))
    return out + left


def _subsets(cell: Cell, size: int) -> set[tuple[object, ...]]:
    return set(itertools.combinations(asdict(cell).items(), size))


def boot(cell: Cell) -> Row:
    first, others = MIXES[cell.mix]
    kernel = kernels.get(cell.kernel)
    cores = [bs.core(name, fp=True) for name in (first, *[others] * (cell.cores - 1))]
    workload = bs.linux(kernel.path, append=f"rodata={cell.rodata} kpti={cell.kpti} {APPEND.get((cell.kernel, cell.mix), '')}".rstrip())
    result = bs.Simulation(bs.Board(cores=cores, memory="1GiB"), workload, seed=SEED).run(timeout=TIMEOUT)
    record = result.record
    found = [f"{v.rule}@{(v.symbol or '?').split('+')[0]}" for v in result.violations]
    found += [f"{h.kind}@{(h.symbol or '?').split('+')[0]}" for h in result.hazards]
    return Row(
        **asdict(cell),
        release=kernel.release,
        user_space=record["workload"]["parameters"]["user_space"],
        outcome=result.outcome,
        detail=result.detail,
        violations=len(result.violations),
        hazards=len(result.hazards),
        findings=" ".join(dict.fromkeys(found)),
        remarks="; ".join(result.remarks),
        repaint=any(n.split("@")[0] == "repaint" and p.complete for n, p in result.phases.items()),
        splits=record["checker"]["splits"],
        tlbis=sum(sum(c["tlbi"].values()) for c in record["cores"]),
        instructions=sum(c["instructions"] for c in record["cores"]),
        simulated_ms=round(record["simulated_ps"] / 1e9, 3),
    )


# --- what is kept


def load(path: Path) -> dict[Cell, Row]:
    if not path.exists():
        return {}
    rows = []
    for values in csv.DictReader(io.StringIO(path.read_text())):
        typed = {f.name: _typed(str(f.type), values[f.name]) for f in fields(Row)}
        rows.append(Row(**typed))  # type: ignore[arg-type]
    return {_cell(row): row for row in rows}


def _typed(kind: str, text: str) -> object:
    return {"int": int, "float": float, "bool": lambda t: t == "True", "str": str}[kind](text)


def _cell(row: Row) -> Cell:
    return Cell(*(getattr(row, f.name) for f in fields(Cell)))


def _order(cell: Cell) -> tuple[object, ...]:
    series = tuple(int(n) for n in cell.kernel.split("."))
    return (series, list(MIXES).index(cell.mix), cell.cores, RODATA.index(cell.rodata), cell.kpti)


def save(path: Path, rows: Iterable[Row]) -> None:
    out = io.StringIO()
    writer = csv.DictWriter(out, [f.name for f in fields(Row)], lineterminator="\n")
    writer.writeheader()
    for row in sorted(rows, key=lambda r: _order(_cell(r))):
        writer.writerow(asdict(row))
    write_whole(path, out.getvalue())


# --- for readers


def table(rows: Sequence[Row], total: int) -> str:
    """docs/boot-matrix.md."""
    done = sorted(rows, key=lambda r: _order(_cell(r)))
    unknown = [r for r in done if unexplained(r)]
    lines = [
        "# Boots of real kernels, all with the checker on",
        "",
        "Made by `scripts/boot-matrix` from [boot-matrix.csv](boot-matrix.csv); run it again and it goes on with the boots that are missing. Boards of 1 GiB, seed",
        f"{SEED}; *mixed* is a Cortex-X4 (BBM level 2, trusted by its MIDR) and Cortex-A720s, *trusted* X4s, *untrusted* A720s. Splits are live blocks that became tables.",
        "",
        f"{len(done)} of {total} boots have been run. {sum(r.outcome == 'poweroff' for r in done)} came to power-off; "
        f"{sum(not r.violations and not r.hazards for r in done)} have no finding; {sum(r.hazards > 0 for r in done)} have a hazard; "
        f"{len(unknown)} have an outcome or a finding that no page of [findings](findings/) explains.",
        "",
        "`rodata=noalias` is known to 6.18 and newer, `rodata=full` to older kernels; the others print a line and keep their default. These kernels have KFENCE built in",
        "but idle, for which alone they keep the linear map splittable: 6.18 and 7.3 repaint a mixed board also with `rodata=off`.",
        "",
        "On *mixed* 7.3 has `nospectre_bhb` on its command line: with these cores it may lose [a race of its own](findings/spectre-bhb-k.md), and then no user space begins.",
    ]
    for kernel, group in itertools.groupby(done, key=lambda r: (r.kernel, r.release)):
        lines += [
            "",
            f"## {kernel[0]} ({kernel[1]})",
            "",
            "| cores | rodata | kpti | outcome | violations | hazards | repaint | splits | TLBIs | instructions | simulated ms |",
            "|---|---|---|---|---|---|---|---|---|---|---|",
        ]
        lines += [_line(row) for row in group]
    return "\n".join(lines) + "\n"


def _line(r: Row) -> str:
    violations = f"{r.violations}: {', '.join(_finding(f) for f in r.findings.split())}" if r.findings else "0"
    outcome = r.outcome if r.outcome == "poweroff" else f"**{r.outcome}** {r.detail}"
    numbers = " | ".join(format_count(n) for n in (r.splits, r.tlbis, r.instructions))
    return (
        f"| {r.mix} {r.cores} | {r.rodata} | {r.kpti} | {outcome} | {violations} | {r.hazards} | {'yes' if r.repaint else 'no'} "
        f"| {numbers} | {r.simulated_ms:.1f} |"
    )


def _finding(text: str) -> str:
    rule, function = text.split("@")
    page = KNOWN.get((rule, function))
    return f"[{page}](findings/{page}.md)" if page else f"**{text}**"


def unexplained(r: Row) -> bool:
    return r.outcome != "poweroff" or r.hazards > 0 or any(tuple(f.split("@")) not in KNOWN for f in r.findings.split())


# --- running


@click.command()
@click.option("--jobs", "-j", type=click.IntRange(1, 2), default=2, show_default=True, help="Boots at a time.")
@click.option("--limit", type=click.IntRange(0), help="At most so many boots, then stop.")
@click.option("--until", metavar="HH:MM", help="Begin no boot after this time of day.")
@click.option("--list", "list_", is_flag=True, help="Print what would be run, in order.")
@click.option("--csv", "path", type=click.Path(path_type=Path), default=ROOT / "docs" / "boot-matrix.csv")
def main(jobs: int, limit: int | None, until: str | None, list_: bool, path: Path) -> None:
    """Runs what is missing of the matrix of boots; --limit 0 only writes the table."""
    cells = all_cells()
    rows = load(path)
    missing = [c for c in cells if c not in rows][:limit]
    if list_:
        for cell in missing:
            click.echo(" ".join(str(v) for v in asdict(cell).values()))
        return
    for series in KERNELS if missing else ():
        kernels.get(series, say=click.echo)  # fetched before two processes want it
    with ProcessPoolExecutor(jobs, max_tasks_per_child=1) as pool:
        running: dict[Future[Row], Cell] = {}
        while missing or running:
            while missing and len(running) < jobs:
                if until and time.strftime("%H:%M") >= until:
                    missing.clear()
                    break
                cell = missing.pop(0)
                running[pool.submit(boot, cell)] = cell
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                cell = running.pop(future)
                row = rows[cell] = future.result()
                save(path, rows.values())
                mark = "  <-- unexplained" if unexplained(row) else ""
                words = " ".join(str(v) for v in asdict(cell).values())
                click.echo(f"{len(rows)}/{len(cells)} {words}: {row.outcome} {row.findings}{mark}")
    write_whole(path.with_suffix(".md"), table(list(rows.values()), len(cells)))


if __name__ == "__main__":
    main()
