# SPDX-License-Identifier: Apache-2.0
"""Holds the checker to the reference over a trace, and makes a disagreement small.

    scripts/oracle-search FIRST LAST     # seeds; prints shrunk disagreements
    scripts/oracle-search FIRST LAST hardware    # of traces in which walkers update descriptors
    scripts/oracle-search FIRST LAST wide        # of traces of up to four PEs that leave their tables and come back
    scripts/oracle-search FILE           # one trace, both verdicts
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bbmsim import _core

from .generate import generate
from .reference import Finding, judge

#: Where both answers stand, and why. `Reference(coarse=True)` and the findings that it calls repeated are all of it.
PERMITTED = """
1. A PE that left a root may have come by under any ASID with which it walked there: names of what is missing are the
   record's, not each ASID's. Likewise where a TLBI was issued before the write, for a PE that can't read the value again.
2. A valid value written into the page of an unlinked table, and equal to one that may be held: nothing can come of it, and
   the page was not its writer's. The checker reports it.
3. Other tables come under an ASID, an old entry is gone from its tables, and the new ones map nothing there: no difference of
   R_WHZWS, and yet old translations under a new owner. The checker reports it.
4. Once a finding was made about what one write took away from a PE, more about it is repetition, and so is what a reported
   reuse of a table's page lets in. Findings of one rule and one store are one, with the line of the first. A table
   descriptor, leaves that went with it, and values of theirs that are no different to a TLB, count as one.
5. Leaves that went with their table share its record: which step of the sequence one of them lacks is told as far as that
   says. Whether a TLBI that does not cover was meant for the entry, no rule defines.
6. Replaced where the level permits it and never flushed, and by the end memory has nothing there that the old entry meets:
   two old entries may still meet. The checker reports some of these.
7. TCR.{E0PD,NFD,TCMA,TBID,HWU} may be cached too; they only refuse accesses, and neither side judges them.
8. Registers that TLBs may cache changed, and what was held went piece by piece, by address or ASID: the rule asks for a TLBI
   of everything. The checker reports it. Meanwhile entries of the old registers meet those of the new: no change of R_WHZWS.
   And walks with the new ones may read what a write took away that no barrier has ordered before that TLBI. A PE that left
   tables before its registers changed is judged by what it has in force.
9. A page of tables to which no walk leads may be written unseen: what its leaves were, and who ordered it, is told by the
   reference alone.
10. A TLBI was issued while a PE's MMU was off and completes when it is on again: that the write came to be ordered in between
   is seen by the reference alone. The checker reports that it was not ordered before the TLBI.
"""

#: Disagreements of the ranges that the manual's page on traces counts (docs/manual/traces.md) that nobody has settled.
OPEN = """
9088668: of two leaves of one table, which went and came back, one is told, and what the other meets later is not.
And of `wide`, of 6000000 to 6059999:
6013701, 6023127, 6029284, 6055860, 6059010: a value that is no difference to a TLB, or a second table, comes between, while a PE is away:
both report that the TLBI is missing, and name different ones of these writes.
6058761: both report it; which step is missing is named differently where a local flush came between two such values.
6040306, 6042982: a table that PEs left, and that is linked again beside a TLBI under way: the checker is silent.
6054463: read through a walk-cache entry while a VMALL was under way that no DSB ever completed: the checker is silent.
6048674: the checker judges a PE that left before TCR.HA changed by what it has in force.
"""

Key = tuple[int, int]


def violations(text: str) -> list[dict[str, Any]]:
    found = _core.check_trace(text)
    if "error" in found:
        raise ValueError(f"{found['error']}")
    return list(found["violations"])


def checker_findings(text: str) -> dict[Key, set[str]]:
    """(line, descriptor or root) -> rules, as the checker has them."""
    out: dict[Key, set[str]] = {}
    for v in violations(text):
        pa = -1 if v["rule"] == "BBM-CONTEXT" else v["descriptor_pa"]
        out.setdefault((v["first_ps"], pa), set()).add(v["rule"])
    return out


def reference_findings(text: str) -> dict[Key, tuple[set[str], bool, set[int]]]:
    """(line, descriptor or root) -> all rules broken there, whether a report of it is due, and lines of the stores it is about."""
    out: dict[Key, tuple[set[str], bool, set[int]]] = {}
    for f in judge(text):
        rules, due, stores = out.get((f.line, f.pa), (set(), False, set()))
        out[f.line, f.pa] = (rules | f.rules, due or not f.repeated, stores | {f.line} | f.stores)
    return out


def disagreements(text: str) -> list[str]:
    """What the two say differently: `line N PA: checker RULES, reference RULES`. Empty if they agree."""
    ours, theirs = checker_findings(text), reference_findings(text)
    out = []
    coarse: dict[Key, frozenset[str]] | None = None
    for key in sorted(ours.keys() | theirs.keys()):
        a, (b, due, stores) = ours.get(key, set()), theirs.get(key, (set(), False, set()))
        if not a <= b:
            if coarse is None:
                coarse = {(f.line, f.pa): f.rules for f in judge(text, coarse=True)}
            b |= coarse.get(key, frozenset())
        if due and not a:  # findings of one rule and one store are one, with the line of the first
            due = not any(v["pc"] in stores and v["count"] > 1 and v["rule"] in b for v in violations(text))
        if (due and not a) or not a <= b:
            where = f"line {key[0]}" + (f" {key[1]:#x}" if key[1] >= 0 else "")
            out.append(f"{where}: checker {sorted(a) or 'nothing'}, reference {sorted(b) or 'nothing'}")
    return out


def well_formed(lines: list[str]) -> bool:
    """No event of a PE that is off, and none comes on that is on."""
    off: set[str] = set()
    for words in (line.split() for line in lines):
        if words[1:] == ["off"]:
            off.add(words[0])
        elif words[1:] == ["on"]:
            if words[0] not in off:
                return False
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
    first, last = map(int, arguments[:2])
    bad, seen = 0, set()
    for seed in range(first, last):
        text = generate(seed, hardware="hardware" in arguments, wide="wide" in arguments)
        found = disagreements(text)
        if found:
            bad += 1
            if frozenset(kind(found)) not in seen and len(seen) < 12:
                seen.add(frozenset(kind(found)))
                small = shrunk(text)
                print(f"--- seed {seed}: {disagreements(small)}\n{small}")
    print(f"{last - first} traces, {bad} with disagreements")
    return 1 if bad else 0


__all__ = ["Finding", "disagreements", "generate", "shrunk"]

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
