# SPDX-License-Identifier: Apache-2.0
"""Options that several commands share, their completion, and what they mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click
from click.shell_completion import CompletionItem

from .. import catalog
from ..config import DETAILS, POWERS, SCHEDULES, Board, Disk, parse_cores, parse_disk, parse_schedule, presets, tlb_mode
from ..errors import ConfigError
from ..profile import METRICS
from .ci import ci_options

DEFAULT_CORES = "cortex-x4,cortex-a720*3"
DEFAULT_MEMORY = "4GiB"
DEFAULT_TIMEOUT = "100s"
_TLB = "bbmsim.tlb"
_SCHEDULE = "bbmsim.schedule"
_DETAIL = "bbmsim.detail"


def board(cores: str, memory: str, **fields: Any) -> Board:
    mode = click.get_current_context().meta.get(_TLB, "typical")
    schedule = parse_schedule(click.get_current_context().meta.get(_SCHEDULE, "default"))
    return Board(cores=tlb_mode(parse_cores(cores), mode), memory=memory, schedule=schedule, detail=detail(), **fields)


def detail() -> str:
    """What --detail says."""
    return str(click.get_current_context().meta.get(_DETAIL, "typical"))


def _keep_detail(context: click.Context, _: click.Parameter, value: str) -> None:
    context.meta[_DETAIL] = value


def _keep_tlb(context: click.Context, _: click.Parameter, value: str) -> None:
    context.meta[_TLB] = value


def complete_tlb(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    done, comma, last = incomplete.rpartition(",")
    names = (*POWERS, "minimal") if comma else ("typical", "nasty", *POWERS, "minimal")
    return [CompletionItem(done + comma + name) for name in names if name.startswith(last)]


def _keep_schedule(context: click.Context, _: click.Parameter, value: str) -> None:
    context.meta[_SCHEDULE] = value


def _complete_schedules(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(name) for name in SCHEDULES if name.startswith(incomplete)]


def schedule_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--schedule", default="default", show_default=True, metavar="NAME[,depth=N][,length_us=N][,hold_ns=N]",
        shell_complete=_complete_schedules, expose_value=False, callback=_keep_schedule,
        help="Hold cores for a time now and then: at random, by changing priorities (pct), or around descriptor writes, DSBs and "
        "TLBIs (targeted). See `bbmsim explore`.",
    )(function)


def disk(text: str | None) -> Disk:
    """A disk that can't be read is found here, before a kernel is fetched."""
    if text is None:
        return Disk()
    found = parse_disk(text)
    if found.bytes == 0:
        raise ConfigError(f"disk={found.path}: is empty", "disk")
    return found


def was_given(name: str) -> bool:
    """The option of the command that runs, rather than its default."""
    return click.get_current_context().get_parameter_source(name) not in (None, click.core.ParameterSource.DEFAULT)


def changed() -> tuple[int | None, str | None, str | None]:
    """Seed, TLB and schedule, as far as they were given."""
    context = click.get_current_context()
    given = context.params["seed"] if was_given("seed") else None
    return given, context.meta.get(_TLB) if was_given("tlb") else None, context.meta.get(_SCHEDULE) if was_given("schedule") else None


def settings(items: tuple[str, ...]) -> dict[str, str]:
    """--set name=value, given any number of times."""
    out: dict[str, str] = {}
    for item in items:
        name, equals, value = item.partition("=")
        if not equals or not name or not value:
            raise ConfigError(f"set={item}: write --set NAME=VALUE", "set")
        if name in out:
            raise ConfigError(f"set={item}: {name} is set twice", name)
        out[name] = value
    return out


