# SPDX-License-Identifier: Apache-2.0
"""What hardware sets in a descriptor and a plain store takes back: in the record, in CI's formats, accepted by a baseline. And
that looking at loads changes nothing.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

import bbmsim as bs
import jsonschema
from bbmsim import rules
from bbmsim.report import ci
from conftest import ROOT, Bbmsim

PROGRAM = ("run", "rules/BBM-HW-UPDATE", "--cores", "cortex-a720*2", "--memory", "64MiB", "--set", "variant=violating")


@lru_cache(maxsize=None)
def run(filter_: bool = True) -> bs.Result:
    board = bs.Board(cores=bs.parse_cores("cortex-a720*2"), memory="64MiB", filter=filter_)
    return bs.Simulation(board, bs.bare("rules/BBM-HW-UPDATE", variant="violating"), seed=1).run(timeout="1s")


def test_a_lost_update_says_whose_it_was_and_who_lost_it() -> None:
    result = run()
    (hazard,) = result.hazards
    assert (hazard.kind, hazard.core, hazard.violation) == ("lost-update", 0, 0)
    assert hazard.behaviour.startswith("lost the dirty state that core 1 had set at ")
    read_only, dbm = 1 << 7, 1 << 51
    assert hazard.entry_value & (read_only | dbm) == dbm and hazard.memory_value & (read_only | dbm) == read_only
    assert result.record["cores"][1]["tlb"]["hw_dirty_updates"] == 1
    schema = json.loads((ROOT / "docs" / "run-record.schema.json").read_text())
    jsonschema.validate(result.record, schema)
    assert schema["properties"]["violations"]["items"]["properties"]["rule"]["enum"] == list(rules.load())


def test_ci_names_it() -> None:
    found = json.loads(ci.sarif(run()))["runs"][0]
    assert "hazard-lost-update" in {rule["id"] for rule in found["tool"]["driver"]["rules"]}
    assert {r["ruleId"] for r in found["results"]} == {"BBM-HW-UPDATE", "hazard-lost-update"}
    assert 'name="hazard-lost-update"' in ci.junit(run())


def test_a_baseline_accepts_it(bbmsim: Bbmsim, tmp_path: Path) -> None:
    known = tmp_path / "known.toml"
    assert bbmsim(*PROGRAM, "--quiet", "--write-baseline", str(known)).returncode == 1
    assert 'rule = "lost-update"' in known.read_text()
    assert bbmsim(*PROGRAM, "--quiet", "--baseline", str(known)).returncode == 0


def test_loads_that_are_looked_at_cost_the_guest_nothing() -> None:
    """With the filter off every load takes the slow path: the record is the same."""

    def figures(result: bs.Result) -> dict[str, object]:
        return {k: v for k, v in result.record.items() if k not in ("host", "board")}

    assert figures(run(True)) == figures(run(False))
