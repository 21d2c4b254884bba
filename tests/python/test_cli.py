# SPDX-License-Identifier: Apache-2.0
"""The command line: every exit status, one clear line for every wrong input, nothing half-written."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import guests
from conftest import ROOT, Bbmsim, environment

SMALL = ("--memory", "64MiB", "--cores", "cortex-x4,cortex-a720")


def one_line(text: str) -> str:
    assert text.startswith("bbmsim: ") and text.count("\n") == 1 and text.endswith("\n"), text
    return text


def test_a_clean_run_exits_0_and_says_what_it_looked_at(bbmsim: Bbmsim) -> None:
    run = bbmsim("run", *SMALL)
    assert (run.returncode, run.stderr) == (0, "")
    assert "no violations: looked at" in run.stdout
    assert "descriptor writes" in run.stdout and "TLB fills" in run.stdout
    assert "phase repaint" in run.stdout
    assert "2 of 2 cores read through the map what the host computes" in run.stdout
    assert "\x1b" not in run.stdout


def test_findings_exit_1_and_are_told_in_full(bbmsim: Bbmsim) -> None:
    run = bbmsim("run", *SMALL, "--set", "sabotage=secondaries-in-map")
    assert run.returncode == 1
    for words in ("BBM-SIZE", "R_WHZWS", "core 0 at split_block", "VA range", "level", "old ", "new ", "core 1 (BBM level 0)"):
        assert words in run.stdout


def test_quiet_is_a_line_or_a_line_for_each_finding(bbmsim: Bbmsim) -> None:
    assert bbmsim("run", *SMALL, "--quiet").stdout.count("\n") == 1
    run = bbmsim("run", *SMALL, "--quiet", "--set", "sabotage=secondaries-in-map")
    assert "BBM-SIZE" in run.stdout and run.stdout.count("\n") < 8


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--cores", "cortex-x5"), ["cortex-x5", "did you mean 'cortex-x4'"]),
        (("run", "--cores", "cortex-x4:l2_tlb.sets=5"), ["l2_tlb.sets"]),
        (("run", "--cores", "cortex-x4:l2_tlb.ways=5"), ["l2_tlb.ways=5"]),
        (("run", "--memory", "much"), ["memory=much"]),
        (("run", "--memory", "1MiB"), ["memory"]),
        (("run", "--memory", "64TiB"), ["memory", "cores[0]"]),
        (("run", "--strategy", "rfc"), ["strategy=rfc", "did you mean 'rfc-range'"]),
        (("run", "--set", "sabotage=everything"), ["sabotage=everything"]),
        (("run", "--set", "sabotage"), ["NAME=VALUE"]),
        (("run", "--set", "strategy=pagewalk", "--strategy", "pagewalk"), ["strategy"]),
        (("run", "--inject", "tlb-conflict:core=7,va=0"), ["core=7"]),
        (("run", "--inject", "tlb-conflict:core=1"), ["va= is missing"]),
        (("run", "--inject", "tlb-conflict:core=1,va=x"), ["va"]),
        (("run", "--inject", "meteor:core=1"), ["tlb-conflict"]),
        (("run", "--timeout", "soon"), ["timeout=soon"]),
        (("run", "--seed", "-3"), ["seed"]),
        (("run", "repant"), ["repant", "did you mean 'repaint'"]),
        (("run", "/etc/passwd"), ["/etc/passwd", "neither an ELF file nor an arm64 Image"]),
        (("run", "/bin/true"), ["/bin/true", "not for AArch64"]),
        (("run", "/"), ["folder"]),
        (("run", "--json", "/nowhere/run.json"), ["json=/nowhere/run.json", "no folder"]),
        (("run", "--html", "/"), ["html=/", "folder"]),
        (("run", "--trace", "/proc/trace.json"), ["trace=/proc/trace.json"]),
        (("run", "--colour"), ["--colour"]),
        (("compare", "--plot", "cost.gif"), ["cost.gif", ".png or .svg"]),
        (("compare", "--strategies", "rfc-range,eager"), ["strategy=eager"]),
        (("report", "missing.json"), ["missing.json"]),
        (("report", "/etc/passwd", "-o", "x.html"), ["not JSON"]),
        (("list", "everything"), ["kernels"]),
        (("frobnicate",), ["frobnicate"]),
    ],
    ids=lambda v: " ".join(v)[:60] if isinstance(v, tuple) else "",
)
def test_wrong_input_exits_2_with_one_line(bbmsim: Bbmsim, tmp_path: Path, arguments: tuple[str, ...], words: list[str]) -> None:
    run = bbmsim(*arguments)
    assert run.returncode == 2, run.stderr
    line = one_line(run.stderr)
    for word in words:
        assert word in line
    assert run.stdout == ""
    assert list((tmp_path / "cwd").iterdir()) == []


def test_a_damaged_elf_exits_2(bbmsim: Bbmsim, tmp_path: Path) -> None:
    whole = guests.build("hello").read_bytes()
    # cut: inside the ELF header, before the program headers, inside the segment
    for cut, word in ((40, "truncated"), (64, "truncated"), (0x10000 + 4, "truncated")):
        path = tmp_path / "cut.elf"
        path.write_bytes(whole[:cut])
        run = bbmsim("run", str(path))
        assert run.returncode == 2
        assert word in one_line(run.stderr)


def test_a_guest_that_does_not_fit_exits_2(bbmsim: Bbmsim, tmp_path: Path) -> None:
    source = guests.build("hello").read_bytes()
    moved = bytearray(source)
    header = int.from_bytes(moved[32:40], "little")
    count = int.from_bytes(moved[56:58], "little")
    for i in range(count):  # p_paddr of every segment: far behind RAM
        moved[header + 56 * i + 24 : header + 56 * i + 32] = (1 << 40).to_bytes(8, "little")
    path = tmp_path / "far.elf"
    path.write_bytes(moved)
    run = bbmsim("run", str(path), *SMALL)
    assert run.returncode == 2
    assert "outside RAM" in one_line(run.stderr)


@pytest.mark.parametrize(
    ("guest", "word"),
    [("forever", "timeout"), ("deadlock", "deadlock"), ("abort-loop", "abort-loop"), ("fail", "the roof leaks")],
)
def test_a_guest_that_fails_exits_3(bbmsim: Bbmsim, guest: str, word: str) -> None:
    run = bbmsim("run", str(guests.build(guest)), *SMALL, "--timeout", "1ms")
    assert run.returncode == 3
    assert word in run.stdout


def test_an_elf_of_ones_own_runs(bbmsim: Bbmsim) -> None:
    run = bbmsim("run", str(guests.build("hello")), *SMALL)
    assert run.returncode == 0
    assert "hello" in run.stdout and "world" in run.stdout


def test_an_internal_error_exits_4() -> None:
    code = (
        "import sys, bbmsim.cli, bbmsim.simulation as s\n"
        "def broken(*a, **k): raise RuntimeError('boom')\n"
        "s.Simulation.run = broken\n"
        "sys.exit(bbmsim.cli.main(['run', '--memory', '64MiB']))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], env=environment(), capture_output=True, text=True)
    assert run.returncode == 4
    assert "internal error" in one_line(run.stderr) and "boom" in run.stderr


def test_ctrl_c_is_one_line_and_leaves_no_file(tmp_path: Path) -> None:
    output = tmp_path / "run.json"
    process = subprocess.Popen(
        [sys.executable, "-m", "bbmsim", "run", str(guests.build("forever")), "--timeout", "1000s", "--json", str(output)],
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # A shell's background jobs ignore SIGINT, and children inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert process.stdout is not None
        assert "forever.elf on" in process.stdout.readline()  # it has begun
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 3
    assert "interrupted" in one_line(errors)
    assert list(tmp_path.iterdir()) == []


def test_outputs_appear_whole(bbmsim: Bbmsim, tmp_path: Path) -> None:
    run = bbmsim("run", *SMALL, "--json", "run.json", "--html", "run.html", "--trace", "run.trace.json")
    assert run.returncode == 0
    folder = tmp_path / "cwd"
    assert sorted(p.name for p in folder.iterdir()) == ["run.html", "run.json", "run.trace.json"]
    assert json.loads((folder / "run.json").read_text())["schema"] == "bbmsim.run/1"
    assert (folder / "run.html").read_text().rstrip().endswith("</html>")
    assert bbmsim("report", "run.json", "-o", "again.html").returncode == 0
    assert (folder / "again.html").read_text() == (folder / "run.html").read_text()


def test_compare_writes_table_plot_and_page(bbmsim: Bbmsim, tmp_path: Path) -> None:
    run = bbmsim(
        "compare", "--strategies", "rfc-range,pagewalk", "--memory", "64MiB,128MiB", "--cores", "cortex-x4,cortex-a720",
        "--csv", "c.csv", "--plot", "c.png", "--html", "c.html",
    )
    assert run.returncode == 0, run.stderr
    folder = tmp_path / "cwd"
    assert len((folder / "c.csv").read_text().splitlines()) == 5
    assert (folder / "c.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (folder / "c.html").read_text()
    assert "rfc-range" in run.stdout and "128MiB" in run.stdout


def test_lists(bbmsim: Bbmsim) -> None:
    for what, name in (("cores", "cortex-x4"), ("workloads", "repaint"), ("strategies", "pagewalk"), ("rules", "BBM-SIZE")):
        run = bbmsim("list", what)
        assert run.returncode == 0
        assert any(line.startswith(name) for line in run.stdout.splitlines())


def test_one_of_a_list(bbmsim: Bbmsim) -> None:
    assert bbmsim("list", "cores", "cortex-x4").stdout.startswith("cortex-x4  BBM level 2")
    merge = bbmsim("list", "workloads", "merge").stdout.splitlines()
    assert merge[0].startswith("merge ") and all(line.startswith("  --set ") for line in merge[1:]) and len(merge) > 3
    wrong = bbmsim("list", "strategies", "mergd")
    assert wrong.returncode == 2 and wrong.stderr == "bbmsim: strategies mergd: there is none (did you mean 'merged'?)\n"


def test_options_of_a_plot_need_one(bbmsim: Bbmsim) -> None:
    for option, value in (("--plot-kind", "map"), ("--phase", "park")):
        wrong = bbmsim("report", "run.json", option, value)
        assert wrong.returncode == 2 and wrong.stderr == f"bbmsim: {option[2:]}: only with --plot\n"


def test_help_and_completion(bbmsim: Bbmsim) -> None:
    for command in ((), ("run",), ("compare",), ("report",), ("list",)):
        assert bbmsim(*command, "--help").returncode == 0
    assert "_BBMSIM_COMPLETE" in bbmsim("completion", "bash").stdout
    found = subprocess.run(
        [sys.executable, "-m", "bbmsim"], capture_output=True, text=True,
        env={**environment(), "_BBMSIM_COMPLETE": "bash_complete", "COMP_WORDS": "bbmsim run --cores cortex-x4,cortex-a7", "COMP_CWORD": "3"},
    )
    assert "cortex-x4,cortex-a720" in found.stdout


def test_on_a_terminal_there_are_colours_and_the_same_facts() -> None:
    parent, child = pty.openpty()
    process = subprocess.Popen(
        [str(ROOT / "scripts" / "bbmsim"), "run", *SMALL], stdout=child, stderr=child, env={**environment(), "TERM": "xterm-256color", "COLUMNS": "120"},
    )
    os.close(child)
    shown = b""
    while True:
        try:
            data = os.read(parent, 65536)
        except OSError:
            break
        if not data:
            break
        shown += data
    os.close(parent)
    assert process.wait() == 0
    assert b"\x1b[" in shown
    assert b"no violations: looked at" in shown


def test_bench_compares_checker_and_fast_path(bbmsim: Bbmsim) -> None:
    run = bbmsim("run", *SMALL, "--bench")
    assert run.returncode == 0
    assert run.stdout.count("MIPS") == 3
    assert "the checker costs" in run.stdout


def test_help_imports_no_library_of_figures_and_no_other_command() -> None:
    code = (
        "import sys, bbmsim.cli as cli\n"
        "assert cli.main(ARGUMENTS) == 0\n"
        "heavy = {'matplotlib', 'numpy', 'pandas', 'joblib', 'jinja2'} & set(sys.modules)\n"
        "print(sorted(heavy), sorted(m for m in sys.modules if m.startswith('bbmsim.cli.')), file=sys.stderr)\n"
    )
    for arguments in (["--help"], ["--version"], ["run", "--help"], ["sweep", "--help"], ["explore", "--help"], ["compare", "--help"]):
        run = subprocess.run([sys.executable, "-c", code.replace("ARGUMENTS", repr(arguments))], env=environment(), capture_output=True, text=True)
        assert run.returncode == 0 and run.stderr.startswith("[] "), (arguments, run.stderr)
        if len(arguments) == 1:
            assert run.stderr == "[] []\n", (arguments, run.stderr)
