# SPDX-License-Identifier: Apache-2.0
"""Accepted findings, and the files for CI systems."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from functools import lru_cache
from pathlib import Path

import bbmsim as bs
import jsonschema
import pytest
from bbmsim.baseline import Baseline
from conftest import ROOT, Bbmsim

SMALL = ("--memory", "64MiB", "--cores", "cortex-x4,cortex-a720", "--set", "sabotage=secondaries-in-map")


@lru_cache(maxsize=None)
def sabotaged() -> str:
    board = bs.Board(cores=bs.parse_cores("cortex-x4,cortex-a720"), memory="64MiB")
    return bs.Simulation(board, bs.bare("repaint", sabotage="secondaries-in-map")).run().to_json()


def result(tmp_path: Path) -> bs.Result:
    (tmp_path / "run.json").write_text(sabotaged())
    return bs.Result.load(tmp_path / "run.json")


def test_what_was_accepted_is_silent_and_what_matches_nothing_is_named(bbmsim: Bbmsim, tmp_path: Path) -> None:
    known = tmp_path / "known.toml"
    made = bbmsim("run", *SMALL, "--write-baseline", str(known))
    assert made.returncode == 1 and known.read_text().count("[[known]]") >= 1
    with known.open("a") as more:
        more.write('\n[[known]]\nrule = "BBM-OA"\nsymbol = "migrate_*"\nreason = "last year"\n')
    again = bbmsim("run", *SMALL, "--baseline", str(known), "--json", str(tmp_path / "run.json"))
    assert again.returncode == 0
    assert "accepted     violation BBM-SIZE at split_block" in again.stdout
    assert "matches nothing any more: BBM-OA at migrate_* (last year)" in again.stdout
    record = json.loads((tmp_path / "run.json").read_text())
    jsonschema.validate(record, json.loads((ROOT / "docs/run-record.schema.json").read_text()))
    assert record["violations"] and len(record["baseline"]["violations"]) == len(record["violations"])
    assert bs.Result.load(tmp_path / "run.json").exit_status == 0


def test_an_entry_accepts_its_rule_symbol_and_kind_only(tmp_path: Path) -> None:
    for text, clean in (
        ('rule = "BBM-SIZE"', True),
        ('rule = "BBM-SIZE"\nsymbol = "split_*"', True),
        ('rule = "BBM-SIZE"\nsymbol = "split"', False),
        ('rule = "stale"\nkind = "hazard"', False),
        ('rule = "BBM-OA"', False),
    ):
        (tmp_path / "known.toml").write_text(f"[[known]]\n{text}\n")
        run = result(tmp_path)
        judged = Baseline.load(tmp_path / "known.toml").judge(run.violations, run.hazards)
        size = [i for i, v in enumerate(run.violations) if v.rule == "BBM-SIZE"]
        assert [i for i, _ in judged.violations] == (size if clean else []), text
        assert bool(judged.unmatched) != clean


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[known]\n", "not TOML"),
        ("[[known]]\nsymbol = 'x'\n", "known[0].rule="),
        ("[[known]]\nrule = 'BBM-NOPE'\n", "known[0].rule=BBM-NOPE"),
        ("[[known]]\nrule = 'BBM-OA'\nfile = 'x'\n", "known[0].file: unknown"),
        ("[[known]]\nrule = 'BBM-OA'\nsymbol = 3\n", "known[0].symbol=3: not a text"),
        ("[[known]]\nrule = 'BBM-OA'\nkind = 'note'\n", "known[0].kind=note: one of violation, hazard, effect, outcome"),
        ("[[known]]\nrule = 'panic'\nkind = 'hazard'\n", "known[0].rule=panic: hazard has no rule of this name (there are: stale, conflict, lost-update)"),
        ("[[known]]\nrule = 'pannic'\n", "did you mean 'panic'"),
        ("accept = 1\n", "accept: unknown"),
        ("known = 1\n", "not a list of tables"),
    ],
)
def test_a_wrong_baseline_is_named_before_the_run(bbmsim: Bbmsim, tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "known.toml").write_text(text)
    with pytest.raises(bs.ConfigError, match="baseline=") as error:
        Baseline.load(tmp_path / "known.toml")
    assert words in str(error.value)


def test_sarif_and_junit_say_the_same_as_the_report(bbmsim: Bbmsim, tmp_path: Path) -> None:
    done = bbmsim("run", *SMALL, "--sarif", str(tmp_path / "s.json"), "--junit", str(tmp_path / "j.xml"))
    assert done.returncode == 1
    run = result(tmp_path)
    log = json.loads((tmp_path / "s.json").read_text())
    assert log["version"] == "2.1.0"
    found = log["runs"][0]["results"]
    assert [f["ruleId"] for f in found] == [v.rule for v in run.violations] + [f"hazard-{h.kind}" for h in run.hazards]
    assert found[0]["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == run.violations[0].symbol
    place = found[0]["locations"][0]["physicalLocation"]
    assert run.violations[0].source is not None
    assert run.violations[0].source.startswith(f"{place['artifactLocation']['uri']}:{place['region']['startLine']}")
    assert {f["ruleId"] for f in found} <= {r["id"] for r in log["runs"][0]["tool"]["driver"]["rules"]}
    suite = ElementTree.parse(tmp_path / "j.xml").getroot()
    failed = {case.get("name") for case in suite if case.find("failure") is not None}
    assert failed == {f["ruleId"] for f in found} and int(suite.get("failures", "0")) == len(failed)
    assert suite.find("testcase[@name='BBM-OA']") is not None  # looked for, not found
