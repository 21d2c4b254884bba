# SPDX-License-Identifier: Apache-2.0
"""The report of a run for a terminal, or as plain text where there is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich import box
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from .. import reactions
from ..findings import Hazard, Violation
from ..linux import facts
from ..maps import size_name
from ..outcomes import OUTCOMES
from ..result import CAUSES, Phase, PhaseCore, Result
from ..units import address, format_count, format_size, format_time
from . import running_cost
from .lines import MOST_FINDINGS, findings_line, more_findings, pokes_of, summary

_WORTH_A_WORD_S = 1.0  # a phase that the host spent less on is not listed

CAUSE_TITLES = {
    "execution": "execution",
    "cache": "cache",
    "walk": "walk",
    "tlbi_dsb": "TLBI/DSB",
    "wfe": "WFE",
    "parked": "parked",
}


def make_console(stderr: bool = False) -> Console:
    """Colours and live displays on a terminal, plain text without control codes elsewhere."""
    console = Console(stderr=stderr, highlight=False, soft_wrap=False)
    if console.is_terminal and not console.is_dumb_terminal:
        return console
    return Console(stderr=stderr, highlight=False, width=150, no_color=True, force_terminal=False)


def print_report(console: Console, result: Result) -> None:
    for part in _parts(result):
        console.print(part)


def verification_line(result: Result) -> str:
    verified = result.record["verified"]
    if verified is None:
        return ""
    good = sum(core["ok"] for core in verified["cores"])
    if verified["ok"]:
        return f"{good} of {len(verified['cores'])} cores read through the map what the host computes"
    return "; ".join(
        f"core {c['core']} read {_hex(c['actual'])}, the host computes {_hex(c['expected'])}"
        for c in verified["cores"]
        if not c["ok"]
    )


def _hex(value: int | None) -> str:
    return "nothing" if value is None else f"{value:#018x}"


def _parts(result: Result) -> Iterator[RenderableType]:
    yield ""
    yield from _facts(result)
    headings: list[tuple[str, Sequence[Violation | Hazard]]] = [("violation", result.violations), ("hazard", result.hazards)]
    for title, findings in headings:
        for number, finding in enumerate(findings[:MOST_FINDINGS], 1):
            heading, *rest = finding.lines()
            yield ""
            yield Text(f"{title} {number}  {heading}", style="bold red")
            for line in rest:
                yield Text(line)
        if more := more_findings(findings):
            yield ""
            yield Text(more, style="bold red")
    for note in result.notes:
        yield Text(f"note  {note}", style="dim")
    for text in result.refused:
        yield Text(f"refused  {text}", style="bold red")
    for remark in result.remarks:
        yield Text(f"not modelled  {remark}", style="yellow")
    yield from _maps(result)
    for phases in phases_by_name(result):
        yield ""
        yield from _phase(result, phases)
    for section in running_cost.sections(result):
        yield ""
        yield from _running_cost(section)


def _facts(result: Result) -> Iterator[Text]:
    good = "green" if result.finished else "bold red"
    clean = "green" if result.clean else "bold red"
    yield _fact("outcome", f"{result.outcome}: {result.detail or OUTCOMES.get(result.outcome, '')}", good)
    yield _fact("simulated", f"{format_time(result.record['simulated_ps'])}, {_host_line(result)}")
    if where := _host_phases(result.record["host"]):
        yield _fact("host time", where)
    yield _fact("checker", findings_line(result), clean)
    verification = verification_line(result)
    if verification:
        yield _fact("verified", verification, "green" if result.record["verified"]["ok"] else "bold red")
    for poke in pokes_of(result.record):
        yield _fact("poked", f"{poke['where']}: {poke['old_text']} -> {poke['new_text']}", "yellow")
    if result.record["linux"] is not None:
        for name, text in zip(("kernel", ""), facts.lines(result.record["linux"])):
            yield _fact(name, text)
    for injected in result.record["injected"]:
        heading, *rest = reactions.lines(injected)
        yield _fact("injected", heading)
        for line in rest:
            yield _fact("", line, "dim")


def _fact(name: str, text: str, style: str = "") -> Text:
    return Text.assemble(f"{name:<11}", (text, style))


def _host_line(result: Result) -> str:
    host = result.record["host"]
    instructions = sum(c["instructions"] for c in result.record["cores"])
    rss = f"{host['peak_rss_bytes'] / 2**20:,.0f} MiB"
    return f"{format_count(instructions)} instructions in {host['wall_s']:.2f} s of host time ({host['mips']:.0f} MIPS, {rss})"


def _host_phases(host: dict[str, Any]) -> str:
    """Where the host's time went, if there was enough of it to ask; "" else."""
    long = [(name, used["wall_s"], used["peak_rss_bytes"]) for name, used in host["phases"].items() if used["wall_s"] >= _WORTH_A_WORD_S]
    parts = [f"{name} {seconds:.2f} s (peak memory so far {rss / 2**20:,.0f} MiB)" for name, seconds, rss in long]
    if host["check_s"] >= _WORTH_A_WORD_S:
        parts.append(f"the host's own check of what was read {host['check_s']:.2f} s")
    return ", ".join(parts)


