# SPDX-License-Identifier: Apache-2.0
"""GDB's `monitor` commands: what a debugger knows no packet for. Cores are numbered from 0, threads from 1."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import ConfigError
from ..findings import hazard, violation
from ..inspection import TlbEntry
from ..units import format_size, format_time
from .machine import Machine

_MOST_BYTES = 4096
_STRUCTURES = ("l1i", "l1d", "l2", "walk")


class _Wrong(Exception):
    """Wrong arguments: a line for the user."""


def run(machine: Machine, line: str) -> str:
    """The answer, whole lines. Never raises for what the user typed."""
    words = line.split()
    name, arguments = (words[0], words[1:]) if words else ("help", [])
    if name not in _COMMANDS:
        return f"{name}: no such command; `monitor help` lists them\n"
    usage, function, _ = _COMMANDS[name]
    try:
        return "".join(f"{text}\n" for text in function(machine, arguments))
    except _Wrong as wrong:
        return f"{wrong}\nmonitor {name} {usage}\n"
    except (ConfigError, IndexError) as error:
        return f"{error}\n"


def _help(_: Machine, __: list[str]) -> list[str]:
    rows = [(f"monitor {name} {usage}".rstrip(), what) for name, (usage, _, what) in _COMMANDS.items()]
    width = max(len(left) for left, _ in rows)
    return [f"{left:{width}}  {what}" for left, what in rows]


def _number(text: str, what: str) -> int:
    try:
        value = int(text.replace("_", ""), 0)
    except ValueError:
        raise _Wrong(f"{what}={text}: not a number") from None
    if not 0 <= value < 1 << 64:
        raise _Wrong(f"{what}={text}: not in 64 bits")
    return value


def _core(machine: Machine, text: str) -> int:
    core = _number(text, "core")
    if core >= len(machine.names):
        raise _Wrong(f"core={text}: the board has cores 0 to {len(machine.names) - 1}")
    return core


def _cores(machine: Machine, _: list[str]) -> list[str]:
    return [
        f"core {i} (thread {i + 1}): {machine.describe(i)}, EL{core.regs.el}, BBM level {core.stats['bbml']}, "
        f"{core.regs.cycles} cycles, {core.regs.instructions} instructions"
        for i, core in enumerate(machine.sim.cores)
    ]


def _rights(permissions: dict[str, bool]) -> str:
    """Of EL1, then of EL0: "rw-r--"."""
    return "".join(
        letter if permissions[f"{kind}_{el}"] else "-"
        for el in ("el1", "el0")
        for letter, kind in (("r", "read"), ("w", "write"), ("x", "exec"))
    )


def _entry(e: TlbEntry) -> str:
    marks = [m for m, is_set in (("contiguous", e.contiguous), ("stale", e.stale), ("table", e.table)) if is_set]
    asid = "global" if e.is_global else f"asid {e.asid}"
    return f"{e.va:#018x} -> {e.pa:#012x} {format_size(e.bytes):>7} level {e.level} {asid:9} {_rights(e.permissions)} {' '.join(marks)}".rstrip()


def _tlb(machine: Machine, arguments: list[str]) -> list[str]:
    if not 1 <= len(arguments) <= 2:
        raise _Wrong("which core?")
    core = _core(machine, arguments[0])
    if len(arguments) == 2 and arguments[1] not in _STRUCTURES:
        raise _Wrong(f"{arguments[1]}: one of {', '.join(_STRUCTURES)}")
    lines = []
    for which in arguments[1:] or _STRUCTURES:
        entries = machine.sim.cores[core].tlb(which).entries()
        lines.append(f"core {core} {which}: {len(entries)} entries; EL1 and EL0 rights")
        lines += [_entry(e) for e in sorted(entries, key=lambda e: (e.va, e.level))]
    return lines


def _walk(machine: Machine, arguments: list[str]) -> list[str]:
    if len(arguments) != 2:
        raise _Wrong("which core, which address?")
    core, va = _core(machine, arguments[0]), _number(arguments[1], "va")
    walk = machine.sim.walk(core=core, va=va)
    lines = [f"level {level}: descriptor at {pa:#x} is {value:#018x}" for pa, value, level in walk.steps]
    if walk.fault is not None:
        return [*lines, f"{va:#x}: {walk.fault} fault at level {walk.level}"]
    kind = "contiguous " if walk.contiguous else ""
    return [
        *lines,
        f"{va:#x} -> {walk.pa:#x}: {kind}{format_size(walk.bytes)} at level {walk.level}, "
        f"{'global' if walk.is_global else 'not global'}, {_rights(walk.permissions)}, "
        f"{', '.join(f'{name} {value}' for name, value in walk.attributes.items())}",
    ]


def _phases(machine: Machine, _: list[str]) -> list[str]:
    lines = []
    for phase in machine.session.phases():
        state = "never entered" if not phase["count"] else "complete" if phase["complete"] else "in progress"
        lines.append(
            f"{phase['name']}: {state}, {phase['count']} times, {format_time(phase['duration_ps'])}, {phase['total_cycles']} cycles"
        )
    return lines or ["no phases"]


def _violations(machine: Machine, _: list[str]) -> list[str]:
    found = [line for v in machine.session.violations() for line in violation(v).lines()]
    found += [line for h in machine.session.hazards() for line in hazard(h).lines()]
    return found or ["no violations, no hazards so far"]


def _time(machine: Machine, _: list[str]) -> list[str]:
    sim = machine.sim
    return [f"{format_time(sim.now_ps)} board time ({sim.now_ps} ps), {sim.instructions} instructions"]


def _phys(machine: Machine, arguments: list[str]) -> list[str]:
    if len(arguments) != 3 or arguments[0] not in ("read", "write"):
        raise _Wrong("read or write?")
    pa = _number(arguments[1], "pa")
    if arguments[0] == "write":
        try:
            data = bytes.fromhex(arguments[2])
        except ValueError:
            raise _Wrong(f"{arguments[2]}: not bytes in hex, lowest address first") from None
        machine.sim.memory.write(pa, data)
        return [f"{len(data)} bytes written at {pa:#x}"]
    size = _number(arguments[2], "bytes")
    if not 0 < size <= _MOST_BYTES:
        raise _Wrong(f"bytes={size}: 1 to {_MOST_BYTES}")
    data = machine.sim.memory.read(pa, size)
    return [f"{pa + at:#014x}: {data[at : at + 16].hex(' ', -8)}" for at in range(0, size, 16)]


def _sysreg(machine: Machine, arguments: list[str]) -> list[str]:
    if len(arguments) != 2:
        raise _Wrong("which core, which register?")
    core = _core(machine, arguments[0])
    wanted = arguments[1].lower()
    for register in machine.system:
        if register.name.lower() == wanted:
            return [f"{register.name} = {machine.debugger.read_system_register(core, register.encoding):#x}"]
    raise _Wrong(f"{arguments[1]}: no such system register")


_Function = Callable[[Machine, list[str]], list[str]]
_COMMANDS: dict[str, tuple[str, _Function, str]] = {
    "help": ("", _help, "this list; cores are numbered from 0, GDB's threads from 1"),
    "cores": ("", _cores, "what each core does"),
    "tlb": ("CORE [l1i|l1d|l2|walk]", _tlb, "entries of the TLBs and the walk cache"),
    "walk": ("CORE VA", _walk, "the translation tables of VA as memory holds them"),
    "sysreg": ("CORE NAME", _sysreg, "a system register of any core"),
    "phys": ("read PA BYTES | write PA HEX", _phys, "physical memory"),
    "phases": ("", _phases, "what was accounted so far"),
    "violations": ("", _violations, "violations and hazards so far"),
    "time": ("", _time, "board time"),
}
