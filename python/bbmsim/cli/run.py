# SPDX-License-Identifier: Apache-2.0
"""bbmsim run."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..config import Board
from ..errors import ConfigError
from ..files import Writer, check_distinct, check_writable
from ..findings import Hazard, Violation
from ..inject import parse_injection
from ..maps import parse_map_at
from ..poke import parse_poke
from ..report.lines import MOST_FINDINGS, findings_line, more_findings, summary
from ..outcomes import OUTCOMES
from ..result import Result, check_flame
from ..simulation import Simulation
from ..simulation import resume as resume_simulation
from ..units import parse_time
from ..workload import Workload, from_name
from . import options
from .ci import Ci
from .live import Live
from .terminal import Typing, console_options, interact

if TYPE_CHECKING:
    from rich.console import Console

    from ..gdb.server import GdbServer

_BENCH_ROUNDS = 3
_FIXED = (  # options that --resume leaves no choice of
    "workload", "cores", "memory", "set_", "strategy", "disk", "kernel", "initrd", "append", "dtb", "dump_dtb", "vmlinux", "poke",
    "no_checker", "no_filter", "bench", "detail",
)


@click.command("run")
@click.argument("workload", default="repaint", shell_complete=options.complete_workloads)
@options.board_options
@options.workload_option
@click.option("--strategy", metavar="NAME", help="Short for --set strategy=NAME; see `bbmsim list strategies`.")
@options.disk_option
@options.schedule_option
@console_options
@options.resume_option
@options.run_options
def run_command(
    workload: str, cores: str, memory: str, set_: tuple[str, ...], seed: int, strategy: str | None, inject: tuple[str, ...],
    poke: tuple[str, ...], map_at: tuple[str, ...], timeout: str, json_: str | None, html: str | None, flame: str | None,
    flame_metric: str, trace: str | None, no_checker: bool, no_filter: bool, bench: bool, gdb: int | None, quiet: bool,
    disk: str | None, interactive: bool, input_: str | None, expect: tuple[str, ...], save_at: tuple[tuple[str, str], ...],
    resume: str | None,
) -> int:
    """Runs WORKLOAD: a bare-metal workload (see `bbmsim list workloads`), an AArch64 ELF, or an arm64 Image."""
    if resume is not None:
        outputs = {"json": json_, "html": html, "flame": flame, "trace": trace}
        looks = Looks(map_at, flame_metric, save_at)
        return go_on(resume, Changes(inject, poke), looks, timeout, outputs, bench, gdb, quiet, Typing.of(interactive, input_, expect))
    parameters = options.settings(set_)
    if strategy is not None:
        if "strategy" in parameters:
            raise ConfigError("strategy: given twice, by --strategy and --set", "strategy")
        parameters["strategy"] = strategy
    guest = from_name(workload, parameters)
    typing = Typing.of(interactive, input_, expect)
    board = options.board(cores, memory, disk=options.disk(disk), checker=not no_checker, filter=not no_filter)
    outputs = {"json": json_, "html": html, "flame": flame, "trace": trace}
    looks = Looks(map_at, flame_metric, save_at)
    return carry_out(board, lambda: guest, seed, Changes(inject, poke), looks, timeout, outputs, bench, gdb, quiet, typing)


def go_on(
    path: str, changes: Changes, looks: Looks, timeout: str, files: dict[str, str | None], bench: bool, gdb: int | None, quiet: bool,
    typing: Typing,
) -> int:
    """--resume: what the snapshot fixed can't be given again."""
    for name in _FIXED:
        if options.was_given(name):
            raise ConfigError(f"{name.strip('_').replace('_', '-')}: not together with --resume, the snapshot has its own", name)

    def make() -> Simulation:
        seed, tlb, schedule = options.changed()
        return resume_simulation(path, seed=seed, tlb=tlb, schedule=schedule)

    return _carry_out(make, changes, looks, timeout, files, bench, gdb, quiet, typing)


