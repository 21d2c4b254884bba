# SPDX-License-Identifier: Apache-2.0
"""The programs of workloads/bare/rules and bugs: the wrong variant is found under its rule and no other, in the function
that its head names and for the cores it names, on every FEAT_BBM level where the rule holds; the right one is silent everywhere.
"""

from __future__ import annotations

import bbmsim as bs
import pytest
from bbmsim import _core, lessons, rules
from bbmsim.config import tlb_mode
from bbmsim.errors import BbmsimError
from bbmsim.inject import parse_injection
from bbmsim.lessons import Lesson

ALL = lessons.load()
RULES = [lesson for lesson in ALL.values() if lesson.kind == "rules"]
BUGS = [lesson for lesson in ALL.values() if lesson.kind == "bugs"]

MEMORY = {"4k": "64MiB", "16k": "256MiB", "64k": "2GiB"}  #: room for two level 2 blocks
# Ones in TTL name level 3 of the 64K granule: there the bug hits upon the right value.
HARMLESS = {("bugs/lk-ttl", "64k")}


def run(lesson: Lesson, variant: str, tlb: str, level: int | None = None, granule: str | None = None) -> bs.Result:
    cores = bs.parse_cores(lesson.cores)
    if level is not None:
        cores = bs.parse_cores(f"cortex-a720:bbml={level}*{len(cores)}")
    memory = MEMORY[granule or "4k"]
    parameters = {**lesson.set, **({"granule": granule} if granule else {})}
    sim = bs.Simulation(bs.Board(cores=tlb_mode(cores, tlb), memory=memory), bs.bare(lesson.name, variant=variant, **parameters), seed=1)
    if lesson.inject:
        sim.inject(parse_injection(lesson.inject))
    return sim.run(timeout="1s")


def assert_silent(result: bs.Result) -> None:
    assert (result.violations, result.hazards, result.outcome) == ([], [], "poweroff")


def assert_found(lesson: Lesson, result: bs.Result) -> None:
    if lesson.by_effect:
        assert result.violations == [] and {h.kind for h in result.hazards} == {lesson.rule}
        assert {h.symbol.split("+")[0] for h in result.hazards} == set(lesson.writers)
        assert {h.core for h in result.hazards} == set(lesson.holders)
        return
    assert {v.rule for v in result.violations} == {lesson.rule, *lesson.also}
    assert {v.symbol.split("+")[0] for v in result.violations} == set(lesson.writers)
    assert {h.core for v in result.violations for h in v.holders} == set(lesson.holders)


def test_each_rule_has_its_program() -> None:
    assert {lesson.rule for lesson in RULES} == {rule["id"] for rule in _core.rules()}
    for lesson in RULES:
        assert lesson.name in (f"rules/{lesson.rule}", *(more.name for more in rules.load()[lesson.rule].more))
        if lesson.name == f"rules/{lesson.rule}":
            assert lesson.levels == rules.load()[lesson.rule].holds_at
        assert lesson.levels <= rules.load()[lesson.rule].holds_at


@pytest.mark.parametrize("tlb", ["typical", "nasty"])
@pytest.mark.parametrize("lesson", RULES, ids=lambda x: x.name.removeprefix("rules/"))
def test_a_rule_is_broken_by_its_program_where_it_holds(lesson: Lesson, tlb: str) -> None:
    for level in range(4):
        result = run(lesson, lesson.wrong, tlb, level)
        if level in lesson.levels:
            assert_found(lesson, result)
        else:
            assert result.violations == [] and result.outcome == "poweroff", level
        assert_silent(run(lesson, lesson.right, tlb, level))


@pytest.mark.parametrize("tlb", ["typical", "nasty"])
@pytest.mark.parametrize("lesson", BUGS, ids=lambda x: x.name)
def test_a_bug_of_the_gallery_is_found_and_its_fix_is_silent(lesson: Lesson, tlb: str) -> None:
    assert lesson.by_effect or lesson.rule in rules.load()
    found = run(lesson, lesson.wrong, tlb)
    assert_found(lesson, found)
    assert found.exit_status == 1
    assert_silent(run(lesson, lesson.right, tlb))


@pytest.mark.parametrize("lesson", BUGS, ids=lambda x: x.name)
def test_a_bug_is_found_at_every_level_at_which_it_is_one(lesson: Lesson) -> None:
    for level in lesson.levels:
        assert_found(lesson, run(lesson, lesson.wrong, "typical", level))
        assert_silent(run(lesson, lesson.right, "typical", level))


@pytest.mark.parametrize("lesson", [x for x in ALL.values() if not x.set], ids=lambda x: x.name)
def test_the_same_with_pages_of_16k_and_64k(lesson: Lesson) -> None:
    for granule in ("16k", "64k"):
        if (lesson.name, granule) not in HARMLESS:
            assert_found(lesson, run(lesson, lesson.wrong, "typical", granule=granule))
        assert_silent(run(lesson, lesson.right, "typical", granule=granule))


HEAD = "/* SPDX-License-Identifier: Apache-2.0\n * x: a title\n *\n * Writer: f\n * Holders: 0\n */\n"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("int x;", "does not begin with a comment"),
        (HEAD.replace("* x:", "* y:"), "is not 'x: title'"),
        (HEAD.replace("Writer:", "Author:"), "'Author: f' is not"),
        (HEAD.replace(" * Holders: 0\n", ""), "'Holders:' is missing"),
    ],
)
def test_a_head_that_says_too_little_is_refused(text: str, words: str) -> None:
    assert lessons.parse("rules/x", HEAD).holders == (0,)
    with pytest.raises(BbmsimError, match=r"workloads/bare/rules/x\.c") as error:
        lessons.parse("rules/x", text)
    assert words in str(error.value)
