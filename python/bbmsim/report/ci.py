# SPDX-License-Identifier: Apache-2.0
"""Findings for other people's CI: SARIF 2.1.0 (code scanning) and JUnit XML (test reports)."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from .. import _core
from ..exploration import Exploration, Found
from ..hazards import CONFLICT_ABORT, HAZARDS
from ..outcomes import OUTCOMES
from ..result import Result
from ..units import format_count
from .lines import MOST_FINDINGS, summary

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
#: what an exploration finds beside violations and hazards
_OTHERS = {
    CONFLICT_ABORT: "a TLB conflict abort",
    "guest-outcome": "the guest came to no end of its own, though it does without a schedule and the nasty TLB",
}
_NO_XML = {c: "?" for c in range(32) if c not in (9, 10, 13)}


def sarif(result: Result | Exploration) -> str:
    """One SARIF run. A finding's place is the symbol with its offset (a logical location), and where debug information tells
    it the source line; accepted findings are marked as suppressed."""
    silenced = result.record.get("baseline", {"violations": [], "hazards": []})
    rules = [
        {
            "id": r["id"],
            "shortDescription": {"text": r["title"]},
            "fullDescription": {"text": r["text"]},
            "help": {"text": f"{r['mend']} Arm Architecture Reference Manual, DDI 0487: {r['sources']}. `bbmsim list rules {r['id']}`"},
        }
        for r in _core.rules()
    ]
    rules += [
        {"id": f"hazard-{kind}", "shortDescription": {"text": text}} for kind, text in HAZARDS.items()
    ]
    rules += [{"id": id_, "shortDescription": {"text": text}} for id_, text in _OTHERS.items() if isinstance(result, Exploration)]

    def finding(rule: str, level: str, symbol: str, text: str, count: int, suppressed: bool, source: str | None = None) -> dict[str, Any]:
        out: dict[str, Any] = {
            "ruleId": rule,
            "level": level,
            "message": {"text": text},
            "locations": [{**_physical(source), "logicalLocations": [{"fullyQualifiedName": symbol, "kind": "function"}]}],
            "occurrenceCount": count,
            "partialFingerprints": {"bbmsim/v1": f"{rule}@{symbol.rsplit('+0x', 1)[0]}"},
        }
        if suppressed:
            out["suppressions"] = [{"kind": "external", "justification": "accepted by the baseline"}]
        return out

    found = [
        finding(v.rule, "error", v.symbol, v.text, v.count, i in silenced["violations"], v.source)
        for i, v in enumerate(result.violations)
    ] + [
        finding(f"hazard-{h.kind}", "error", h.symbol, h.text, h.count, i in silenced["hazards"], h.source)
        for i, h in enumerate(result.hazards)
    ]
    if isinstance(result, Exploration):
        for one, found_ in zip(found, (*_of(result, "violation"), *_of(result, "hazard"))):
            one["properties"] = {"replay": found_.id, "runs": found_.runs}
        for f in result.effects:
            found.append(finding(_other(f), "error", f.symbol or "(the whole run)", f.text, f.count, f.accepted))
            found[-1]["properties"] = {"replay": f.id, "runs": f.runs}
    tool = {"name": "bbmsim", "version": _core.version, "rules": rules}
    run = {"tool": {"driver": tool}, "results": found, "properties": {"outcome": result.outcome, "run": summary(result.record)}}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def _physical(source: str | None) -> dict[str, Any]:
    """Of "mm/mmu.c:58, inlined include/asm/pgtable.h:37": the line in which the function that was called stands."""
    match = re.match(r"(.+?):(\d+)(?:,|$)", source or "")
    if match is None:
        return {}
    return {"physicalLocation": {"artifactLocation": {"uri": quote(match[1])}, "region": {"startLine": int(match[2])}}}


def _of(exploration: Exploration, kind: str) -> list[Found]:
    return [f for f in exploration.findings if f.kind == kind]


def _other(found: Found) -> str:
    return found.rule if found.kind == "effect" else "guest-outcome"


def junit(result: Result | Exploration) -> str:
    """One test suite: the guest's own end, and one test case for each rule that the checker knows and each kind of hazard."""
    silenced = result.record.get("baseline", {"violations": [], "hazards": []})
    cases: list[tuple[str, list[str]]] = []
    ended = [] if result.finished else [f"{result.outcome}: {result.detail or OUTCOMES[result.outcome]}"]
    cases.append(("outcome", ended))
    replays = {id(f.finding): f"\n  --replay {f.id}" for f in result.findings} if isinstance(result, Exploration) else {}
    for rule in _core.rules():
        open_ = [v for i, v in enumerate(result.violations) if v.rule == rule["id"] and i not in silenced["violations"]]
        cases.append((rule["id"], [f"{v}{replays.get(id(v), '')}" for v in open_]))
    for kind in HAZARDS:
        left = [h for i, h in enumerate(result.hazards) if h.kind == kind and i not in silenced["hazards"]]
        cases.append((f"hazard-{kind}", [f"{h}{replays.get(id(h), '')}" for h in left]))
    if isinstance(result, Exploration):
        for id_ in _OTHERS:
            cases.append((id_, ["\n".join(f.lines()) + f"\n  --replay {f.id}" for f in result.effects if _other(f) == id_ and not f.accepted]))
    seconds = result.record["host"]["wall_s"]
    failed = sum(1 for _, texts in cases if texts)
    name = quoteattr(summary(result.record))
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f'<testsuite name={name} tests="{len(cases)}" failures="{failed}" errors="0" time="{seconds:.3f}">']
    for case, texts in cases:
        if not texts:
            lines.append(f'  <testcase classname="bbmsim" name={quoteattr(case)}/>')
            continue
        if len(texts) > MOST_FINDINGS:
            texts = [*texts[:MOST_FINDINGS], f"and {format_count(len(texts) - MOST_FINDINGS)} more"]
        head = quoteattr(texts[0].splitlines()[0].translate(_NO_XML))
        body = escape("\n\n".join(texts).translate(_NO_XML))
        lines.append(f'  <testcase classname="bbmsim" name={quoteattr(case)}><failure message={head}>{body}</failure></testcase>')
    return "\n".join([*lines, "</testsuite>"]) + "\n"
