# SPDX-License-Identifier: Apache-2.0
"""Sweeps: what a study may say, that nothing wrong is started, and that whatever dies on the way, the results are the
same in the end.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import distributed
import pytest

import bbmsim as bs
from bbmsim.sweeps.sensitivity import swings
from bbmsim.sweeps.study import Sensitivity
from conftest import ROOT, Bbmsim, finished

RESULTS = ("results.csv", "results.json", "results.sqlite")


def study(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(textwrap.dedent(text))
    return path


SMALL = """
    name = "small"
    [base]
    memory = "64MiB"
    set.verify = "none"
    [axes]
    "set.strategy" = ["merged", "bbm-strict"]
    cores = ["cortex-x4", "cortex-x4,cortex-a720"]
    """


def test_every_combination_is_a_row_in_the_order_of_the_axes(tmp_path: Path) -> None:
    found = bs.sweep(study(tmp_path, SMALL), tmp_path / "out", jobs=2)
    where = [(row["set.strategy"], row["cores"]) for row in found.rows]
    assert where == [(s, c) for s in ("merged", "bbm-strict") for c in ("cortex-x4", "cortex-x4,cortex-a720")]
    for row in found.rows:
        parameters = {"strategy": row["set.strategy"], "verify": "none"}
        alone = bs.Simulation(bs.Board(cores=bs.parse_cores(row["cores"]), memory="64MiB"), bs.bare(**parameters)).run()
        assert row["cycles"] == alone.phases["repaint"].total_cycles
    assert found.exit_status == 0
    loaded = bs.load_sweep(tmp_path / "out")
    assert loaded.rows == found.rows and list(loaded.frame["cycles"]) == [row["cycles"] for row in found.rows]
    base = sqlite3.connect(tmp_path / "out" / "results.sqlite")
    assert [c for (c,) in base.execute("SELECT cycles FROM results")] == [row["cycles"] for row in found.rows]


def test_a_sweep_has_plots_and_a_page_in_which_every_cell_opens_also_when_it_is_loaded(tmp_path: Path, bbmsim: Bbmsim) -> None:
    path = study(tmp_path, SMALL.replace('cores = [', '"board.hop_ns" = [10, 40]\n    cores = ['))
    done = bbmsim("sweep", str(path), "--out", str(tmp_path / "out"), "--html", str(tmp_path / "s.html"), "--plot", str(tmp_path / "s.svg"))
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "s.html").read_text()
    assert page.count('<tr class="cell">') == page.count("who waited, for what, how long") == 8
    assert "hop, ns" in (tmp_path / "s.svg").read_text() and "bbm-strict, cortex-x4,cortex-a720" in (tmp_path / "s.svg").read_text()
    loaded = bs.load_sweep(tmp_path / "out")
    assert [bs.Result(dict(d)).phases["repaint"].total_cycles for d in loaded.details if d] == [r["cycles"] for r in loaded.rows]
    loaded.html(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_text().count("who waited, for what, how long") == 8
    (tmp_path / "out" / "cells.sqlite").unlink()
    loaded.html(tmp_path / "again.html")  # the figures alone
    assert (tmp_path / "again.html").read_text().count("who waited, for what, how long") == 0


def test_any_field_may_vary(tmp_path: Path) -> None:
    found = bs.sweep(
        study(
            tmp_path,
            """
            [base]
            memory = "64MiB"
            cores = "cortex-x4,cortex-a720"
            inject = "stall:core=1,duration=10us,after_time=10us"
            set = { verify = "none", strategy = "bbm-strict" }
            [axes]
            "board.interconnect.hop_ns" = [10, 400]
            "core0.l2_tlb.entries" = [256, 2048]
            "core0.memory_cycles" = [100]
            tlb = ["typical", "nasty"]
            seed = [0, 1]
            [[skip]]
            tlb = "typical"
            seed = [1]
            """,
        ),
        tmp_path / "out",
    )
    assert len(found.rows) == 2 * 2 * 3
    time_of = {(r["board.interconnect.hop_ns"], r["core0.l2_tlb.entries"], r["tlb"], r["seed"]): r["repaint_us"] for r in found.rows}
    assert time_of[400, 256, "typical", 0] > time_of[10, 256, "typical", 0]
    assert time_of[10, 256, "nasty", 0] != time_of[10, 256, "nasty", 1]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[axes", "not TOML"),
        ("[axs]", "axs: no such key (did you mean 'axes'?)"),
        ("[axes]\nmemry = ['1GiB']", "axes.memry: no such key (did you mean 'memory'?)"),
        ("[axes]\nmemory = '1GiB'", "axes.memory: must be a list"),
        ("[axes]\nmemory = []", "axes.memory: must be a list"),
        ("[axes]\nmemory = ['1GiB', '1GiB']", "axes.memory: has a value twice"),
        ("[axes]\n'core.l2_tlb.entrys' = [1]", "axes.core.l2_tlb.entrys: a core has no such field"),
        ("[axes]\n'board.hop' = [1]", "axes.board.hop: a board has no such field (did you mean 'interconnect.hop_ns'?)"),
        ("[axes]\n'board.hop_ns' = ['far']", "board.interconnect.hop_ns=far: must be a whole number"),
        ("[axes]\n'core3.bbml' = [1]\n[base]\ncores='cortex-x4'", "core3.bbml: there is core 0 alone"),
        ("[axes]\n'set.granule' = ['4k', '16k']\n'set.blocks' = ['1g']", "blocks=1g: only with granule=4k"),
        ("[axes]\n'set.strategy' = ['mergd']", "strategy=mergd: no such strategy (did you mean 'merged'?)"),
        ("[axes]\nmemory = ['1GiB', '64TiB']", "memory"),
        ("[base]\nmemory = '1GiB'\n[axes]\nmemory = ['2GiB']", "memory: is in [base] and in [axes]"),
        ("[[skip]]\nmemory = '1GiB'", "skip: memory='1GiB' is no value of an axis"),
        ("[axes]\nseed = [1]\n[[skip]]\nseed = [1, 2]", "skip: seed=2 is no value of an axis"),
        ("[axes]\nseed = [1]\n[[skip]]\nseed = 1", "skip: leaves no cell"),
        ("[sensitivity]\nmethod = 'guess'", "sensitivity.method=guess: must be one of one-at-a-time, latin-hypercube"),
        ("[sensitivity]", "sensitivity.ranges: at least one"),
        ("[sensitivity]\n[sensitivity.ranges]\n'board.hop_ns' = [4, 2]", "must be [low, high]"),
        ("[sensitivity]\nmethod='latin-hypercube'\n[sensitivity.ranges]\n'board.hop_ns' = [1, 2]", "samples=0: latin-hypercube needs"),
        ("[axes]\nseed = %s" % list(range(1001)) + "\n'board.hop_ns' = %s" % list(range(1001)), "1002001 cells, at most 1000000"),
        ("[axes]\ninject = ['tlb-conflit:core=0']", "tlb-conflit"),
        ("[base]\nmemory = '64MiB'\n[axes]\ninject = ['stall:core=9,duration=1us']", "inject=stall: core"),
        ("[base]\nmemory = '64MiB'\n[axes]\ninject = ['lost-tlbi:core=1,after=nowhere']", "inject=lost-tlbi: after=nowhere: repaint has no such symbol"),
        ("[sensitivity]\nranges = 'statd'", "sensitivity.ranges='statd': must be \"stated\", or a table"),
        ("name = '../up'", "name='../up': must be good as a folder's name"),
        ("[base]\nkernel = '6.18'\nworkload = 'repaint'", "kernel=6.18: not together with workload"),
        ("[base]\nseed = 1.5", "seed=1.5: a whole number"),
        ("[axes]\nseed = [0, -1]", "seed=-1: between 0 and 2^64 - 1 (in the cell seed=-1)"),
    ],
    ids=lambda text: text if len(text) < 60 else "long",
)
def test_what_is_wrong_is_said_in_one_line_before_anything_runs(text: str, said: str, tmp_path: Path, bbmsim: Bbmsim) -> None:
    path = tmp_path / "study.toml"
    path.write_text(text)
    done = bbmsim("sweep", str(path), "--out", str(tmp_path / "out"))
    assert done.returncode == 2
    assert said in done.stderr and str(path) in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_damaged_results_are_refused(tmp_path: Path) -> None:
    path = study(tmp_path, SMALL)
    bs.sweep(path, tmp_path / "out")
    for row in ("x", "[1]", '{"a": 1}'):
        with sqlite3.connect(tmp_path / "out" / "cells.sqlite") as base:
            base.execute("UPDATE cells SET row = ?", (row,))
        with pytest.raises(bs.ConfigError, match=r"cells.sqlite: damaged \("):
            bs.sweep(path, tmp_path / "out")
    (tmp_path / "out" / "cells.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(bs.ConfigError, match="cells.sqlite: file is not a database"):
        bs.sweep(path, tmp_path / "out")
    for text in ('{"schema": "bbmsim.sweep/1"}', '{"schema": "bbmsim.sweep/1", "study": 3, "rows": []}'):
        (tmp_path / "out" / "results.json").write_text(text)
        with pytest.raises(bs.ConfigError, match=r"results.json: damaged \("):
            bs.load_sweep(tmp_path / "out")


def test_the_cells_are_listed(tmp_path: Path, bbmsim: Bbmsim) -> None:
    done = bbmsim("sweep", str(study(tmp_path, SMALL)), "--list")
    assert done.returncode == 0 and done.stdout.endswith("4 cells\n")
    assert "set.strategy=bbm-strict, cores=cortex-x4,cortex-a720" in done.stdout


MANY = """
    name = "many"
    [base]
    memory = "32MiB"
    cores = "cortex-x4"
    set = { verify = "none", strategy = "merged" }
    [axes]
    seed = [%s]
    "board.hop_ns" = [10, 20, 30, 40]
    """ % ", ".join(map(str, range(50)))


def contents(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in RESULTS]


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A study of 200 cells, and its results without any interruption."""
    folder = tmp_path_factory.mktemp("many")
    path = study(folder, MANY)
    assert len(bs.sweep(path, folder / "whole").rows) == 200
    return path, folder / "whole"


