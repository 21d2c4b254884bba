# SPDX-License-Identifier: Apache-2.0
"""The checker and the slow reference of tests/oracle agree: on the 10,000 random traces that both were mended on, on those of
each rule, and on what they once disagreed about (tests/oracle/cases). scripts/oracle-search looks further.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest
from conftest import ROOT

sys.path.insert(0, str(ROOT / "tests"))
from oracle import compare  # noqa: E402
from oracle.generate import generate  # noqa: E402

SHARE = 1000


def agree(first: int, last: int, hardware: bool = False) -> Counter[str]:
    """Compares the traces of these seeds; the first disagreement fails, made small. Returns the rules that were found."""
    rules: Counter[str] = Counter()
    for seed in range(first, last):
        text = generate(seed, hardware)
        found = compare.disagreements(text)
        if found:
            small = compare.shrunk(text)
            pytest.fail(f"seed {seed}: {found}\nsmall: {compare.disagreements(small)}\n{small}")
        for names in compare.checker_findings(text).values():
            rules.update(names)
    return rules


@pytest.mark.parametrize("share", range(10))
def test_ten_thousand_random_traces(share: int) -> None:
    rules = agree(share * SHARE, (share + 1) * SHARE)
    assert len(rules) >= 15, f"the traces no longer break what they should: {rules}"


def test_random_traces_in_which_hardware_updates_descriptors() -> None:
    rules = agree(0, 600, hardware=True)
    assert rules["BBM-HW-UPDATE"] > 100, f"the races are no longer there: {rules}"


@pytest.mark.parametrize("path", sorted((ROOT / "tests/oracle/cases").glob("*.trace")), ids=lambda p: p.stem)
def test_what_they_once_disagreed_about(path: Path) -> None:
    """The first line's comment says what both must find: `# finds LINE RULE ...`, or `# finds nothing`."""
    text = path.read_text()
    wanted = {tuple(line.split()[2:4]) for line in text.splitlines() if line.startswith("# finds ") and "nothing" not in line}
    found = {(str(line), rule) for (line, _), rules in compare.checker_findings(text).items() for rule in rules}
    assert found == wanted
    assert compare.disagreements(text) == []


@pytest.mark.parametrize("path", sorted((ROOT / "tests/traces").glob("*.trace")), ids=lambda p: p.stem)
def test_the_traces_of_each_rule(path: Path) -> None:
    text = path.read_text().replace(" pc=0x1000", "")  # findings of one pc are one: lines are what is compared
    assert compare.disagreements(text) == []


def test_a_disagreement_is_made_small() -> None:
    text = generate(next(s for s in range(1000) if compare.checker_findings(generate(s))))
    wanted = sorted(r for rules in compare.checker_findings(text).values() for r in rules)[0]

    def fails(t: str) -> bool:
        return any(wanted in rules for rules in compare.checker_findings(t).values())

    small = compare.shrink(text, fails)
    assert fails(small) and len(small.splitlines()) < len(text.splitlines())
    assert compare.shrink(small, fails) == small
