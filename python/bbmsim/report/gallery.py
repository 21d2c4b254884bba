# SPDX-License-Identifier: Apache-2.0
"""docs/manual/gallery.md: the bugs of workloads/bare/bugs/, what is found of each, and those that wait for stage 2."""

from __future__ import annotations

import textwrap

from .. import lessons, rules
from ..lessons import Lesson
from ..result import Result

PAGE = "docs/manual/gallery.md"

# Of stage 2 tables: nothing of the simulator has them yet.
_STAGE_2 = (
    ("Linux (KVM)", "d4b9e0790aa7", "a valid stage 2 entry was overwritten by another, with no break"),
    ("Linux (KVM)", "3c3736cd32bf", "a stage 2 table was replaced by a block: the table's entries were not unmapped and flushed first"),
)


def found_line(result: Result) -> str:
    """One line: who wrote where, and for whom it matters."""
    if result.violations:
        finding = result.violations[0]
        holders = " and ".join(str(h.core) for h in finding.holders)
        more = f", {finding.count} times" if finding.count > 1 else ""
        return f"core {finding.core} at `{finding.symbol.split('+')[0]}`{more}; for core {holders}"
    hazard = result.hazards[0]
    return f"core {hazard.core} at `{hazard.symbol.split('+')[0]}` {hazard.behaviour}"


def _rule(lesson: Lesson) -> str:
    if lesson.by_effect:
        return f"hazard: {lesson.rule}"
    return f"[{lesson.rule}](rules/{rules.load()[lesson.rule].id}.md)"


def _command(lesson: Lesson, variant: str) -> str:
    settings = {**lesson.set, "variant": variant}
    inject = f" --inject {lesson.inject}" if lesson.inject else ""
    return f"bbmsim run {lesson.name} --cores {lesson.cores} {' '.join(f'--set {k}={v}' for k, v in settings.items())}{inject}"


def _wrap(text: str) -> str:
    return textwrap.fill(text, 160, break_on_hyphens=False, break_long_words=False) + "\n"


def render(results: dict[str, Result]) -> str:
    """The page; `results` are the runs of the wrong variants, by name."""
    bugs = [lesson for lesson in lessons.load().values() if lesson.kind == "bugs"]
    out = [
        "# Bug gallery",
        "",
        _wrap("Bugs that shipped, each as a small guest program written from its description, with its fix beside it. `--set variant=bug`, the default, is found under "
        "the rule named here; `--set variant=fix` is silent, over 500 runs of `bbmsim explore` with every power of the nasty TLB too."),
        "| bug | project | commit | found as | finding |",
        "|---|---|---|---|---|",
    ]
    for bug in bugs:
        anchor, facts = bug.name.split("/")[1], bug.facts
        out.append(f"| [{anchor}](#{anchor}) | {facts['Project']} | {facts['Commit']} | {_rule(bug)} | {found_line(results[bug.name])} |")
    for project, commit, what in _STAGE_2:
        out.append(f"| {what} | {project} | {commit} | - | needs stage 2 |")
    for bug in bugs:
        anchor, facts = bug.name.split("/")[1], bug.facts
        out += ["", f"## {anchor}", "", f"{bug.title[0].upper()}{bug.title[1:]} {facts['Project']}, {facts['Commit']}.", ""]
        out += [_wrap(facts["What happened"]), "**What hardware may do.** " + _wrap(facts["Hardware"]), "**The fix.** " + _wrap(facts["Fix"])]
        out += [f"    {_command(bug, bug.wrong)}", f"    {_command(bug, bug.right)}", ""]
        out.append(f"[`workloads/bare/{bug.name}.c`](../../workloads/bare/{bug.name}.c)")
    out += ["", "Written by `scripts/rule-pages` from the heads of the programs and from what the checker says of them.", ""]
    return "\n".join(out)
