# SPDX-License-Identifier: Apache-2.0
"""The manual's pages of rules, `bbmsim list rules NAME` and the report say what the rules' own files say."""

from __future__ import annotations

from pathlib import Path

from bbmsim import lessons, rules
from bbmsim.report import gallery, rule_pages
from conftest import ROOT, Bbmsim


def test_the_pages_are_what_the_rules_and_their_programs_make() -> None:
    wanted = rule_pages.pages()
    pages = [*(ROOT / rule_pages.FOLDER).glob("*.md"), ROOT / gallery.PAGE]
    found = {str(path.relative_to(ROOT)): path.read_text() for path in pages}
    assert sorted(found) == sorted(wanted)
    for name, text in wanted.items():
        assert rule_pages.without_figures(found[name]) == rule_pages.without_figures(text), f"{name}: run scripts/rule-pages"


def test_each_page_shows_the_finding_and_its_sources_exist() -> None:
    for rule in rules.load().values():
        page = (ROOT / rule.page).read_text()
        assert f"\n{rule.id} ({rule.arm_rule}): core " in page
        assert (ROOT / rule.code).is_file() and rule.lesson.source.is_file()
        assert f'"{rule.id}"' in (ROOT / rule.code).read_text()


def test_a_rule_is_explained_on_the_terminal(bbmsim: Bbmsim) -> None:
    for name in ("BBM-CONT", "cont"):
        shown = bbmsim("list", "rules", name)
        assert shown.returncode == 0
        for words in ("BBM-CONT: Contiguous bit changed (R_WHZWS, R_KHRBC", "Level 0 only.", "R_NGLXZ", "run rules/BBM-CONT", "WRITER void fold("):
            assert words in shown.stdout
    for arguments, words in ((("rules", "BBM-CNT"), "did you mean 'BBM-CONT'"), (("cores", "cortex-x5"), "did you mean 'cortex-x4'")):
        wrong = bbmsim("list", *arguments)
        assert wrong.returncode == 2 and words in wrong.stderr and wrong.stdout == ""


def test_programs_are_listed_with_their_variants(bbmsim: Bbmsim) -> None:
    listed = bbmsim("list", "workloads").stdout
    for name, lesson in lessons.load().items():
        assert f"\n{name} " in listed and f"--set variant={lesson.wrong}|{lesson.right}: {lesson.title}" in listed


def test_the_report_explains_what_was_broken(bbmsim: Bbmsim, tmp_path: Path) -> None:
    page = tmp_path / "run.html"
    assert bbmsim("run", "rules/BBM-GLOBAL", "--memory", "64MiB", "--quiet", "--html", str(page)).returncode == 1
    text = page.read_text()
    assert '<details id="BBM-GLOBAL">' in text and '<a href="#BBM-GLOBAL">' in text and "docs/manual/rules/BBM-GLOBAL.md" in text and 'id="BBM-OA"' not in text
