# SPDX-License-Identifier: Apache-2.0
"""docs/manual/rules/: a page for each rule, made from models/mmu/checker/rules/ and workloads/bare/rules/; and the gallery
of bugs. The findings
that they show are what the checker says of the programs; `scripts/rule-pages` writes them, a test holds them current.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path

from .. import _core, lessons, rules
from ..config import Board, parse_cores
from ..files import write_whole
from ..inject import parse_injection
from ..lessons import Lesson
from ..result import Result
from ..rules import LEVELS, Rule
from ..simulation import Simulation
from ..workload import bare
from . import gallery

FOLDER = "docs/manual/rules"
_MEMORY, _SEED = "64MiB", 1


def show(lesson: Lesson, variant: str) -> Result:
    """A run as the pages show it."""
    board = Board(cores=parse_cores(lesson.cores), memory=_MEMORY)
    sim = Simulation(board, bare(lesson.name, variant=variant, **lesson.set), seed=_SEED)
    if lesson.inject:
        sim.inject(parse_injection(lesson.inject))
    return sim.run(timeout="1s")


def without_figures(page: str) -> str:
    """What must not change unnoticed: addresses and times in a finding move with every change of a guest's code."""
    return re.sub(r"0x[0-9a-f_]+|\+0x[0-9a-f]+|[0-9.]+ [num]?s\b|[\w/-]+\.[chS]:[0-9]+", "#", page)


def _wrap(text: str) -> str:
    return textwrap.fill(text, 160, break_on_hyphens=False, break_long_words=False) + "\n"


def _finding(lesson: Lesson) -> Iterator[str]:
    for violation in show(lesson, lesson.wrong).violations:
        for line in violation.lines():
            indent = re.match(" *", line)
            yield from textwrap.wrap(line, 150, subsequent_indent=indent[0] if indent else "", break_on_hyphens=False)


def _sources(rule: Rule) -> str:
    """Links to all files that are about the rule; not every rule can be said in the litmus format."""
    files = [str(rule.code), *(f"workloads/bare/{lesson.name}.c" for lesson in (rule.lesson, *rule.more))]
    top = Path(_core.source_dir)
    for kind, ending in (("traces", "trace"), ("litmus", "litmus")):
        files += [f"tests/{kind}/{rule.id}.{variant}.{ending}" for variant in ("violating", "correct")]
    return "Sources: " + ",\n".join(f"[`{name}`](../../../{name})" for name in files if (top / name).exists()) + ".\n"


def _program(lesson: Lesson) -> list[str]:
    """How to run it, its source and what is found."""
    return [
        f"`{lesson.name}`: {lesson.title}",
        "",
        f"    bbmsim run {lesson.name} --cores {lesson.cores} --memory {_MEMORY} --set variant={lesson.wrong}",
        f"    bbmsim run {lesson.name} --cores {lesson.cores} --memory {_MEMORY} --set variant={lesson.right}",
        "",
        f"`wrong()` is true for `variant={lesson.wrong}`; every core calls `use` before and after `change`.",
        "",
        "```c",
        lesson.program().rstrip(),
        "```",
        "",
        f"What the checker says of `{lesson.wrong}`; `{lesson.right}` is silent, with `--tlb nasty` too.",
        "",
        "```",
        *_finding(lesson),
        "```",
        "",
    ]


def render(rule: Rule) -> str:
    """The page of one rule, in Markdown."""
    levels = [f"| {level} | {'violation' if level in rule.holds_at else 'permitted, with a TLBI afterwards'} |" for level in LEVELS]
    return "\n".join(
        [
            f"# {rule.id}",
            "",
            f"{rule.title[0].upper()}{rule.title[1:]}. DDI 0487: {', '.join(rule.sources)}.",
            "",
            _wrap(rule.text),
            "| FEAT_BBM level | the program below |",
            "|---|---|",
            *levels,
            "",
            _wrap(rule.levels),
            "**What hardware may do.** " + _wrap(rule.hardware),
            "**Done right.** " + _wrap(rule.right),
            "**What is silent.** " + _wrap(rule.silent),
            "## A program that breaks it",
            "",
            *_program(rule.lesson),
            *(line for lesson in rule.more for line in ["## Another", "", *_program(lesson)]),
            _sources(rule),
            "[All rules](README.md)",
            "",
        ]
    )


def index() -> str:
    """The table of all rules."""
    def at(rule: Rule) -> str:
        return " ".join(str(level) for level in LEVELS if level in rule.holds_at)

    rows = [f"| [{r.id}]({r.id}.md) | {r.title} | {at(r)} | {', '.join(r.sources)} |" for r in rules.load().values()]
    return "\n".join(
        [
            "# The rules",
            "",
            _wrap("Each page says what a rule requires, at which FEAT_BBM level, what hardware may do otherwise, how it is done right, and what looks like a breach "
            "and is none; then the shortest program that breaks it, and the finding. `bbmsim list rules NAME` prints the same."),
            "| rule | what was done | broken at level | DDI 0487 |",
            "|---|---|---|---|",
            *rows,
            "",
            "## Reading the programs",
            "",
            _wrap("They run in the kernel's map, TTBR1, on all cores of the board: `use` on every core, then `change` on core 0, then `use` again. `LAB_VA` is an address that is theirs. "
            "What they share is [`workloads/bare/lab/lab.h`](../../../workloads/bare/lab/lab.h):"),
            "| | |",
            "|---|---|",
            "| `wrong()` | the violating variant runs |",
            "| `frame(n)`, `block_frame(n)` | memory for a page or a block; its words are n + 1 |",
            "| `page_at(pa)`, `block_at(pa)` | a descriptor: Normal write-back, Inner Shareable, global, writable |",
            "| `map(va, level, descriptor)` | a new mapping |",
            "| `slot_of(va, level)` | where the descriptor of va is |",
            "| `write_once(slot, value)` | one store |",
            "| `flush_va(va)`, `flush_all()` | `DSB ISHST; TLBI VAAE1IS` or `VMALLE1IS; DSB ISH; ISB` |",
            "| `make_visible()` | `DSB ISHST; ISB` |",
            "| `compare_and_swap(p, &seen, fresh)` | one atomic step, by exclusives; `seen` becomes what was there |",
            "| `expect(va, value)` | reads; anything else is counted, and fails the correct variant |",
            "| `WRITER` | the function is kept whole, so that findings name it |",
            "",
            "Written by `scripts/rule-pages` from `models/mmu/checker/rules/` and `workloads/bare/rules/`.",
            "",
        ]
    )


def pages() -> dict[str, str]:
    """All of them, by path in the repository."""
    made = {f"{FOLDER}/README.md": index()}
    made.update({rule.page: render(rule) for rule in rules.load().values()})
    bugs = [lesson for lesson in lessons.load().values() if lesson.kind == "bugs"]
    made[gallery.PAGE] = gallery.render({bug.name: show(bug, bug.wrong) for bug in bugs})
    return made


def main() -> None:
    """Writes what changed, and says so."""
    top = Path(_core.source_dir)
    wanted = pages()
    (top / FOLDER).mkdir(exist_ok=True)
    for path in sorted((top / FOLDER).glob("*.md")):
        if str(path.relative_to(top)) not in wanted:  # of a rule that is gone
            path.unlink()
            print(f"rule-pages: removed {path.relative_to(top)}")
    for name, text in wanted.items():
        path = top / name
        if not path.exists() or without_figures(path.read_text(encoding="utf-8")) != without_figures(text):
            write_whole(path, text)
            print(f"rule-pages: wrote {name}")


if __name__ == "__main__":
    main()