def _maps(result: Result) -> Iterator[RenderableType]:
    for taken in result.maps:
        yield ""
        if taken.census is None or taken.time_ps is None:
            yield Text.assemble((f"map at {taken.at}", "bold"), ": the run ended before")
            continue
        census = taken.census
        where = "nothing is mapped" if census.mapped is None else (
            f"{address(census.mapped[0])} to {address(census.mapped[1])}, {format_count(census.table_pages)} tables"
        )
        yield Text.assemble((f"map at {taken.at}", "bold"), f": core {taken.core}, {format_time(taken.time_ps)}, {where}")
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
        for title in ("size", "contiguous", "memory", "EL1 EL0"):
            table.add_column(title, no_wrap=True)
        for title in ("descriptors", "groups", "bytes"):
            table.add_column(title, justify="right", no_wrap=True)
        for size, contiguous, descriptors, groups, size_of_all in census.totals():
            rows = [r for r in census.rows if (r.bytes_each, r.contiguous) == (size, contiguous)]
            name, cont = size_name(size), "yes" if contiguous else ""
            first = (rows[0].memory, rows[0].access) if len(rows) == 1 else ("", "")
            counts = (format_count(descriptors), format_count(groups) if contiguous else "", format_size(size_of_all))
            table.add_row(name, cont, *first, *counts)
            if len(rows) > 1:
                for r in rows:
                    table.add_row("", "", r.memory, r.access, format_count(r.descriptors), "", format_size(r.bytes), style="dim")
        if census.rows:
            yield table
        if not census.complete:
            yield Text("  given up: more than a map that makes sense", style="bold red")


def phases_by_name(result: Result) -> list[list[Phase]]:
    """A phase that each core went through by itself is one entry of several."""
    groups: dict[str, list[Phase]] = {}
    for phase in result.phases.values():
        groups.setdefault(base_name(phase), []).append(phase)
    return list(groups.values())


def base_name(phase: Phase) -> str:
    """Without the core behind the name of a phase that several cores began."""
    return phase.name.split("@")[0]


def _phase(result: Result, phases: list[Phase]) -> Iterator[RenderableType]:
    first = phases[0]
    if len(phases) == 1:
        rows = list(enumerate(first.cores))
        words = [format_time(first.duration_ps), f"{format_count(first.total_cycles)} cycles over all cores"]
    else:
        rows = sorted(((p.core, p.cores[p.core]) for p in phases if p.core is not None), key=lambda row: row[0])
        words = [f"up to {format_time(max(p.duration_ps for p in phases))}", "each core's own"]
    count = sum(p.count for p in phases)
    if count > len(phases):
        words.append(f"{format_count(count)} times")
    if first.table_pages and len(phases) == 1:
        words.append(f"{format_count(first.table_pages)} table pages became live")
    if not all(p.complete for p in phases):
        words.append("not finished")
    yield Text.assemble((f"phase {base_name(first)}", "bold"), f": {', '.join(words)}")
    names = [c["name"] for c in result.record["cores"]]
    yield _costs(rows, names)
    for i, core in rows:
        if core.instructions:
            yield Text(f"  core {i}: {_work(core)}", style="dim")


def _costs(rows: Sequence[tuple[int, PhaseCore]], names: Sequence[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    table.add_column("core", no_wrap=True)
    for title in ("cycles", *CAUSE_TITLES.values(), "instructions"):
        table.add_column(title, justify="right", no_wrap=True)
    for i, core in rows:
        table.add_row(
            f"{i} {names[i]}",
            format_count(core.total_cycles),
            *(_share(core.cycles[cause], core.total_cycles) for cause in CAUSES),
            format_count(core.instructions),
        )
    return table


def _work(core: PhaseCore) -> str:
    """What it did to translations, in one line: only what occurred."""
    writes = [f"{format_count(n)} at level {level}" for level, n in core.descriptor_writes.items() if n]
    parts = [f"{format_count(n)} {kind}" for kind, n in core.tlbi.items()]
    if writes:
        parts.insert(0, f"live descriptors written: {', '.join(writes)}")
    for name, n in (("DSB", core.dsb), ("DVM sent", core.dvm_sent), ("DVM received", core.dvm_received)):
        if n:
            parts.append(f"{format_count(n)} {name}")
    for name, cycles in (("cache", core.cache_cycles), ("walk", core.walk_cycles)):
        where = [f"{title.replace('_', ' ')} {_share(n, sum(cycles.values()))}" for title, n in cycles.items() if 20 * n >= core.total_cycles]
        if where:
            parts.append(f"{name} cycles: {', '.join(where)}")
    parts.append(f"TLB misses L1I {format_count(core.l1i_misses)}, L1D {format_count(core.l1d_misses)}, L2 {format_count(core.l2_misses)}")
    return "; ".join(parts)


def _running_cost(section: running_cost.Section) -> Iterator[RenderableType]:
    yield Text.assemble((section.heading.split(":")[0], "bold"), ":" + section.heading.split(":", 1)[1])
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1), show_edge=False)
    for title, when in zip(running_cost.COLUMNS, running_cost.WHEN):
        table.add_column(f"{title}\n{when}", no_wrap=True, justify="left" if title == "core" else "right")
    for row in section.rows:
        table.add_row(*row)
    yield table
    yield Text(f"  {section.summary} Misses are per 1,000 loads.")


def _share(part: int, whole: int) -> str:
    if part == 0:
        return "-"
    percent = 100 * part / whole
    return f"{percent:.1f}%" if percent >= 0.05 else "<0.1%"
