# SPDX-License-Identifier: Apache-2.0
"""What was seen of a litmus test, as herd7 prints it, and as data."""

from __future__ import annotations

from typing import Any

from .explore import Exploration, Found
from .state import show_condition

SCHEMA = "bbmsim.litmus/1"
FLAG = "Warning-BBM-expected"  #: herd's name for an update that needs break-before-make and has none
_KINDS = {"exists": "Allowed", "~exists": "Forbidden", "forall": "Required"}


def herd_lines(seen: Exploration) -> list[str]:
    """From "Test NAME Allowed" to "Hash=...", then comments in OCaml's brackets, which herd's tools skip."""
    test = seen.test
    quantifier = test.parsed["quantifier"]
    out = [f"Test {test.name} {_KINDS[quantifier]}", f"States {len(seen.states)}"]
    out += sorted(seen.states)
    good, bad = seen.positive, seen.negative
    witnesses = (bad, good) if quantifier == "~exists" else (good, bad)
    out += [("Loop " if seen.unfinished else "") + ("Ok" if seen.ok else "No"), "Witnesses"]
    out.append(f"Positive: {witnesses[0]} Negative: {witnesses[1]}")
    if seen.violations:
        out.append(f"Flag {FLAG}")
    out.append(f"Condition {quantifier} ({show_condition(test, test.parsed['condition'])})")
    often = "Never" if not good else "Always" if not bad else "Sometimes"
    out.append(f"Observation {test.name} {often} {good} {bad}")
    out.append(f"Time {test.name} {seen.host_s:.2f}")
    if "hash" in test.metadata:
        out.append(f"Hash={test.metadata['hash']}")
    return out + [""]


def finding_lines(seen: Exploration) -> list[str]:
    """As compilers write: FILE:LINE: RULE (Arm's rule): what happened."""
    out = []
    for found in seen.violations:
        v: Any = found.finding
        out.append(f"{_place(seen, found)}: {v.rule} ({v.arm_rule}): {v.text}{_often(seen, found)}")
    for found in seen.hazards:
        h: Any = found.finding
        out.append(f"{_place(seen, found)}: hazard, {h.kind}: {h.text}{_often(seen, found)}")
    if seen.unfinished:
        out.append(f"{seen.test.path}: {seen.unfinished} of {seen.runs} runs did not end, and are not counted")
    return out


def _place(seen: Exploration, found: Found) -> str:
    return seen.test.path if found.line is None else f"{seen.test.path}:{found.line}"


def _often(seen: Exploration, found: Found) -> str:
    return f" [{found.runs} of {seen.runs} runs, first {found.first_run}]"


def to_dict(seen: Exploration) -> dict[str, Any]:
    """For --json; only `host` differs between two equal calls."""

    def listed(all_found: list[Found], kind: str) -> list[dict[str, Any]]:
        return [
            {
                kind: getattr(found.finding, kind),
                "line": found.line,
                "core": found.finding.core,
                "text": found.finding.text,
                "runs": found.runs,
                "first_run": found.first_run,
            }
            for found in all_found
        ]

    test = seen.test
    return {
        "name": test.name,
        "file": test.path,
        "cores": seen.board,
        "runs": seen.runs,
        "seed": seen.seed,
        "quantifier": test.parsed["quantifier"],
        "condition": show_condition(test, test.parsed["condition"]),
        "ok": seen.ok,
        "states": [
            {"state": line, "runs": o.runs, "first_run": o.first_run, "condition": o.holds} for line, o in sorted(seen.states.items())
        ],
        "unfinished": seen.unfinished,
        "filtered": seen.filtered,
        "flags": [FLAG] if seen.violations else [],
        "violations": listed(seen.violations, "rule"),
        "hazards": listed(seen.hazards, "kind"),
        "host": {"wall_s": round(seen.host_s, 6)},
    }
