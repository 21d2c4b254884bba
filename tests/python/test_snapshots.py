# SPDX-License-Identifier: Apache-2.0
"""A run that is saved is the run that is not, and a run that goes on from a snapshot is the one that was never interrupted."""

from __future__ import annotations

import json
import random
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import bbmsim as bs
import pytest
from bbmsim import _core, snapshot
from conftest import Bbmsim, environment

LINEAR = 0xFFFF_0000_0000_0000
CORES = "cortex-x4,cortex-a720*2,cortex-a520"


def board(tlb: str = "typical", schedule: str = "default") -> bs.Board:
    from bbmsim.config import parse_schedule, tlb_mode

    return bs.Board(cores=tlb_mode(bs.parse_cores(CORES), tlb), memory="64MiB", schedule=parse_schedule(schedule))


def simulation(tlb: str = "typical", schedule: str = "default", **guest: str) -> bs.Simulation:
    return bs.Simulation(board(tlb, schedule), bs.bare("repaint", **guest), seed=7)


def figures(result: bs.Result) -> dict[str, Any]:
    return {name: value for name, value in result.record.items() if name != "host"}


CASES: dict[str, dict[str, str]] = {
    "typical": {},
    "nasty": {"tlb": "nasty"},
    "sabotaged": {"tlb": "nasty", "sabotage": "local-flush"},
    "random schedule": {"schedule": "random"},
    "pct schedule": {"schedule": "pct", "tlb": "speculate,late_walk,late_tlbi"},
    "targeted schedule": {"schedule": "targeted"},
}


