# SPDX-License-Identifier: Apache-2.0
"""bbmsim litmus: each test of tests/litmus shows the outcomes and the findings that its table entry names."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from bbmsim import ConfigError, _core, litmus
from bbmsim.config import parse_cores
from conftest import ROOT, Bbmsim

TESTS = ROOT / "tests/litmus"
EXPECTED = tomllib.loads((TESTS / "expected.toml").read_text())
RUNS = 250
HEAD = "AArch64 T\n{ x=1; 0:X1=x; }\n"


def seen(path: Path, **options: object) -> litmus.Exploration:
    return litmus.explore(litmus.load_litmus(path), **{"runs": RUNS, **options})  # type: ignore[arg-type]


def test_each_rule_has_a_violating_test_and_a_correct_one() -> None:
    rules = {rule["id"] for rule in _core.rules()}
    for kind in ("violating", "correct"):
        assert {p.name.split(".")[0] for p in TESTS.glob(f"*.{kind}.litmus")} == rules
    assert {p.name.removesuffix(".litmus") for p in TESTS.glob("*.litmus")} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_outcomes_and_findings_are_those_of_the_table(name: str) -> None:
    wanted = EXPECTED[name]
    result = seen(TESTS / f"{name}.litmus")
    states = {" ".join(state.split()) for state in result.states}
    assert states <= {*wanted["states"], *wanted.get("rare", [])}
    assert states >= set(wanted["states"])
    assert {v.finding.rule for v in result.violations} == set(wanted["rules"])
    assert {h.finding.kind for h in result.hazards} >= set(wanted.get("hazards", []))
    assert result.unfinished == 0
    assert ("Flag Warning-BBM-expected" in litmus.herd_lines(result)) == bool(wanted["rules"])
    if name.endswith(".violating"):
        assert {v.finding.rule for v in result.violations} == {name.split(".")[0]}
    else:
        assert not result.hazards  # silence, under every power of the nasty TLB
        assert result.ok


def test_two_calls_see_the_same(tmp_path: Path) -> None:
    both = [litmus.to_dict(seen(TESTS / "BBM-OA.violating.litmus", runs=40, seed=7)) for _ in range(2)]
    for one in both:
        del one["host"]
    assert both[0] == both[1]


def test_level_2_may_replace_what_level_0_may_not() -> None:
    for rule in ("BBM-CONT", "BBM-SIZE"):
        path = TESTS / f"{rule}.violating.litmus"
        assert seen(path, runs=50).violations
        assert not seen(path, runs=50, cores=parse_cores("cortex-x4*2")).violations


def test_the_command_prints_as_herd_does(bbmsim: Bbmsim, tmp_path: Path) -> None:
    record = tmp_path / "seen.json"
    path = TESTS / "BBM-OA.violating.litmus"
    done = bbmsim("litmus", str(path), "--runs", "60", "--json", str(record))
    lines = done.stdout.splitlines()
    assert done.returncode == 1
    assert lines[0] == "Test BBM-OA.violating Allowed" and lines[1].startswith("States ")
    assert "Witnesses" in lines and "Flag Warning-BBM-expected" in lines and "Condition exists (1:X5=2)" in lines
    assert any(line.startswith(f"{path}:9: BBM-OA (R_WHZWS): Core 0 replaced a 4 KiB page") for line in lines)
    data = json.loads(record.read_text())
    assert data["schema"] == "bbmsim.litmus/1" and data["tests"][0]["violations"][0]["line"] == 9
    assert sum(state["runs"] for state in data["tests"][0]["states"]) == 60
    assert bbmsim("litmus", str(TESTS / "handler.litmus"), "--runs", "5", "-q").returncode == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "t.litmus:1:1: the end of the file: expected AArch64, and the test's name"),
        (HEAD + " P0 ;\n FROB X0,X1 ;\n", "t.litmus:4:2: the assembler does not take 'FROB X0,X1'"),
        (HEAD + " P0 ;\n NOP ;\n LDR W0,[X1,X2,X3] ;\n", "t.litmus:5:2: the assembler does not take"),
        (HEAD + " P0 ;\n CBZ X0,L7 ;\n", "t.litmus:4:2: 'CBZ X0,L7': P0 has no label L7"),
        (HEAD + " P0 ;\n HVC #0 ;\n", "t.litmus:4:2: 'HVC #0' is not supported in a litmus test"),
        ("AArch64 T\nVariant=vmsa,mte\n{ }\n P0 ;\n NOP ;\n", "t.litmus: Variant=mte is not supported"),
        ("AArch64 T\nTTHM=P3:HA\n{ }\n P0 ;\n NOP ;\n", "t.litmus: TTHM=P3: no such process"),
        ("AArch64 T\n{ float x=1; }\n P0 ;\n NOP ;\n", "t.litmus:2:3: type float is not supported"),
        ("AArch64 T\n{ [PTE(x)]=(attrs:(Sticky)); }\n P0 ;\n NOP ;\n", "memory attribute Sticky is not supported"),
        ("AArch64 T\n{ 0:X1=P0:L9; }\n P0 ;\n NOP ;\n", "t.litmus:2:3: P0 has no label L9"),
        (HEAD + " P0 ;\n L0: NOP ;\nlocations [fault(P0:L1,x);]\n", "t.litmus:5:21: P0 has no label L1"),
        (HEAD + " P0 ;\n L0: NOP ;\nexists (fault(P0:L7,x))\n", "t.litmus:5:18: P0 has no label L7"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(bbmsim: Bbmsim, tmp_path: Path, text: str, expected: str) -> None:
    path = tmp_path / "t.litmus"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        litmus.load_litmus(path)
    assert expected in str(error.value)
    if not text:
        done = bbmsim("litmus", str(path))
        assert done.returncode == 2 and done.stderr.count("\n") == 1 and expected in done.stderr


def test_what_cannot_be_run_is_refused(bbmsim: Bbmsim, tmp_path: Path) -> None:
    path = str(TESTS / "MP+tlbi.litmus")
    for arguments, expected in (
        ((path, "--cores", "cortex-a720"), "2 processes, the board 1 core"),
        ((path, "--tlb", "spiteful"), "tlb=spiteful"),
        ((str(tmp_path),), "no *.litmus in this folder"),
        ((str(tmp_path / "none.litmus"),), "can't be read"),
    ):
        done = bbmsim("litmus", *arguments)
        assert done.returncode == 2 and expected in done.stderr


def test_a_test_that_never_ends_is_put_aside(tmp_path: Path) -> None:
    (tmp_path / "t.litmus").write_text(HEAD + " P0 ;\nL: B L ;\nexists (0:X1=x)")
    result = seen(tmp_path / "t.litmus", runs=2)
    assert result.unfinished == 2 and not result.states
    assert "Loop No" in litmus.herd_lines(result)
