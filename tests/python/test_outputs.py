# SPDX-License-Identifier: Apache-2.0
"""Files that can't be written: each is one line with its option, and the results are said all the same."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

import bbmsim as bs
from bbmsim.cli.progress import Lines
from bbmsim.report.ci import junit, sarif
from bbmsim.report.html import render
from bbmsim.report.text import print_report
from conftest import ROOT, Bbmsim

FULL = "/dev/full"  # every write to it fails as on a full disk
TRACE = str(ROOT / "tests" / "traces" / "BBM-OA.violating.trace")
LITMUS = str(ROOT / "tests" / "litmus" / "BBM-OA.violating.litmus")
WRONG = ("rules/BBM-OA", "--memory", "64MiB")


@pytest.mark.parametrize(
    ("arguments", "option", "said"),
    [
        (("run", *WRONG, "--json", FULL), "json", "violation 1  BBM-OA"),
        (("run", *WRONG, "--junit", FULL, "-q"), "junit", "BBM-OA (R_WHZWS)"),
        (("explore", *WRONG, "--runs", "1", "--sarif", FULL), "sarif", "1. BBM-OA"),
        (("check", TRACE, "--json", FULL), "json", "1 violation, 0 hazards"),
        (("litmus", LITMUS, "--runs", "1", "--json", FULL), "json", "BBM-OA (R_WHZWS)"),
        (("compare", "--memory", "64MiB", "--strategies", "merged", "--set", "verify=none", "--csv", FULL), "csv", "merged"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_on_a_full_disk_the_results_are_printed_before_the_error(arguments: tuple[str, ...], option: str, said: str, bbmsim: Bbmsim) -> None:
    done = bbmsim(*arguments)
    assert done.returncode == 2
    assert done.stderr == f"bbmsim: {option}={FULL}: can't be written (No space left on device)\n"
    assert said in done.stdout and f"{option}: " not in done.stdout


def test_one_file_that_cannot_be_written_leaves_the_others(bbmsim: Bbmsim, tmp_path: Path) -> None:
    done = bbmsim("run", *WRONG, "-q", "--json", FULL, "--sarif", "a.sarif", "--html", "a.html", "--junit", FULL)
    assert done.returncode == 2 and "sarif: a.sarif" in done.stdout
    wrong = f"{FULL}: can't be written (No space left on device)"
    assert done.stderr == f"bbmsim: junit={wrong}; json={wrong}\n"
    assert sorted(p.name for p in (tmp_path / "cwd").iterdir()) == ["a.html", "a.sarif"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "--json", "a", "--html", "./a"), "html=a: is the file of --json too"),
        (("run", "--sarif", "a", "--junit", "a"), "is the file of --"),
        (("explore", "--sarif", "a", "--json", "a"), "sarif=a: is the file of --json too"),
        (("compare", "--plot", "a.png", "--html", "a.png"), "html=a.png: is the file of --plot too"),
        (("run", "--save-at", "1us", "a", "--save-at", "2us", "a"), "save-at=a: a file for two moments"),
        (("run", "--save-at", "1us", "-q"), "save-at=1us: -q is no file's name; write --save-at WHEN FILE"),
    ],
)
def test_files_that_would_overwrite_each_other_are_refused(arguments: tuple[str, ...], said: str, bbmsim: Bbmsim, tmp_path: Path) -> None:
    done = bbmsim(*arguments)
    assert (done.returncode, done.stdout) == (2, "") and said in done.stderr and done.stderr.count("\n") == 1
    assert not list((tmp_path / "cwd").iterdir())


def test_a_damaged_record_is_refused_and_leaves_no_page(bbmsim: Bbmsim, tmp_path: Path) -> None:
    assert bbmsim("run", *WRONG, "-q", "--json", "run.json").returncode == 1
    folder = tmp_path / "cwd"
    whole = json.loads((folder / "run.json").read_text())
    for key, value in (("cores", None), ("simulated_ps", "x"), ("phases", {"repaint": 3}), ("violations", [1])):
        (folder / "bad.json").write_text(json.dumps({**whole, key: value}))
        done = bbmsim("report", "bad.json")
        assert done.returncode == 2 and done.stderr.startswith("bbmsim: run=bad.json: a damaged run record (") and done.stderr.count("\n") == 1, key
        assert not (folder / "bad.html").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("run", "nosuch"), "workload=nosuch: neither a workload nor a file (`bbmsim list workloads` names them)"),
        (("run", "repant"), "workload=repant: neither a workload nor a file (did you mean 'repaint'?)"),
        (("compare", "--granule", "8k"), "granule=8k: no such granule (there are: 4k, 16k, 64k)"),
        (("compare", "--set", "strategy=lazy"), "strategy: not by set; strategies says what is compared"),
        (("explore", "--powers", "luck"), "powers=luck: no such power (there are: speculate, retain, splinter, late_tlbi, late_walk, conflicts, coalesce, access_flags, minimal)"),
        (("run", "--schedule", "fair"), "schedule=fair: one of default, random, pct, targeted"),
    ],
)
def test_what_there_is_is_said_once(arguments: tuple[str, ...], said: str, bbmsim: Bbmsim) -> None:
    done = bbmsim(*arguments)
    assert done.returncode == 2 and done.stderr.startswith(f"bbmsim: {said}") and done.stderr.count("there are:") <= 1


def test_a_phase_that_no_run_has_is_said_with_those_there_are(bbmsim: Bbmsim) -> None:
    done = bbmsim("compare", "--memory", "64MiB", "--strategies", "merged", "--set", "verify=none", "--phase", "repant")
    assert done.returncode == 0 and "phase=repant: no run has it; there are: paint, bringup, park, repaint\n" in done.stdout


def test_limits_and_failures_are_said_in_words() -> None:
    board = bs.Board(cores=bs.parse_cores("cortex-x4,cortex-a720"), memory="64MiB")
    assert bs.Simulation(board, bs.bare(verify="none")).run(timeout="150us").detail == "simulated time limit of 150 us"
    failing = bs.Simulation(board, bs.bare(verify="none"))
    failing.inject(bs.WalkFault(core=1, va=0xFFFF_0000_0000_0000, size=1 << 30))
    assert failing.run().detail.startswith("core 1: unexpected exception, ESR 0x")


def test_of_many_findings_the_first_are_shown_and_the_others_counted(tmp_path: Path) -> None:
    board = bs.Board(cores=bs.parse_cores("cortex-a720*2"), memory="64MiB")
    record = dict(bs.Simulation(board, bs.bare("rules/BBM-OA")).run().record)
    assert record["hazards"]
    record["hazards"] = (record["hazards"] * 60)[:60]
    (tmp_path / "many.json").write_text(json.dumps(record))
    result = bs.Result.load(tmp_path / "many.json")
    out = io.StringIO()
    print_report(Console(file=out, width=200), result)
    said = "and 10 more hazards: stale 10; the record (--json) has them all"
    assert "hazard 50  stale" in out.getvalue() and "hazard 51" not in out.getvalue() and said in out.getvalue()
    page = render(result)
    assert page.count('<article class="finding">') == 50 + len(result.violations) and said in page
    assert "and 10 more</failure>" in junit(result) and len(json.loads(sarif(result))["runs"][0]["results"]) == 60 + len(result.violations)


def test_without_a_terminal_progress_is_a_line_now_and_then() -> None:
    now, said = [100.0], list[str]()
    shown = Lines("explore", "runs", said.append, clock=lambda: now[0])
    for seconds, done in ((0, 3), (5, 4), (11, 5), (15, 6), (30, 13), (60, 23)):
        now[0] = 100.0 + seconds
        shown(done, 23, f"{done // 5} found")
    assert said == ["explore: 5 of 23 runs, 1 found, about 99 s left", "explore: 13 of 23 runs, 2 found, about 30 s left"]