def complete_cores(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    done, comma, last = incomplete.rpartition(",")
    return [CompletionItem(done + comma + name) for name in presets() if name.startswith(last)]


def complete_workloads(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    known = catalog.load().workloads
    names = [CompletionItem(w.name, help=w.title) for w in known.values() if w.name.startswith(incomplete)]
    return names or [CompletionItem(incomplete, type="file")]


def _complete_settings(context: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
    entry = catalog.load().workloads.get(context.params.get("workload") or "repaint")
    if entry is None:
        return []
    items = [f"{p.name}={c}" for p in entry.parameters.values() for c in p.choices or ("",)]
    return [CompletionItem(i) for i in items if i.startswith(incomplete)]


def run_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What `run` and `boot` take: faults, limits, outputs."""
    for option in (
        click.option("-q", "--quiet", is_flag=True, help="Only the outcome, and findings if there are any."),
        click.option(
            "--gdb", type=click.IntRange(0, 65535), metavar="PORT",
            help="Wait at reset for a debugger (`target remote :PORT` in gdb-multiarch), one thread per core; 0 picks a port.",
        ),
        click.option("--bench", is_flag=True, help="Run with checker and fast path on and off, and compare the speed."),
        click.option(
            "--save-at", nargs=2, multiple=True, metavar="WHEN FILE",
            help="Write a snapshot when the run comes to SYMBOL, SYMBOL+0x1c or a time (5ms), and go on. Any number of times.",
        ),
        click.option("--no-filter", is_flag=True, help="Without the fast path: slower, and every figure must be the same."),
        click.option("--no-checker", is_flag=True, help="Don't look for violations."),
        click.option("--trace", type=click.Path(), metavar="FILE", help="Write a trace for ui.perfetto.dev."),
        click.option(
            "--flame-metric", type=click.Choice(list(METRICS)), default="cycles", show_default=True,
            help="What the widths of the flame graph are.",
        ),
        click.option(
            "--flame", type=click.Path(), metavar="FILE",
            help="Write a flame graph of functions: .svg, .html, or .folded for other tools.",
        ),
        click.option("--html", type=click.Path(), metavar="FILE", help="Write the report as a page."),
        click.option("--json", "json_", type=click.Path(), metavar="FILE", help="Write the run record."),
        click.option(
            "--timeout", default=DEFAULT_TIMEOUT, show_default=True, metavar="TIME", help="Simulated time: 10s, 500ms."
        ),
        click.option(
            "--poke", metavar="SYMBOL+OFFSET=WORD", multiple=True,
            help="Replaces an instruction in memory before the run; ADDRESS=WORD likewise; WORD is 32 bits, or nop. "
            "Any number of times.",
        ),
        click.option(
            "--map-at", metavar="WHEN", multiple=True,
            help="Count blocks, contiguous groups and pages of the linear map at SYMBOL, SYMBOL+0x1c, SYMBOL:return, phase:NAME, "
            "phase:NAME:end, a time (5ms) or the end; [,core=N][,nth=N][,va=ADDRESS,size=SIZE]. Any number of times.",
        ),
        click.option(
            "--inject", metavar="SPEC", multiple=True,
            help="A fault: KIND:KEY=VALUE,..., such as tlb-conflict:core=1,va=0xffff000040000000,after=SYMBOL,nth=3. "
            "The kinds and their settings: `bbmsim list injections`. Any number of times.",
        ),
    ):
        function = option(function)
    return ci_options(function)


def resume_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--resume", type=click.Path(), metavar="FILE", shell_complete=_complete_files,
        help="Go on from a snapshot instead of starting: the same board and workload, with the faults and outputs given here; "
        "with --seed, --schedule or --tlb another future.",
    )(function)


def workload_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--set", "set_", metavar="NAME=VALUE", multiple=True, shell_complete=_complete_settings,
        help="A parameter of the workload, such as sabotage=local-flush; any number of times.",
    )(function)


def disk_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--disk", metavar="PATH[,rw]", shell_complete=_complete_files,
        help="A virtio disk (and console) on a raw image. What the guest writes is forgotten, unless ',rw' is given.",
    )(function)


def _complete_files(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="file")]


def detail_option(function: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--detail", type=click.Choice(DETAILS), default="typical", show_default=True, expose_value=False, callback=_keep_detail,
        help="Of the memory side: fast (each core's caches alone), typical (and shared L3, lines moving between cores, walks "
        "through the caches, store buffers), full (and memory bandwidth, DRAM rows).",
    )(function)


def board_options(function: Callable[..., Any]) -> Callable[..., Any]:
    function = detail_option(function)
    for option in (
        click.option(
            "--tlb", default="typical", show_default=True, metavar="typical|nasty|POWER,...", shell_complete=complete_tlb,
            expose_value=False, callback=_keep_tlb,
            help="nasty: TLBs that do what the architecture permits and hardware rarely does; or some of its powers: "
            "speculate, retain, splinter, late_tlbi, late_walk, conflicts, coalesce, access_flags, minimal.",
        ),
        click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="All randomness comes from it."),
        click.option(
            "--memory", default=DEFAULT_MEMORY, show_default=True, metavar="SIZE", help="RAM, such as 512MiB or 64GiB."
        ),
        click.option(
            "--cores", default=DEFAULT_CORES, show_default=True, metavar="LIST", shell_complete=complete_cores,
            help="Core types, the boot core first; NAME*N for several, NAME:FIELD=VALUE to change a figure, such as "
            "cortex-a520:l2_tlb.entries=512:pauth=0*3.",
        ),
    ):
        function = option(function)
    return function
