# SPDX-License-Identifier: Apache-2.0
"""Holds the checker to the reference over a trace, and makes a disagreement small.

    PYTHONPATH=python:tests /usr/bin/python3 -m oracle.compare FIRST LAST     # seeds; prints shrunk disagreements
    PYTHONPATH=python:tests /usr/bin/python3 -m oracle.compare FILE           # one trace, both verdicts
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from bbmsim import _core

from .generate import generate
from .reference import Finding, judge

#: Where the architecture lets both answers stand, and why: pairs of (why, whether it applies). See `permitted`.
PERMITTED: dict[str, str] = {}

Key = tuple[int, int]


def checker_findings(text: str) -> dict[Key, set[str]]:
    """(line, descriptor or root) -> rules, as the checker has them."""
    found = _core.check_trace(text)
    if "error" in found:
        raise ValueError(f"{found['error']}")
    out: dict[Key, set[str]] = {}
    for v in found["violations"]:
        pa = -1 if v["rule"] == "BBM-CONTEXT" else v["descriptor_pa"]
        out.setdefault((v["first_ps"], pa), set()).add(v["rule"])
    return out


def reference_findings(text: str) -> dict[Key, tuple[set[str], bool]]:
    """(line, descriptor or root) -> all rules broken there, and whether a report of it is due."""
    out: dict[Key, tuple[set[str], bool]] = {}
    for f in judge(text):
        rules, due = out.get((f.line, f.pa), (set(), False))
        out[f.line, f.pa] = (rules | f.rules, due or not f.repeated)
    return out


def disagreements(text: str) -> list[str]:
    """What the two say differently: `line N PA: checker RULES, reference RULES`. Empty if they agree."""
    ours, theirs = checker_findings(text), reference_findings(text)
    out = []
    for key in sorted(ours.keys() | theirs.keys()):
        a, (b, due) = ours.get(key, set()), theirs.get(key, (set(), False))
        if (due and not a) or not a <= b:
            where = f"line {key[0]}" + (f" {key[1]:#x}" if key[1] >= 0 else "")
            out.append(f"{where}: checker {sorted(a) or 'nothing'}, reference {sorted(b) or 'nothing'}")
    return out


def well_formed(lines: list[str]) -> bool:
    """No event of a PE that is off."""
    off: set[str] = set()
    for words in (line.split() for line in lines):
        if words[1:] == ["off"]:
            off.add(words[0])
        elif words[1:] == ["on"]:
            off.discard(words[0])
        elif words[0] in off:
            return False
    return True


def shrink(text: str, fails: Callable[[str], bool]) -> str:
    """The smallest trace that removing lines gives and that still fails (delta debugging, to a fixed point)."""
    lines = text.splitlines()
    size = max(1, len(lines) // 2)
    while True:
        at, removed = 0, False
        while at < len(lines):
            kept = [x for x in lines[at : at + size] if " tcr_el1 " in x or x.startswith(("pe ", "bbmsim"))]
            rest = lines[:at] + kept + lines[at + size :]
            if rest == lines:
                at += size
                continue
            try:
                failed = well_formed(rest) and fails("\n".join(rest) + "\n")
            except (ValueError, KeyError):
                failed = False
            if failed:
                lines, removed = rest, True
            else:
                at += size
        if size > 1:
            size //= 2
        elif not removed:
            return "\n".join(lines) + "\n"


def kind(found: list[str]) -> set[str]:
    return {line.split(": ", 1)[1] for line in found}


def shrunk(text: str) -> str:
    """Keeps one disagreement of the trace, whatever line it is on, and drops all that it does not need."""
    wanted = sorted(kind(disagreements(text)))[0]
    return shrink(text, lambda t: wanted in kind(disagreements(t)))


def main(arguments: list[str]) -> int:
    if len(arguments) == 1:
        text = Path(arguments[0]).read_text()
        print("checker  ", checker_findings(text))
        print("reference", reference_findings(text))
        return 1 if disagreements(text) else 0
    first, last = map(int, arguments)
    bad, seen = 0, set()
    for seed in range(first, last):
        text = generate(seed)
        found = disagreements(text)
        if found:
            bad += 1
            if frozenset(kind(found)) not in seen and len(seen) < 12:
                seen.add(frozenset(kind(found)))
                small = shrunk(text)
                print(f"--- seed {seed}: {disagreements(small)}\n{small}")
    print(f"{last - first} traces, {bad} disagreements")
    return 1 if bad else 0


__all__ = ["Finding", "disagreements", "generate", "shrunk"]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
