# SPDX-License-Identifier: Apache-2.0
"""A run in one line: what was asked, what was found. Without rich, which takes long to import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from ..findings import Hazard, Violation
from ..result import Result
from ..units import format_count, format_size, some


def summary(record: Mapping[str, object]) -> str:
    """ "repaint strategy=rfc-range on cortex-x4 + 3 x cortex-a720, 4GiB, seed 7"."""
    workload, board = record["workload"], record["board"]
    assert isinstance(workload, dict) and isinstance(board, dict)
    words = " ".join([workload["name"], *(f"{k}={v}" for k, v in workload["parameters"].items())])
    runs: list[list[object]] = []
    for core in board["cores"]:
        if runs and runs[-1][0] == core["name"]:
            runs[-1][1] = int(str(runs[-1][1])) + 1
        else:
            runs.append([core["name"], 1])
    cores = " + ".join(str(name) if n == 1 else f"{n} x {name}" for name, n in runs)
    poked = f", {len(pokes)} instruction{'s' * (len(pokes) != 1)} poked" if (pokes := pokes_of(record)) else ""
    schedule = board.get("schedule", {"name": "default"})["name"]
    scheduled = "" if schedule == "default" else f", schedule {schedule}"
    return f"{words} on {cores}, {format_size(board['memory_bytes'])}, seed {record['seed']}{scheduled}{poked}"


def pokes_of(record: Mapping[str, object]) -> list[dict[str, object]]:
    pokes = record.get("pokes", [])
    assert isinstance(pokes, list)
    return pokes


MOST_FINDINGS = 50  #: of violations, and of hazards, that reports show in full


def more_findings(findings: Sequence[Violation | Hazard]) -> str:
    """ "and 13,305 more hazards: stale 13,290, conflict 15; the record (--json) has them all"; empty if all are shown."""
    left = findings[MOST_FINDINGS:]
    if not left:
        return ""
    kinds = Counter(f.rule if isinstance(f, Violation) else f.kind for f in left)
    tally = ", ".join(f"{name} {format_count(n)}" for name, n in kinds.most_common())
    thing = "violation" if isinstance(left[0], Violation) else "hazard"
    return f"and {some(len(left), f'more {thing}')}: {tally}; the record (--json) has them all"


def how_many(violations: int, hazards: int) -> str:
    """ "1 violation, 3 hazards"."""
    return f"{some(violations, 'violation')}, {some(hazards, 'hazard')}"


def findings_line(result: Result) -> str:
    """What the checker looked at and found, in one line."""
    checker = result.record["checker"]
    looked = f"{format_count(checker['descriptor_writes'])} descriptor writes, {format_count(checker['fills'])} TLB fills"
    if not result.record["board"]["checker"]:
        return "the checker was off"
    if not result.violations and not result.hazards:
        return f"no violations: looked at {looked}"
    return f"{how_many(len(result.violations), len(result.hazards))}; looked at {looked}"
