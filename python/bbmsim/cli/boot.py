# SPDX-License-Identifier: Apache-2.0
"""bbmsim boot."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem

from ..files import check_writable, write_whole
from ..linux import kernels, userspace
from ..linux.workload import linux
from ..simulation import Simulation
from ..workload import Workload
from . import options
from .run import Changes, Looks, carry_out, go_on
from .terminal import Typing, console_options


def complete_kernels(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    names = [CompletionItem(n, help=t) for n, t in kernels.SERIES.items() if n.startswith(incomplete)]
    return names or [CompletionItem(incomplete, type="file")]


def complete_initrds(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
    names = [CompletionItem(n) for n in userspace.CHOICES if incomplete and n.startswith(incomplete)]
    return names or [CompletionItem(incomplete, type="file")]


@click.command("boot")
@click.option(
    "--kernel", default="6.18", show_default=True, metavar="VERSION|PATH", shell_complete=complete_kernels,
    help="A series or version of the distribution's arm64 kernels (see `bbmsim list kernels`), fetched once; or a file: "
    "Image, gzip, zstd or EFI zboot.",
)
@click.option(
    "--initrd", metavar="PATH|busybox|small|work", shell_complete=complete_initrds,
    help="Instead of busybox with a script that prints marks and powers off (or, where a core lacks FP or the package "
    "can't be had, a small program that does): a file, or which of them; `work` is busybox doing work that uses the linear map.",
)
@click.option("--append", default="", metavar="TEXT", help="Goes behind the default kernel command line.")
@click.option("--dtb", type=click.Path(), metavar="PATH", help="Instead of the generated device tree.")
@click.option(
    "--dump-dtb", type=click.Path(), metavar="FILE", help="Write the device tree that the kernel would be given, and don't boot."
)
@click.option(
    "--vmlinux", type=click.Path(), metavar="PATH",
    help="The kernel's ELF with debug information, of its -dbg package: findings get source lines.",
)
@options.board_options
@options.disk_option
@options.schedule_option
@console_options
@options.resume_option
@options.run_options
def boot_command(
    kernel: str, initrd: str | None, append: str, dtb: str | None, dump_dtb: str | None, vmlinux: str | None, cores: str, memory: str,
    seed: int, inject: tuple[str, ...], poke: tuple[str, ...], map_at: tuple[str, ...], timeout: str, json_: str | None,
    html: str | None, flame: str | None, flame_metric: str, trace: str | None, no_checker: bool, no_filter: bool, bench: bool,
    gdb: int | None, quiet: bool, disk: str | None, interactive: bool, input_: str | None, expect: tuple[str, ...],
    save_at: tuple[tuple[str, str], ...], resume: str | None,
) -> int:
    """Boots an arm64 Linux kernel, its console live, and reports what it did to its own translation tables."""

    def say(text: str) -> None:
        if not quiet:
            click.echo(f"boot: {text}", err=True)

    def guest() -> Workload:
        return linux(kernel, append=append, initrd=initrd, dtb=dtb, vmlinux=vmlinux, say=say)

    typing = Typing.of(interactive, input_, expect)
    outputs = {"json": json_, "html": html, "flame": flame, "trace": trace}
    looks = Looks(map_at, flame_metric, save_at)
    if resume is not None:
        return go_on(resume, Changes(inject, poke), looks, timeout, outputs, bench, gdb, quiet, typing)
    board = options.board(cores, memory, disk=options.disk(disk), checker=not no_checker, filter=not no_filter)
    if dump_dtb is not None:
        path = check_writable(dump_dtb, "dump-dtb")
        write_whole(path, Simulation(board, guest(), seed=seed).device_tree, "dump-dtb")
        return 0
    return carry_out(board, guest, seed, Changes(inject, poke), looks, timeout, outputs, bench, gdb, quiet, typing)