class Changes:
    """What the user wants to go wrong: faults and changed instructions. Raises ConfigError for a wrong form."""

    def __init__(self, inject: tuple[str, ...], poke: tuple[str, ...]) -> None:
        self.injections = [parse_injection(text) for text in inject]
        self.pokes = [parse_poke(text) for text in poke]


class Looks:
    """What the user wants to see beside the report. Raises ConfigError for a wrong form."""

    def __init__(self, map_at: tuple[str, ...], flame_metric: str, save_at: tuple[tuple[str, str], ...] = ()) -> None:
        self.maps = [parse_map_at(text) for text in map_at]
        self.flame_metric = flame_metric
        self.saves = [(moment, check_writable(path, "save-at")) for moment, path in save_at]
        for i, (moment, path) in enumerate(self.saves):
            if path.name.startswith("-"):
                raise ConfigError(f"save-at={moment}: {path} is no file's name; write --save-at WHEN FILE", "save-at")
            if path in [other for _, other in self.saves[:i]]:
                raise ConfigError(f"save-at={path}: a file for two moments", "save-at")


def carry_out(
    board: Board, make_guest: Callable[[], Workload], seed: int, changes: Changes, looks: Looks, timeout: str,
    files: dict[str, str | None], bench: bool, gdb: int | None, quiet: bool, typing: Typing = Typing(),
) -> int:
    """One run as `run` and `boot` do it; the exit status. Everything that may be wrong is looked at before the guest is
    made, which may take a download.
    """
    def make() -> Simulation:
        return Simulation(board, make_guest(), seed=seed)

    measured = partial(_bench, board=board, make_guest=make_guest, seed=seed, changes=changes)
    return _carry_out(make, changes, looks, timeout, files, bench, gdb, quiet, typing, measured)


def _carry_out(
    make: Callable[[], Simulation], changes: Changes, looks: Looks, timeout: str, files: dict[str, str | None], bench: bool,
    gdb: int | None, quiet: bool, typing: Typing, measured: Callable[[Console, int], int] | None = None,
) -> int:
    limit = parse_time(timeout)
    outputs = {name: check_flame(p) if name == "flame" else check_writable(p, name) for name, p in files.items() if p}
    ci = Ci(click.get_current_context())
    check_distinct({**outputs, **ci.outputs})
    console = None if quiet and not bench else _console()
    if bench and typing != Typing():
        raise ConfigError("bench: nobody can type at a guest that is measured", "bench")
    if gdb is not None and (bench or typing.interactive):
        raise ConfigError(f"gdb: not together with {'--bench' if bench else '--interactive'}", "gdb")
    if looks.saves and (bench or gdb is not None):
        raise ConfigError(f"save-at: not together with {'--bench' if bench else '--gdb'}", "save-at")
    server = None if gdb is None else _gdb_server(gdb)
    with contextlib.nullcontext() if server is None else contextlib.closing(server):
        if bench and measured is not None and console is not None:
            return measured(console, limit)
        return _report(console, make, changes, looks, limit, outputs, ci, server, quiet, typing)


def _report(
    console: Console | None, make: Callable[[], Simulation], changes: Changes, looks: Looks, limit: int, outputs: dict[str, Path], ci: Ci,
    server: GdbServer | None, quiet: bool, typing: Typing,
) -> int:
    sim = _changed(make(), changes, "trace" in outputs)
    for moment, path in looks.saves:
        sim.save_at(moment, path)
    for asked_map in looks.maps:
        sim.map_at(asked_map)
    if "flame" in outputs or "trace" in outputs:
        sim.profile()
    if console is not None:
        asked = {"workload": sim.workload.to_dict(), "board": sim.board.to_dict(), "seed": sim.seed, "pokes": [p.to_dict() for p in sim.pokes]}
        console.print(f"[bold]{summary(asked)}[/bold]")
    typing.prepare(sim)
    if typing.interactive:
        result = interact(sim, limit if options.was_given("timeout") else None)
    else:
        result = _run(console, sim, limit, server)
    writer = Writer()
    _write(result, outputs, looks.flame_metric, writer, ci)  # before a word is printed: whoever reads our output may go away
    say: Callable[[str], None] = click.echo
    if console is not None:
        say = partial(console.print, markup=False, soft_wrap=True)
    if console is None:
        say(f"{result.outcome}: {result.detail or OUTCOMES[result.outcome]}; {findings_line(result)}")
        kinds: tuple[Sequence[Violation | Hazard], ...] = (result.violations, result.hazards)
        for findings in kinds:
            for finding in findings[:MOST_FINDINGS]:
                say(finding.lines()[0])
            if more := more_findings(findings):
                say(more)
    else:
        from ..report.text import print_report

        print_report(console, result)
    ci.say(say, result)
    for name, path in writer.written:
        if console is not None or name in ci.outputs:
            say(f"{name}: {path}")
    writer.finish()
    for moment, path in sim.unsaved:
        raise ConfigError(f"save-at={moment}: the run ended before; {path} was not written", "save-at")
    return result.exit_status


