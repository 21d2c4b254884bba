# SPDX-License-Identifier: Apache-2.0
"""What an injected fault did, and how the guest took it, in words."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from .units import address, format_count, format_time, some

_MOST_LINES = 8
_MOST_FINDINGS = 64  # kMostFindings of sim/injector.cpp
#: what kernels say when something is wrong
_LAMENT = re.compile(
    r"Internal error|Kernel panic|Unable to handle|Unhandled|unhandled|BUG|WARNING|Oops|detected stall|soft lockup|"
    r"failed to (boot|come online)|Attempted to kill|segfault|Bad mode|SError|Killed|killed"
)
_TIMESTAMP = re.compile(r"^\[ *[0-9.]+\] ?")
_CLASSES = {0x20: "instruction abort at EL0", 0x21: "instruction abort at EL1", 0x24: "data abort at EL0", 0x25: "data abort at EL1"}
_FAULTS = {0: "address size fault", 1: "translation fault", 2: "access flag fault", 3: "permission fault"}
_TLB_CONFLICT, _EXTERNAL = 0x30, 0x10


def complete(injected: dict[str, Any], outcome: str, console: bytes) -> dict[str, Any]:
    """The simulator's words about one injection, with the guest's own, for the record."""
    reaction = dict(injected["reaction"])
    since = console[reaction.pop("console_bytes") :].decode("utf-8", "replace") if injected["fired"] else ""
    lament = [_TIMESTAMP.sub("", line).rstrip() for line in since.splitlines() if _LAMENT.search(line)]
    return {**injected, "reaction": {**reaction, "console": lament[:_MOST_LINES], "outcome": outcome}}


def lines(injected: Mapping[str, Any]) -> list[str]:
    """For people: what was injected, then how the guest reacted."""
    out = [f"{injected['kind']} on core {injected['core']}{_where(injected)}: {_counts(injected)}"]
    if not injected["fired"]:
        return out
    reaction = injected["reaction"]
    first = reaction["first_abort"]
    if first is not None:
        more = f"; {format_count(reaction['aborts'])} aborts since" if reaction["aborts"] > 1 else ""
        text = describe_abort(first["esr"])
        out.append(f"taken as {text}, FAR {address(first['far'])}, at {first['symbol']}, {format_time(first['time_ps'])}{more}")
    for kind in ("violations", "hazards"):
        if reaction[kind]:
            more = ", and maybe later ones" if len(reaction[kind]) == _MOST_FINDINGS else ""
            out.append(f"let in {kind} {_runs_of([n + 1 for n in reaction[kind]])}{more}")
    out += [f"guest: {line}" for line in reaction["console"]]
    out.append(f"the run ended: {reaction['outcome']}")
    return out


def _runs_of(numbers: list[int]) -> str:
    """ "1, 2, 5 to 64"."""
    out = []
    for _, group in itertools.groupby(enumerate(numbers), lambda pair: pair[1] - pair[0]):
        run = [n for _, n in group]
        out += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else list(map(str, run))
    return ", ".join(out)


def describe_abort(esr: int) -> str:
    """ESR_EL1 of an instruction or data abort."""
    code, where = esr & 0x3F, _CLASSES.get(esr >> 26 & 0x3F, "an exception")
    if code == _TLB_CONFLICT:
        return f"{where}, TLB conflict"
    if code == _EXTERNAL:
        return f"{where}, synchronous external abort"
    if code >> 2 == 5:
        return f"{where}, external abort on the walk at level {code & 3}"
    if code >> 4 == 0:
        return f"{where}, {_FAULTS[code >> 2]} at level {code & 3}"
    return f"{where}, fault status {code:#04x}"


def _where(injected: Mapping[str, Any]) -> str:
    out = ""
    for name, title in (("va", "VA"), ("pa", "PA")):
        if injected[name] is not None:
            first, end = injected[name]
            out += f", {title} {address(first)}" + (f" to {address(end)}" if end - first > 1 else "")
    for name in ("after", "at"):
        if injected[name]:
            out += f", {name} {injected[name]}"
    return out


def _counts(injected: Mapping[str, Any]) -> str:
    if not injected["fired"]:
        hits = injected["hits"]
        why = ": the tables gave no translation to put in" if injected["kind"] == "stale-entry" and hits else ""
        return f"did not fire{why} ({some(hits, 'occasion')})"
    times = "once" if injected["fired"] == 1 else f"{format_count(injected['fired'])} times"
    where = f" at {injected['first_symbol']}" if injected["first_symbol"] else ""
    which = f" for {address(injected['first_va'])}" if injected["first_va"] else ""
    return f"fired {times}, first at {format_time(injected['first_ps'])}{where}{which}"
