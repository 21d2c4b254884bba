# SPDX-License-Identifier: Apache-2.0
"""The fixes of the bug gallery are silent over 500 explored runs each, every one with all powers of the nasty TLB."""

from __future__ import annotations

import bbmsim as bs
import pytest
from bbmsim import lessons
from bbmsim.config import nasty
from bbmsim.inject import parse_injection
from bbmsim.lessons import Lesson

BUGS = [lesson for lesson in lessons.load().values() if lesson.kind == "bugs"]
RUNS = 500


@pytest.mark.parametrize("lesson", BUGS, ids=lambda x: x.name)
def test_a_fix_is_silent_under_many_schedules_and_nasty_tlbs(lesson: Lesson) -> None:
    board = bs.Board(cores=nasty(bs.parse_cores(lesson.cores)), memory="64MiB")
    inject = [parse_injection(lesson.inject)] if lesson.inject else []
    explored = bs.explore(board, bs.bare(lesson.name, variant=lesson.right, **lesson.set), runs=RUNS, powers=(), jobs=1, inject=inject)
    assert [f.lines() for f in explored.findings] == []
    assert len(explored.runs) == RUNS and all(run.finished for run in explored.runs) and not explored.crashed
