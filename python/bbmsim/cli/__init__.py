# SPDX-License-Identifier: Apache-2.0
"""The command line. Exit status: 0 clean; 1 violations or hazards; 2 wrong usage or input; 3 the guest failed, the
time limit ran out or the run was interrupted; 4 internal error. Errors are one line on standard error.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence

import click

from .. import __version__
from ..errors import BbmsimError, ConfigError, InternalError

_COMPLETION = "_BBMSIM_COMPLETE"
WRONG_INPUT, NOT_FINISHED, INTERNAL = 2, 3, 4


#: where each command is, a module of this package, imported when the command is wanted; and what it is for
_COMMANDS = {
    "boot": ("boot", "Boots an arm64 Linux kernel; what it did to its own tables."),
    "check": ("check", "Judges a recorded trace of descriptor writes and TLBIs."),
    "compare": ("compare", "What strategies cost, over memory, core mixes and granules."),
    "completion": ("listing", "Tab completion for bash, zsh or fish."),
    "explore": ("explore", "Many schedules and TLBs; each distinct finding once."),
    "list": ("listing", "What there is: cores, workloads, strategies, rules, ..."),
    "litmus": ("litmus", "Runs litmus tests in herd7's format with page tables."),
    "report": ("report", "The HTML report of a saved run, or one plot of it."),
    "run": ("run", "Runs a bare-metal workload, an AArch64 ELF or an arm64 Image."),
    "sweep": ("sweep", "A grid over any field, from a TOML file; resumable."),
}


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f".{_COMMANDS[cmd_name][0]}", __package__)
        command: click.Command = getattr(module, f"{cmd_name}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit status: 0 clean; 1 violations or hazards found; 2 wrong usage or input; 3 the guest failed, the time "
    "limit ran out or Ctrl-C; 4 internal error.",
)
@click.version_option(__version__, prog_name="bbmsim", message="%(prog)s %(version)s")
def cli() -> None:
    """Simulates arm64 machines whose cores differ, finds break-before-make violations, and accounts for what
    repainting a live mapping costs."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and gives its exit status."""
    if arguments is None and threading.current_thread() is threading.main_thread():
        _end_as_by_ctrl_c()
    try:
        if _COMPLETION in os.environ:
            cli.main(prog_name="bbmsim", complete_var=_COMPLETION)
        # Not cli.main(): it prints a line of its own at Ctrl-C.
        with cli.make_context("bbmsim", list(sys.argv[1:] if arguments is None else arguments)) as context:
            status = cli.invoke(context)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        return _fail(error.format_message(), WRONG_INPUT)
    except ConfigError as error:
        return _fail(str(error), WRONG_INPUT)
    except InternalError as error:
        return _fail(f"internal error: {error}", INTERNAL)
    except BbmsimError as error:
        return _fail(str(error), WRONG_INPUT)
    except (KeyboardInterrupt, click.Abort):
        return _fail("interrupted; nothing was written", NOT_FINISHED)
    except BrokenPipeError:
        # The reader of our output went away: not an error of ours, and Python must not complain at exit either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return NOT_FINISHED
    except MemoryError:
        return _fail("not enough host memory for this board", WRONG_INPUT)
    except Exception as error:
        if os.environ.get("BBMSIM_DEBUG"):
            traceback.print_exc()
        return _fail(f"internal error: {type(error).__name__}: {error} (BBMSIM_DEBUG=1 shows where)", INTERNAL)


def _end_as_by_ctrl_c() -> None:
    """Who is told to go (kill, a CI's time limit, a terminal that was closed) cleans up too: workers, the terminal, files."""

    from ..workers import INTERRUPTS, interrupt

    for number in INTERRUPTS:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):  # not under nohup
            signal.signal(number, interrupt)


def _fail(message: str, status: int) -> int:
    print(f"bbmsim: {' '.join(message.split())}", file=sys.stderr, flush=True)
    return status
