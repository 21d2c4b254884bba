# SPDX-License-Identifier: Apache-2.0
"""bbmsim explore."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

import click
from click.shell_completion import CompletionItem

from .. import exploration
from ..config import SCHEDULES
from ..errors import ConfigError
from ..exploration.plan import ALL_POWERS, Subject, check_names, check_schedules
from ..exploration.text import print_exploration
from ..files import Writer, check_distinct, check_writable
from ..linux.workload import linux
from ..report.lines import summary
from ..units import parse_time, some
from ..workload import Workload, from_name
from . import options
from .boot import complete_initrds, complete_kernels
from .ci import Ci
from .progress import progress
from .run import Changes, Looks, carry_out

_OF_ONE_RUN = ("html", "flame", "flame_metric", "trace", "map_at", "save_at", "gdb", "bench", "no_checker", "no_filter")
_OF_LINUX = ("append", "initrd", "dtb", "vmlinux")


def _complete_workloads(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    return options.complete_workloads(context, parameter, incomplete) + [CompletionItem(n) for n in ("linux",) if incomplete and n.startswith(incomplete)]


def _completer(names: tuple[str, ...]) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        done, comma, last = incomplete.rpartition(",")
        return [CompletionItem(done + comma + name) for name in names if name.startswith(last)]

    return complete


@click.command("explore")
@click.argument("workload", default="repaint", shell_complete=_complete_workloads)
@click.option("--runs", type=click.IntRange(1), default=100, show_default=True, metavar="N", help="How many runs.")
@click.option("--time", "seconds", type=click.FloatRange(0, min_open=True), metavar="SECONDS", help="Begin no run after that much of the host's time.")
@click.option("-j", "--jobs", type=click.IntRange(1), help="Worker processes; default: one a host core.")
@click.option("--stop-on-first", is_flag=True, help="End at the first run that finds anything.")
@click.option(
    "--schedules", default=",".join(SCHEDULES), show_default=True, metavar="LIST", shell_complete=_completer(SCHEDULES),
    help="The schedules to draw from.",
)
@click.option(
    "--powers", default=",".join(ALL_POWERS), show_default=True, metavar="LIST|none", shell_complete=_completer(ALL_POWERS),
    help="The powers of the nasty TLB to draw subsets of.",
)
@click.option("--replay", metavar="ID", help="Instead of a search: that run again, exactly, with the outputs of `bbmsim run`.")
@click.option("--kernel", metavar="VERSION|PATH", shell_complete=complete_kernels, help="Explore a Linux boot, as of `bbmsim boot`; default of WORKLOAD linux: 6.18.")
@click.option("--initrd", metavar="PATH|busybox|small", shell_complete=complete_initrds, help="As of `bbmsim boot`.")
@click.option("--append", default="", metavar="TEXT", help="As of `bbmsim boot`.")
@click.option("--dtb", type=click.Path(), metavar="PATH", help="As of `bbmsim boot`.")
@click.option("--vmlinux", type=click.Path(), metavar="PATH", help="As of `bbmsim boot`.")
@options.board_options
@options.workload_option
@options.disk_option
@options.run_options
def explore_command(
    workload: str, runs: int, seconds: float | None, jobs: int | None, stop_on_first: bool, schedules: str, powers: str, replay: str | None,
    kernel: str | None, initrd: str | None, append: str, dtb: str | None, vmlinux: str | None, cores: str, memory: str, set_: tuple[str, ...],
    seed: int, inject: tuple[str, ...], poke: tuple[str, ...], map_at: tuple[str, ...], timeout: str, json_: str | None, html: str | None,
    flame: str | None, flame_metric: str, trace: str | None, no_checker: bool, no_filter: bool, bench: bool, gdb: int | None,
    quiet: bool, disk: str | None, save_at: tuple[tuple[str, str], ...],
) -> int:
    """Runs WORKLOAD (as of `bbmsim run`, or "linux") under many schedules and TLBs, and lists each distinct finding once, with
    the ID of the run that shows it soonest."""
    is_linux = kernel is not None or workload == "linux"
    for name in (*(() if replay else _OF_ONE_RUN), *(() if is_linux else _OF_LINUX)):
        if options.was_given(name):
            wanted = "--replay" if name in _OF_ONE_RUN else "a Linux kernel (--kernel)"
            raise ConfigError(f"{name.replace('_', '-')}: only with {wanted}", name)
    parameters = options.settings(set_)
    if is_linux and (parameters or (options.was_given("workload") and workload != "linux")):
        raise ConfigError(f"kernel={kernel}: not together with {'--set' if parameters else f'the workload {workload}'}", "kernel")

    def say(text: str) -> None:
        if not quiet:
            click.echo(f"explore: {text}", err=True)

    def guest() -> Workload:
        if is_linux:
            return linux(kernel or "6.18", append=append, initrd=initrd, dtb=dtb, vmlinux=vmlinux, say=say)
        return from_name(workload, parameters)

    board = options.board(cores, memory, disk=options.disk(disk))
    changes = Changes(inject, poke)
    if replay is not None:
        subject = Subject(board, guest(), changes.injections, changes.pokes)
        spec = subject.parse(replay)
        outputs = {"json": json_, "html": html, "flame": flame, "trace": trace}
        return carry_out(
            subject.board_of(spec), lambda: subject.workload, spec.seed, changes, Looks(map_at, flame_metric, save_at), f"{spec.limit_us}us", outputs,
            bench, gdb, quiet,
        )
    path = None if json_ is None else check_writable(json_, "json")
    ci = Ci(click.get_current_context())
    check_distinct({"json": path, **ci.outputs})
    from ..report.text import make_console  # brings rich

    console = make_console()
    names, powers_of = check_schedules(_names(schedules)), check_names(_names(powers), ALL_POWERS, "powers")
    limit = parse_time(timeout)
    explored = guest().on(board)
    if not quiet:
        asked = {"workload": explored.to_dict(), "board": board.to_dict(), "seed": seed, "pokes": changes.pokes}
        console.print(f"[bold]{summary(asked)}[/bold]: {some(runs, 'run')}")
        sys.stdout.flush()
    with progress(make_console(stderr=True), "explore", "runs", quiet=quiet) as shown:
        found = exploration.explore(
            board, explored, runs=runs, seed=seed, schedules=names, powers=powers_of, jobs=jobs, timeout=limit,
            seconds=seconds, stop_on_first=stop_on_first, inject=changes.injections, poke=changes.pokes, stories=not quiet or path is not None,
            progress=lambda at: shown(at.done, at.runs, f"{at.findings} found"), say=say,
        )
    writer = Writer()
    ci.write(found, writer)
    if path is not None:
        writer.write("json", path, found.save)
    print_exploration(console, found, quiet=quiet)
    ci.say(partial(console.print, markup=False, soft_wrap=True), found)
    for name, file in writer.written:
        console.print(f"{name}: {file}", markup=False, soft_wrap=True)
    writer.finish()
    return found.exit_status


def _names(text: str) -> list[str]:
    return [] if text == "none" else [word.strip().replace("-", "_") for word in text.split(",")]
