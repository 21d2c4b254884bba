# SPDX-License-Identifier: Apache-2.0
"""bbmsim check: each rule's two traces, and input that is none."""

from __future__ import annotations

import json
from pathlib import Path

import bbmsim as bs
import pytest
from bbmsim import _core
from conftest import ROOT, Bbmsim

TRACES = ROOT / "tests/traces"
RULES = [rule["id"] for rule in _core.rules()]


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_has_a_violating_trace_and_a_correct_one(rule: str) -> None:
    found = bs.check_trace(TRACES / f"{rule}.violating.trace")
    assert {v.rule for v in found.violations} == {rule}
    assert f"violating.trace:{found.violations[0].first_ps}: {rule}" in found.lines()[0]
    correct = bs.check_trace(TRACES / f"{rule}.correct.trace")
    assert correct.violations == () and correct.hazards == () and correct.exit_status == 0
    assert correct.checker["live_tables"] > 0 and correct.checker["descriptor_writes"] + correct.events > 0


def test_the_command_prints_as_compilers_do(bbmsim: Bbmsim, tmp_path: Path) -> None:
    trace = TRACES / "BBM-OA.violating.trace"
    done = bbmsim("check", str(trace), "--json", str(tmp_path / "found.json"))
    assert done.returncode == 1
    last = len(trace.read_text().splitlines())
    assert done.stdout.splitlines()[0].startswith(f"{trace}:{last}: BBM-OA (R_WHZWS): Core 0 replaced a 4 KiB page")
    found = json.loads((tmp_path / "found.json").read_text())
    assert found["violations"][0]["line"] == last and found["violations"][0]["pc"] == 0x1000
    assert bbmsim("check", str(TRACES / "BBM-OA.correct.trace")).returncode == 0


def test_a_tlb_that_was_not_flushed_is_a_hazard_of_the_pe_that_reads(tmp_path: Path) -> None:
    text = (TRACES / "BBM-OA.violating.trace").read_text()
    read = "1 read 0xffff000000200000\n"
    lines = text.splitlines(keepends=True)
    (tmp_path / "t").write_text("".join([*lines[:-1], read, lines[-1], read]))
    found = bs.check_trace(tmp_path / "t")
    assert [h.core for h in found.hazards] == [1] and found.hazards[0].kind == "stale"
    assert found.hazards[0].violation == 0


def test_what_hardware_set_is_lost_unless_somebody_read_it(tmp_path: Path) -> None:
    lines = (TRACES / "BBM-HW-UPDATE.violating.trace").read_text().splitlines(keepends=True)
    found = bs.check_trace(TRACES / "BBM-HW-UPDATE.violating.trace")
    assert [(h.kind, h.core, h.violation) for h in found.hazards] == [("lost-update", 0, 0)]
    assert "core 1 had set in line 25" in found.hazards[0].text
    at = next(i for i, line in enumerate(lines) if "hardware" in line)
    (tmp_path / "t").write_text("".join([*lines[: at + 1], "0 load 0x40004000\n", *lines[at + 1 :]]))
    assert bs.check_trace(tmp_path / "t").exit_status == 0


HEAD = "bbmsim-trace 1\nram 0x40000000 0x10000\npe 0\n"


@pytest.mark.parametrize(
    ("text", "line", "expected"),
    [
        ("", 1, 'the first line must be "bbmsim-trace 1"'),
        ("bbmsim-trace 2\n", 1, "the first line must be"),
        (HEAD + "0 wriet 0x40000000 0", 4, "expected write, load, dsb, isb"),
        (HEAD + "0 write 0x40000004 0", 4, "not an aligned doubleword of RAM"),
        (HEAD + "0 write 0x50000000 0", 4, "not an aligned doubleword of RAM"),
        (HEAD + "0 write 0x40000000", 4, "expected: PE write PA VALUE"),
        (HEAD + "0 write 0x40000000 0x1ffffffffffffffff", 4, "expected: PE write PA VALUE"),
        (HEAD + "0 write 0x40000000 0 hard", 4, "[atomic|hardware] [pc=ADDRESS]"),
        (HEAD + "0 write 0x40000000 0 atomic hardware", 4, "[atomic|hardware] [pc=ADDRESS]"),
        (HEAD + "- write 0x40000000 0 hardware", 4, "only a PE's walker does that"),
        (HEAD + "0 load 0x40000001", 4, "load from 0x40000001: not an aligned doubleword"),
        (HEAD + "0 load", 4, "expected: PE load PA"),
        (HEAD + "1 isb", 4, "pe 1 is not declared"),
        (HEAD + "pe 0", 4, "declared twice"),
        (HEAD + "pe 99", 4, "expected: pe ID"),
        (HEAD + "pe 1 bbml=7", 4, "expected bbml=0..3"),
        (HEAD + "0 dsb wide", 4, "expected: PE dsb sy|ld"),
        (HEAD + "0 tlbi vae2is 0", 4, "expected: PE tlbi FORM"),
        (HEAD + "0 tlbi vmalle1is 0", 4, "expected: PE tlbi FORM"),
        (HEAD + "0 msr vbar_el1 0", 4, "expected: PE msr ttbr0_el1"),
        (HEAD + "- isb", 4, "only a PE does that"),
        (HEAD + "ram 0 0", 4, "multiples of 4 KiB"),
        (HEAD + "0 isb now", 4, "expected: PE isb"),
        (HEAD + "\x07 isb", 4, "expected a PE's number"),
    ],
)
def test_garbage_is_answered_with_line_and_expectation(tmp_path: Path, text: str, line: int, expected: str) -> None:
    (tmp_path / "bad.trace").write_text(text)
    with pytest.raises(bs.ConfigError) as error:
        bs.check_trace(tmp_path / "bad.trace")
    assert f"bad.trace:{line}: " in str(error.value) and expected in str(error.value)


def test_files_that_are_no_traces(bbmsim: Bbmsim, tmp_path: Path) -> None:
    (tmp_path / "image").write_bytes(bytes(range(256)))
    for path, words in ((tmp_path / "image", "is not ASCII"), (tmp_path / "none", "can't be read"), (tmp_path, "can't be read")):
        done = bbmsim("check", str(path))
        assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1