@pytest.mark.parametrize("case", CASES)
def test_goes_on_from_any_moment_as_if_never_interrupted(case: str, tmp_path: Path) -> None:
    plain = simulation(**CASES[case]).run(timeout="30ms")
    end = plain.record["simulated_ps"]
    repaint = plain.record["phases"]["repaint"]
    draw = random.Random(case)
    times = [*(draw.randrange(repaint["begin_ps"], repaint["end_ps"]) for _ in range(4)), *(draw.randrange(end) for _ in range(2))]
    moments = [*(f"{ps / 1000:.3f}ns" for ps in times), "bring_up_cores", "flush_tlb_kernel_range", "barrier+0x8"]
    saving = simulation(**CASES[case])
    saving.save(tmp_path / "reset.snap")
    for i, moment in enumerate(moments):
        saving.save_at(moment, tmp_path / f"{i}.snap")
    assert figures(saving.run(timeout="30ms")) == figures(plain)
    assert saving.unsaved == []
    for name in ("reset", *range(len(moments))):
        resumed = bs.resume(tmp_path / f"{name}.snap")
        assert 0 <= resumed.now_ps <= end
        assert figures(resumed.run(timeout="30ms")) == figures(plain), (name, moments)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The board as its first core begins to repaint."""
    path = tmp_path_factory.mktemp("snapshot") / "repaint.snap"
    sim = simulation()
    sim.save_at("repaint_on_boot_core", path)
    sim.run()
    return path


def test_a_snapshot_is_resumed_any_number_of_times(saved: Path) -> None:
    first, second = bs.resume(saved), bs.resume(saved)
    first.step(1_000_000)
    assert figures(second.run()) == figures(first.run()) == figures(simulation().run())


def test_a_snapshot_of_a_resumed_run_is_one_of_the_whole_run(saved: Path, tmp_path: Path) -> None:
    first = bs.resume(saved)
    first.step(50_000_000)
    first.save(tmp_path / "second.snap")
    assert bs.resume(tmp_path / "second.snap").now_ps == first.now_ps
    assert figures(bs.resume(tmp_path / "second.snap").run()) == figures(simulation().run())


def test_a_fault_injected_after_resuming_strikes(saved: Path) -> None:
    sim = bs.resume(saved)
    sim.inject(bs.TlbConflict(core=0, va=LINEAR, size=1 << 40, after=bs.symbol("flush_tlb_kernel_range")))
    result = sim.run()
    assert [i["fired"] for i in result.record["injected"]] == [1]
    assert result.record["cores"][0]["conflict_aborts"] == 1


def test_an_injection_goes_on_where_it_was(tmp_path: Path) -> None:
    def faulty() -> bs.Simulation:
        sim = simulation()
        sim.inject(bs.LateTlbi(core=1, delay="200us", times=0))
        sim.inject(bs.SpuriousWake(core=2, probability=0.5, times=0))
        sim.inject(bs.TlbConflict(core=3, va=LINEAR, size=1 << 40, sticky=True))
        return sim

    plain = faulty().run()
    sim = faulty()
    sim.save_at("400us", tmp_path / "a.snap")
    sim.run()
    assert figures(bs.resume(tmp_path / "a.snap").run()) == figures(plain)


def test_forks_go_their_own_ways(saved: Path) -> None:
    parent = bs.resume(saved)
    children = [parent.fork() for _ in range(4)]
    for core, child in enumerate(children):
        child.inject(bs.Stall(core=core, duration="50us"))
    results = [child.run() for child in children]
    assert len({json.dumps(figures(r), sort_keys=True) for r in results}) == len(results)
    assert figures(parent.fork().run()) == figures(parent.run())


def test_a_fork_with_another_seed_or_schedule_has_another_future(tmp_path: Path) -> None:
    parent = simulation("nasty")
    parent.step(300_000_000)
    plain, seeded, scheduled = parent.fork().run(), parent.fork(seed=8).run(), parent.fork(schedule="random").run()
    assert figures(parent.fork(seed=8).run()) == figures(seeded)
    assert seeded.record["seed"] == 8 and scheduled.record["board"]["schedule"]["name"] == "random"
    assert len({r.record["simulated_ps"] for r in (plain, seeded, scheduled)}) == 3


def test_powers_of_the_tlb_may_begin_in_the_middle_but_not_other_tlbs(saved: Path) -> None:
    nasty = bs.resume(saved, tlb="speculate,late_tlbi").run()
    assert sum(c["tlb"]["speculative_walks"] for c in nasty.record["cores"]) > 0
    with pytest.raises(bs.ConfigError, match="retain"):
        bs.resume(saved, tlb="nasty")


def test_what_is_typed_and_profiled_is_kept(tmp_path: Path) -> None:
    def profiled() -> bs.Simulation:
        sim = simulation()
        sim.profile(interval_cycles=5000)
        sim.phase("flush", enter="flush_tlb_kernel_range")
        sim.map_at("flush_tlb_kernel_range:return")
        return sim

    plain = profiled().run()
    sim = profiled()
    sim.save_at("500us", tmp_path / "p.snap")
    sim.run()
    resumed = bs.resume(tmp_path / "p.snap").run()
    assert figures(resumed) == figures(plain)
    assert plain.profile is not None and resumed.profile is not None
    assert plain.record["phases"]["flush"]["count"] > 0


# --- files that are none


def damaged(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


def refused(path: Path) -> str:
    with pytest.raises(bs.ConfigError) as caught:
        bs.resume(path)
    assert str(caught.value).startswith(f"resume={path}: ") and "\n" not in str(caught.value)
    return str(caught.value)


def test_files_that_are_no_snapshots_are_refused_by_name(saved: Path, tmp_path: Path) -> None:
    data = saved.read_bytes()
    path = tmp_path / "wrong.snap"
    assert "can't be read" in refused(path)
    other, former = (
        data[: len(snapshot.MAGIC)] + version.to_bytes(4, "little") + data[len(snapshot.MAGIC) + 4 :] for version in (99, snapshot.VERSION - 1)
    )
    for contents, why in (
        (b"", "not a snapshot"),
        (b"\x7fELF" + bytes(100), "not a snapshot"),
        (data[:7], "truncated"),
        (data[:20], "truncated"),
        (data[:100], "truncated"),
        (data[:-1], "truncated"),
        (data + b"\0", "damaged"),
        (other, f"a snapshot of format 99; this is bbmsim {_core.version}, which reads format {snapshot.VERSION}"),
        (former, f"a snapshot of format {snapshot.VERSION - 1}; this is bbmsim {_core.version}, which reads format {snapshot.VERSION}"),
        (damaged(data, 200), "damaged"),
    ):
        path.write_bytes(contents)
        assert why in refused(path)
    draw = random.Random(1)
    for _ in range(30):
        path.write_bytes(damaged(data, draw.randrange(len(snapshot.MAGIC) + 12, len(data))))
        assert "damaged" in refused(path)
        path.write_bytes(data[: draw.randrange(len(data))])
        assert refused(path)


def test_a_snapshot_of_another_build_is_refused(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bbmsim._core.state_layout", "0123456789abcdef")
    assert "another build" in refused(saved)


def test_a_run_that_is_over_can_not_be_saved(tmp_path: Path) -> None:
    sim = simulation()
    sim.run()
    with pytest.raises(bs.BbmsimError, match="over"):
        sim.save(tmp_path / "late.snap")
    assert list(tmp_path.iterdir()) == []


# --- the command line

RUN = ("run", "repaint", "--memory", "64MiB", "-q")


def test_the_command_line_saves_and_resumes(bbmsim: Bbmsim, tmp_path: Path) -> None:
    file, whole, rest = tmp_path / "a.snap", tmp_path / "whole.json", tmp_path / "rest.json"
    done = bbmsim(*RUN, "--save-at", "repaint_on_boot_core", str(file), "--json", str(whole))
    assert (done.returncode, done.stderr) == (0, "")
    done = bbmsim("run", "--resume", str(file), "-q", "--json", str(rest))
    assert (done.returncode, done.stderr) == (0, "")
    assert figures(bs.Result.load(rest)) == figures(bs.Result.load(whole))
    for option in (("--cores", "cortex-x4"), ("--poke", "0x40000000=nop"), ("--set", "verify=none"), ("--bench",)):
        done = bbmsim("run", "--resume", str(file), *option)
        assert done.returncode == 2 and option[0].lstrip("-") in done.stderr and "--resume" in done.stderr
    done = bbmsim("run", "--resume", str(whole))
    assert done.returncode == 2 and done.stderr == f"bbmsim: resume={whole}: not a snapshot\n"


def test_wrong_moments_and_places_end_with_status_2(bbmsim: Bbmsim, tmp_path: Path) -> None:
    for moment, file, why in (
        ("no_such_symbol", "a.snap", "no such symbol"),
        ("5parsecs", "a.snap", "not a time"),
        ("repaint_on_boot_core", "nowhere/a.snap", "there is no folder"),
        ("repaint_on_boot_core", "/dev/full", "No space left"),
        ("50s", "a.snap", "the run ended before"),
    ):
        done = bbmsim(*RUN, "--save-at", moment, file)
        assert done.returncode == 2 and why in done.stderr and "save-at=" in done.stderr, (moment, done.stderr)
        assert done.stderr.count("\n") == 1
    assert list((tmp_path / "cwd").iterdir()) == []


def test_a_disk_that_is_full_leaves_nothing_behind(tmp_path: Path) -> None:
    limit = 4096

    def little_room() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [sys.executable, "-m", "bbmsim", *RUN, "--save-at", "repaint_on_boot_core", "a.snap"], cwd=tmp_path, env=environment(),
        capture_output=True, text=True, timeout=300, preexec_fn=little_room,
    )
    assert done.returncode == 2 and "save-at=a.snap: can't be written (File too large)" in done.stderr
    assert list(tmp_path.iterdir()) == []