def start(*arguments: str, **more: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "python"), **more}
    return subprocess.Popen([sys.executable, *arguments], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def wait_for(folder: Path, cells: int, process: subprocess.Popen[bytes]) -> None:
    while finished(folder) < cells and process.poll() is None:
        time.sleep(0.01)


def test_kill_9_at_any_moment_loses_nothing_that_was_finished(many: tuple[Path, Path], tmp_path: Path) -> None:
    path, whole = many
    out = tmp_path / "out"
    process = start("-m", "bbmsim", "sweep", str(path), "--out", str(out))
    wait_for(out, random.randint(1, 150), process)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    kept = finished(out)
    assert kept < 200 and not (out / "results.csv").exists()
    ran: list[int] = []
    bs.sweep(path, out, progress=lambda done, total: ran.append(done))
    assert ran[0] == kept and contents(out) == contents(whole)


def test_a_killed_worker_is_replaced_and_its_cell_run_again(many: tuple[Path, Path], tmp_path: Path) -> None:
    path, whole = many
    out = tmp_path / "out"
    killed: list[int] = []

    def kill_one(done: int, total: int) -> None:
        if done in (20, 120):
            workers = subprocess.run(["pgrep", "-P", str(os.getpid()), "-f", "loky"], capture_output=True, text=True).stdout.split()
            victims = [int(w) for w in workers if b"resource_tracker" not in Path(f"/proc/{w}/cmdline").read_bytes()]
            os.kill(victims[0], signal.SIGKILL)
            killed.append(victims[0])

    said: list[str] = []
    bs.sweep(path, out, jobs=2, progress=kill_one, say=said.append)
    assert len(killed) == 2 and said
    assert contents(out) == contents(whole)


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A dask scheduler with two workers: its address, the workers and itself."""
    file = tmp_path / "scheduler.json"
    scheduler = start("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
    workers = [
        start("-m", "distributed.cli.dask_worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", str(tmp_path))
        for _ in range(2)
    ]
    while not file.exists() and scheduler.poll() is None:
        time.sleep(0.05)
    yield json.loads(file.read_text())["address"], [*workers, scheduler]
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


@pytest.mark.filterwarnings("ignore:make_current:DeprecationWarning")
def test_one_of_two_dask_workers_is_killed(many: tuple[Path, Path], tmp_path: Path, scheduler: tuple[str, list[subprocess.Popen[bytes]]]) -> None:
    path, whole = many
    address, workers = scheduler
    with distributed.Client(address) as client:
        client.wait_for_workers(2)

    def kill_one(done: int, total: int) -> None:
        if done == 30:
            workers[0].kill()

    bs.sweep(path, tmp_path / "out", scheduler=address, progress=kill_one)
    assert workers[0].wait() == -signal.SIGKILL
    assert contents(tmp_path / "out") == contents(whole)


@pytest.mark.filterwarnings("ignore:make_current:DeprecationWarning")
def test_a_scheduler_that_goes_away_takes_no_finished_cell_along(
    many: tuple[Path, Path], tmp_path: Path, scheduler: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    path, whole = many
    address, processes = scheduler
    with pytest.raises(bs.ConfigError, match=f"scheduler={address}: answers no longer; finished cells are kept"):
        bs.sweep(path, tmp_path / "out", scheduler=address, progress=lambda done, _: processes[-1].kill() if done == 30 else None)
    assert 30 <= finished(tmp_path / "out") < 200
    bs.sweep(path, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(whole)


@pytest.mark.filterwarnings("ignore:make_current:DeprecationWarning")
def test_no_scheduler_answers(tmp_path: Path) -> None:
    with pytest.raises(bs.ConfigError, match="scheduler=tcp://127.0.0.1:1: no dask scheduler answers"):
        bs.sweep(study(tmp_path, SMALL), tmp_path / "out", scheduler="tcp://127.0.0.1:1")


def test_a_study_that_has_grown_keeps_what_it_shares(tmp_path: Path) -> None:
    bs.sweep(study(tmp_path, SMALL), tmp_path / "out")
    ran: list[int] = []
    grown = bs.sweep(study(tmp_path, SMALL.replace('"merged", ', '"merged", "parallel", ')), tmp_path / "out", progress=lambda d, _: ran.append(d))
    assert ran == [4, 5, 6] and len(grown.rows) == 6


def test_two_sweeps_in_one_folder_are_refused(many: tuple[Path, Path], tmp_path: Path) -> None:
    path, _ = many
    out = tmp_path / "out"
    process = start("-m", "bbmsim", "sweep", str(path), "--out", str(out), "-j", "1")
    wait_for(out, 1, process)
    with pytest.raises(bs.ConfigError, match="another sweep is at work"):
        bs.sweep(path, out)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def test_a_guest_that_fails_is_a_row_like_another(tmp_path: Path) -> None:
    text = SMALL.replace('"bbm-strict"', '"lazy"')  # breaks rules on the mixed board
    found = bs.sweep(study(tmp_path, text), tmp_path / "out")
    assert [row["violations"] > 0 for row in found.rows] == [False, False, False, True]
    assert found.exit_status == 1


def test_one_at_a_time(tmp_path: Path) -> None:
    text = SMALL + """
    [sensitivity]
    [sensitivity.ranges]
    "board.hop_ns" = [10, 400]
    "core.memory_cycles" = [80, 320]
    """
    found = bs.sweep(study(tmp_path, text), tmp_path / "out")
    assert [row["sample"] for row in found.rows[:5]] == ["base", "board.hop_ns=low", "board.hop_ns=high", "core.memory_cycles=low", "core.memory_cycles=high"]
    first, second = swings(found, "repaint_us")
    assert (first.key, second.key) == ("board.hop_ns", "core.memory_cycles")
    assert first.low < 1 < first.high
    for name in ("t.png", "t.svg"):
        found.tornado(tmp_path / name)
    assert (tmp_path / "t.png").read_bytes()[:4] == b"\x89PNG" and "board.hop_ns" in (tmp_path / "t.svg").read_text()
    assert "what moves repaint_us, mean of 4 cells" in (tmp_path / "t.svg").read_text()
    with pytest.raises(bs.ConfigError, match="metric=nonsense"):
        found.tornado(tmp_path / "t.png", "nonsense")
    loaded = bs.load_sweep(tmp_path / "out")
    assert swings(loaded, "repaint_us") == swings(found, "repaint_us")
    loaded.html(tmp_path / "s.html")
    assert "what moves repaint_us" in (tmp_path / "s.html").read_text()


def test_the_table_shows_what_varies_and_not_the_ends_of_ranges(tmp_path: Path, bbmsim: Bbmsim) -> None:
    done = bbmsim("sweep", str(study(tmp_path, SMALL + "[sensitivity.ranges]\n    'board.hop_ns' = [10, 400]\n")))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("poweroff") == 4 and "and 8 runs at the ends of ranges\n" in done.stdout
    assert "what moves repaint_us" in done.stdout


def test_a_latin_hypercube_has_one_sample_in_each_part() -> None:
    plan = Sensitivity("latin-hypercube", {"board.hop_ns": (0, 1000), "core.alu": (0.0, 1.0)}, samples=10, seed=4)
    points = plan.points({})
    assert points == plan.points({}) and len(points) == 10
    for key, width in (("board.hop_ns", 100), ("core.alu", 0.1)):
        assert sorted(int(float(p[key]) / width) for _, p in points) == list(range(10))
    assert all(isinstance(p["board.hop_ns"], int) and isinstance(p["core.alu"], float) for _, p in points)


def test_the_hypercube_finds_what_matters(tmp_path: Path) -> None:
    text = SMALL.replace('"merged", ', "").replace(', "cortex-x4,cortex-a720"', "") + """
    [sensitivity]
    method = "latin-hypercube"
    samples = 12
    [sensitivity.ranges]
    "core.memory_cycles" = [80, 320]
    "core.divide" = [4.0, 12.0]
    """
    first, second = swings(bs.sweep(study(tmp_path, text), tmp_path / "out"), "repaint_us")
    assert first.key == "core.memory_cycles" and first.correlation is not None and first.correlation > 0.9
    assert second.width < first.width / 5


@pytest.mark.parametrize("path", sorted((ROOT / "docs" / "study").glob("*.toml")), ids=lambda p: p.stem)
def test_the_studies_that_come_with_bbmsim_are_sound(path: Path) -> None:
    plan = bs.Study.load(path)
    plan.check()
    assert plan.name == path.stem and plan.title