def _console() -> Console:
    from ..report.text import make_console  # brings rich, which takes long to import

    return make_console()


def _changed(sim: Simulation, changes: Changes, traced: bool) -> Simulation:
    for where, word in changes.pokes:
        sim.poke(where, word)
    for injection in changes.injections:
        sim.inject(injection)
    if traced and not sim.resumed:
        sim.record_trace()
    return sim


def _gdb_server(port: int) -> GdbServer:
    from ..gdb.server import GdbServer

    return GdbServer(port, lambda text: click.echo(text, err=True))


def _run(console: Console | None, sim: Simulation, limit: int, server: GdbServer | None = None) -> Result:
    if server is not None:
        server.attach(sim)
    with Live(console) as live:

        def progress(sim: Simulation) -> None:
            live.update(sim)
            if server is not None:
                server.poll()

        if server is not None:
            server.on_stop = lambda: live.update(sim)
        result = sim.run(timeout=limit, progress=progress)
        live.console_lines(result.console, final=True)
        if server is not None:
            server.finished(result)
    return result


def _write(result: Result, outputs: dict[str, Path], flame_metric: str, writer: Writer, ci: Ci) -> None:
    makers: dict[str, Callable[[Path], None]] = {
        "json": result.save,
        "html": result.html,
        "trace": result.trace,
        "flame": lambda path: result.flame(path, metric=flame_metric),
    }
    ci.write(result, writer)  # its baseline is in the record
    for name, path in outputs.items():
        writer.write(name, path, makers[name])


def _bench(console: Console, limit: int, *, board: Board, make_guest: Callable[[], Workload], seed: int, changes: Changes) -> int:
    """The same run with and without checker and filter, in turns in this process."""
    guest = make_guest()
    variants = (
        ("checker on,  fast path on", True, True),
        ("checker off, fast path on", False, True),
        ("checker on,  fast path off", True, False),
    )
    best: list[Result] = []
    for round_ in range(_BENCH_ROUNDS):
        for i, (_, checker, filter_) in enumerate(variants):
            variant = Simulation(dataclasses.replace(board, checker=checker, filter=filter_), guest, seed=seed)
            sim = _changed(variant, changes, False)
            result = _run(None, sim, limit)
            if round_ == 0:
                best.append(result)
            elif result.record["host"]["cpu_s"] < best[i].record["host"]["cpu_s"]:
                best[i] = result
    seconds = [max(result.record["host"]["cpu_s"], 1e-6) for result in best]
    for (title, _, _), result, cpu_s in zip(variants, best, seconds):
        console.print(f"{title}: {result.record['host']['mips']:8.1f} MIPS, {cpu_s:8.2f} s, {result.outcome}", markup=False)
    console.print(
        f"the checker costs {100 * (seconds[0] / seconds[1] - 1):.0f} %; the fast path makes it "
        f"{seconds[2] / seconds[0]:.1f} times as fast; seconds of one host core, the best of {_BENCH_ROUNDS}"
    )
    return max(result.exit_status for result in best)
