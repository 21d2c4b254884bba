# SPDX-License-Identifier: Apache-2.0
"""bbmsim list, bbmsim completion."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .. import catalog, rules
from ..config import presets
from ..errors import ConfigError, did_you_mean
from ..inject import KINDS, settings_of
from ..linux import kernels
from ..parameters import PARAMETERS


def _cores() -> list[tuple[str, str]]:
    return [
        (name, f"BBM level {c.mmu.bbml}{', conflict-free' if c.mmu.conflict_free else ''}; MIDR {c.midr:#010x}; {c.source}")
        for name, c in presets().items()
    ]


def _workloads() -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for w in catalog.load().workloads.values():
        if w.lesson:  # one line each; their one parameter is the variant
            rows.append((w.name, f"--set variant={w.lesson.wrong}|{w.lesson.right}: {w.title}"))
            continue
        rows.append((w.name, f"{w.title}; workloads/bare"))
        for p in w.parameters.values():
            choices = f": {', '.join(p.choices)}" if p.choices else ": a number"
            rows.append((f"  --set {p.name}=", f"{p.title}{choices} (default {p.default})"))
    return rows


def _strategies() -> list[tuple[str, str]]:
    return [(s.name, f"{s.title}; needs BBM level {s.needs_bbml}; safe on: {s.safe_on}; {s.source}") for s in catalog.load().strategies.values()]


def _rules() -> list[tuple[str, str]]:
    return [(r.id, f"{r.title} ({r.arm_rule}, DDI 0487)") for r in rules.load().values()]


def _injections() -> list[tuple[str, str]]:
    return [(name, f"{kind.title}: {', '.join(settings_of(kind))}") for name, kind in KINDS.items()]


def _kernels() -> list[tuple[str, str]]:
    return kernels.listing(say=lambda text: click.echo(f"list: {text}", err=True))


def _parameters() -> list[tuple[str, str]]:
    return [
        (p.key, f"{p.default} {p.unit}, {p.range}: {p.means}; {p.source}{'' if 'fast' in p.details else '; detail ' + ', '.join(p.details)}")
        for p in PARAMETERS
    ]


_LISTS = {
    "kernels": _kernels, "cores": _cores, "workloads": _workloads, "strategies": _strategies, "rules": _rules, "injections": _injections,
    "parameters": _parameters,
}  # fmt: skip


def _of(what: str, name: str, rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The row of that name, with the parameters behind it."""
    out: list[tuple[str, str]] = []
    for row in rows:
        if row[0] == name or (out and row[0].startswith(" ")):
            out.append(row)
        elif out:
            break
    if not out:
        raise ConfigError(f"{what} {name}: there is none{did_you_mean(name, [r for r, _ in rows if not r.startswith(' ')])}", "name")
    return out


def _complete_names(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[str]:
    what = context.params.get("what")
    if what == "rules":
        return [r for r in rules.load() if r.startswith(incomplete.upper())]
    if what is None or what == "kernels":  # those may ask the network
        return []
    return [name for name, _ in _LISTS[what]() if name.startswith(incomplete) and not name.startswith(" ")]


@click.command("list")
@click.argument("what", type=click.Choice(list(_LISTS)))
@click.argument("name", required=False, shell_complete=_complete_names)
def list_command(what: str, name: str | None) -> None:
    """What there is, one line each, with its source; with NAME that one alone. `list rules NAME` explains a rule in full."""
    if name is not None and what == "rules":
        click.echo("\n".join(rules.find(name).lines()))
        return
    rows = _LISTS[what]()
    if name is not None:
        rows = _of(what, name, rows)
    width = max(len(name) for name, _ in rows)
    for name, text in rows:
        click.echo(f"{name:<{width}}  {text}")


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion_command(context: click.Context, shell: str) -> None:
    """Prints a script for tab completion: eval "$(bbmsim completion bash)"."""
    kind = get_completion_class(shell)
    assert kind is not None
    click.echo(kind(context.find_root().command, {}, "bbmsim", "_BBMSIM_COMPLETE").source())
