# SPDX-License-Identifier: Apache-2.0
"""Secondaries that a kernel turned away at their start, and why: arm64 Linux fixes some features by its boot core, and
a core that differs in one of them dies early or makes the kernel panic (arch/arm64/kernel/cpufeature.c).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

#: name of the phase that a core enters when it gives up; see PHASES of workload.py
PHASE = "refused"
SYMBOL = "cpu_die_early"

#: register, field, its lowest bit (each has four), the option of a core, the kernel's parameter
_FIELDS = (
    ("ID_AA64ISAR1_EL1", "APA", 4, "pauth", "arm64.nopauth"),
    ("ID_AA64ISAR1_EL1", "API", 8, "pauth", "arm64.nopauth"),
    ("ID_AA64ISAR1_EL1", "GPA", 24, "pauth", "arm64.nopauth"),
    ("ID_AA64ISAR1_EL1", "GPI", 28, "pauth", "arm64.nopauth"),
    ("ID_AA64ISAR2_EL1", "APA3", 12, "pauth", "arm64.nopauth"),
    ("ID_AA64ISAR2_EL1", "GPA3", 8, "pauth", "arm64.nopauth"),
    ("ID_AA64PFR1_EL1", "MTE", 8, "mte", "arm64.nomte"),
    ("ID_AA64PFR1_EL1", "BT", 0, "bti", "arm64.nobti"),
)
#: a secondary may have these where the boot core has not: the kernel does without
_MAY_HAVE_MORE = ("pauth",)
_LINES = (
    re.compile(r"CPU features: CPU(\d+): Detected conflict for capability .*"),
    re.compile(r"CPU(\d+): (?:will not boot|is stuck in kernel|does not support .*)"),
    re.compile(r"Kernel panic - not syncing: CPU(\d+) detected unsupported configuration.*"),
)


class Core(Protocol):
    def sysreg(self, name: str) -> int: ...


def find(views: Sequence[Core], configs: Sequence[Any], entered: Iterable[int], console: str) -> list[dict[str, Any]]:
    """One entry for each refused core, in order: `entered` are those that came to SYMBOL, as the simulator saw it, and
    `console` names others. `configs` are the board's cores.
    """
    lines: dict[int, list[str]] = {core: [] for core in entered}
    for pattern in _LINES:
        for match in pattern.finditer(console):
            if 0 < int(match[1]) < len(views):
                lines.setdefault(int(match[1]), []).append(match[0].rstrip())
    return [_entry(views, configs, core, said) for core, said in sorted(lines.items())]


def _entry(views: Sequence[Core], configs: Sequence[Any], core: int, said: list[str]) -> dict[str, Any]:
    fields: list[dict[str, Any]] = []
    advice: list[str] = []
    differing = ""
    for register, name, low, option, parameter in _FIELDS:
        own, boot = (views[i].sysreg(register) >> low & 0xF for i in (core, 0))
        if own == boot or (own > boot and option in _MAY_HAVE_MORE):
            continue
        if differing not in ("", option):  # one feature: the one that the kernel looks at first
            continue
        fields.append({"register": register, "field": name, "value": own, "boot_value": boot})
        if not differing:
            differing, higher = option, configs[core if own > boot else 0]
            advice = [f"{higher.name}:{option}=0"] if hasattr(higher.features, option) else []
            advice.append(f"--append {parameter}")
    text = f"core {core} ({configs[core].name}): the kernel does not take it"
    if fields:
        values = ", ".join(f"{f['register']}.{f['field']} is {f['value']}, the boot core's {f['boot_value']}" for f in fields)
        text += f": {values}; what helps: {' or '.join(advice)}"
    elif said:
        text += f": {said[0]}"
    return {"core": core, "fields": fields, "advice": advice, "console": said, "text": text}
