# SPDX-License-Identifier: Apache-2.0
"""Exploration as a search: its ends, worker processes that die, exit statuses, and the files for CI systems."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from rich.console import Console

import bbmsim as bs
import guests
from bbmsim.baseline import Baseline
from bbmsim.exploration import Exploration, Progress, search
from bbmsim.exploration.text import print_exploration
from bbmsim.exploration.observe import Observed, observe
from bbmsim.report.ci import junit, sarif
from conftest import ROOT, Bbmsim, environment

PAIR = bs.Board(cores=2 * [bs.core("cortex-a720")], memory="128MiB")
RACY = bs.bare("handover", variant="racy")
SABOTAGED = ("explore", "--memory", "64MiB", "--cores", "cortex-x4,cortex-a720", "--set", "sabotage=secondaries-in-map", "--runs", "4")


def explored(**arguments: Any) -> Exploration:
    return bs.explore(PAIR, RACY, **{"runs": 24, "seed": 2, "schedules": ["targeted"], "powers": [], "stories": False, **arguments})


def test_it_stops_at_the_first_find_the_same_with_any_number_of_workers() -> None:
    one, two = (explored(jobs=jobs, stop_on_first=True) for jobs in (1, 2))
    assert [r.index for r in one.runs] == [r.index for r in two.runs] == list(range(len(one.runs)))
    assert 1 < len(one.runs) < 24
    assert one.runs[-1].sightings and not any(r.sightings for r in one.runs[:-1])
    assert [f.id for f in one.findings] == [f.id for f in two.findings]


def test_no_run_begins_after_the_time_is_up() -> None:
    exploration = explored(seconds=1e-9)
    assert [r.index for r in exploration.runs] == [0] and exploration.asked == 24


def test_ctrl_c_keeps_what_was_found() -> None:
    def interrupt(at: Progress) -> None:
        if at.findings:
            raise KeyboardInterrupt

    exploration = explored(progress=interrupt)
    assert exploration.interrupted and exploration.findings
    assert 1 < len(exploration.runs) <= 24
    assert exploration.exit_status == 1


def test_ctrl_c_on_the_command_line_prints_what_there_is(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "bbmsim", "explore", "handover", "--memory", "128MiB", "--cores", "cortex-a720*2", "--runs", "1000000"],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        assert "handover" in process.stdout.readline()  # it has begun
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 3
    begun = "of 1,000,000 runs" in output and "(interrupted): nothing found" in output and errors == ""
    assert begun or errors == "bbmsim: interrupted; nothing was written\n"  # before its first run


def test_a_worker_that_dies_is_replaced_and_its_run_tried_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    died = tmp_path / "died"

    def once(subject: Any, index: int, spec: Any) -> Observed:
        if index == 5 and not died.exists():
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return observe(subject, index, spec)

    monkeypatch.setattr(search, "observe", once)
    said: list[str] = []
    exploration = explored(runs=10, jobs=2, say=said.append)
    assert died.exists() and any("worker process died" in line for line in said)
    assert [r.index for r in exploration.runs] == list(range(10)) and not exploration.crashed
    monkeypatch.undo()
    assert [f.id for f in exploration.findings] == [f.id for f in explored(runs=10).findings]


def test_a_run_that_always_kills_its_worker_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def deadly(subject: Any, index: int, spec: Any) -> Observed:
        if index == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return observe(subject, index, spec)

    monkeypatch.setattr(search, "observe", deadly)
    exploration = explored(runs=5, jobs=2)
    assert [r.index for r in exploration.runs] == [0, 1, 3, 4]
    assert len(exploration.crashed) == 1 and exploration.exit_status == 4


def test_a_guest_that_fails_only_when_its_core_is_held_is_a_finding() -> None:
    board = bs.Board(cores=[bs.core("cortex-a720")], memory="64MiB")
    guest = bs.elf(guests.build("deadline"))
    exploration = bs.explore(board, guest, runs=12, schedules=["random"], powers=[])
    assert exploration.runs[0].finished
    (found,) = exploration.findings
    assert (found.kind, found.rule, found.entry) == ("outcome", "guest-failed", "core N: too late")
    assert exploration.exit_status == 1
    assert exploration.replay(found.id).outcome == "guest-failed"


def test_ends_of_the_guest_can_be_accepted_as_well(tmp_path: Path) -> None:
    board = bs.Board(cores=[bs.core("cortex-a720")], memory="64MiB")
    exploration = bs.explore(board, bs.elf(guests.build("deadline")), runs=12, schedules=["random"], powers=[], stories=False)
    known = tmp_path / "known.toml"
    Baseline.of(exploration.violations, exploration.hazards, exploration.effects).save(known)
    known.write_text(known.read_text() + '[[known]]\nrule = "conflict-abort"\nsymbol = "split_block"\nkind = "effect"\n')
    exploration.accept(Baseline.load(known))
    assert exploration.exit_status == 0 and exploration.findings[0].accepted
    assert exploration.baseline is not None and exploration.baseline["effects"] == [0]
    assert exploration.baseline["silenced"] == ["outcome guest-failed at *"]
    assert exploration.baseline["unmatched"] == ["effect conflict-abort at split_block"]
    assert 'failures="0"' in junit(exploration) and '"suppressions"' in sarif(exploration)


def test_an_id_is_printed_in_one_line_on_a_narrow_terminal() -> None:
    board = bs.Board(cores=[bs.core("cortex-a720")], memory="64MiB")
    exploration = bs.explore(board, bs.elf(guests.build("deadline")), runs=12, schedules=["random"], powers=["speculate", "retain"], stories=False)
    (found,) = exploration.findings
    for quiet in (False, True):
        out = io.StringIO()
        print_exploration(Console(file=out, width=30), exploration, quiet=quiet)
        assert any(line.endswith((f"--replay {found.id}", f"[{found.id}]")) for line in out.getvalue().splitlines())


def test_a_guest_that_fails_anyway_is_no_finding() -> None:
    board = bs.Board(cores=[bs.core("cortex-a720")], memory="64MiB")
    exploration = bs.explore(board, bs.elf(guests.build("fail")), runs=4)
    assert exploration.findings == [] and exploration.exit_status == 3


def test_the_command_lists_findings_and_writes_what_ci_systems_read(bbmsim: Bbmsim, tmp_path: Path) -> None:
    outputs = {name: tmp_path / f"e.{name}" for name in ("json", "sarif", "junit", "write-baseline")}
    run = bbmsim(*SABOTAGED, *(text for name, path in outputs.items() for text in (f"--{name}", str(path))))
    assert run.returncode == 1
    assert "1. BBM-" in run.stdout and "--replay default.typical.0." in run.stdout and "4 runs in" in run.stdout
    exploration = json.loads(outputs["json"].read_text())
    jsonschema.validate(exploration, json.loads((ROOT / "docs/exploration.schema.json").read_text()))
    rules = {f["rule"] for f in exploration["findings"]}
    assert "BBM-SIZE" in rules
    sarif = json.loads(outputs["sarif"].read_text())["runs"][0]
    assert {r["ruleId"] for r in sarif["results"]} == rules
    assert {r["properties"]["replay"] for r in sarif["results"]} == {f["id"] for f in exploration["findings"]}
    failed = {c.get("name"): c[0].text or "" for c in ElementTree.parse(outputs["junit"]).getroot() if len(c)}
    assert set(failed) == rules and all(f"--replay {f['id']}" in failed[f["rule"]] for f in exploration["findings"])

    again = bbmsim(*SABOTAGED, "--baseline", str(outputs["write-baseline"]))
    assert again.returncode == 0 and "nothing found, " in again.stdout and "accepted by the baseline" in again.stdout

    run_id = exploration["findings"][0]["id"]
    record = tmp_path / "run.json"
    replay = bbmsim(*SABOTAGED, "--replay", run_id, "--json", str(record))
    assert replay.returncode == 1 and rules & {v["rule"] for v in json.loads(record.read_text())["violations"]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--trace", "t.json"), "trace: only with --replay"),
        (("--append", "quiet"), "append: only with a Linux kernel"),
        (("--schedules", "pct,fair"), "schedules=fair"),
        (("--powers", "speculat"), "did you mean 'speculate'"),
        (("--replay", "x"), "replay=x"),
        (("handover", "--kernel", "6.18"), "kernel=6.18: not together with the workload handover"),
        (("--runs", "0"), "0 is not in the range"),
        (("--json", "no/such/folder.json"), "there is no folder"),
    ],
)
def test_wrong_usage_is_one_line(bbmsim: Bbmsim, arguments: tuple[str, ...], words: str) -> None:
    run = bbmsim("explore", *arguments)
    assert run.returncode == 2 and run.stdout == ""
    assert words in run.stderr and run.stderr.count("\n") == 1


def test_run_and_boot_take_a_schedule(bbmsim: Bbmsim, tmp_path: Path) -> None:
    record = tmp_path / "run.json"
    run = bbmsim("run", "--memory", "64MiB", "--cores", "cortex-x4,cortex-a720", "--schedule", "pct,depth=2,length_us=900", "--json", str(record))
    assert run.returncode == 0 and "schedule pct" in run.stdout
    assert json.loads(record.read_text())["board"]["schedule"] == {"name": "pct", "depth": 2, "length_us": 900, "hold_ns": 50000}
    wrong = bbmsim("boot", "--schedule", "pct,width=3")
    assert wrong.returncode == 2 and "'width=3' is not depth=N" in wrong.stderr
