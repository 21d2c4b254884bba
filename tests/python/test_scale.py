# SPDX-License-Identifier: Apache-2.0
"""Large memories and many cores: what the host needs for them, and that nothing runs out on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import bbmsim as bs
from bbmsim import catalog
from conftest import Bbmsim

MIB, GIB, TIB = 1 << 20, 1 << 30, 1 << 40
LARGE_PA = "neoverse-v3,neoverse-n1*3"  #: 48-bit physical addresses
STRATEGIES = list(catalog.load().strategies)


def record(bbmsim: Bbmsim, folder: Path, memory: str, *set: str, cores: str = LARGE_PA) -> dict[str, Any]:
    """Of a process of its own: its peak memory is the run's."""
    path = folder / "run.json"
    done = bbmsim("run", "--cores", cores, "--memory", memory, "--json", str(path), *(f"--set={s}" for s in set))
    assert done.returncode == 0, done.stdout + done.stderr
    out: dict[str, Any] = json.loads(path.read_text())
    assert out["outcome"] == "poweroff" and not out["violations"] and not out["hazards"]
    return out


def check_strategy(bbmsim: Bbmsim, folder: Path, strategy: str, memory: int, most_beside_tables: int) -> None:
    mix = "neoverse-v3*4" if strategy == "lazy" else LARGE_PA
    run = record(bbmsim, folder, str(memory), f"strategy={strategy}", "verify=none", cores=mix)
    descriptors = memory // 4096
    if strategy == "lazy":
        assert run["phases"]["repaint"]["table_pages"] < 100
    else:
        filled = "paint" if strategy in ("page-from-boot", "kpti-ng") else "repaint"
        assert run["host"]["guest_ram_bytes"] > 8 * descriptors, "each descriptor of each table was written"
        assert filled in run["phases"]
    host = run["host"]
    assert host["peak_rss_bytes"] < host["guest_ram_bytes"] + most_beside_tables


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_64_gib_need_their_tables_and_little_more(bbmsim: Bbmsim, tmp_path: Path, strategy: str) -> None:
    """16.8 million descriptors in 128 MiB of tables."""
    check_strategy(bbmsim, tmp_path, strategy, 64 * GIB, 160 * MIB)


@pytest.mark.long
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_tebibyte(bbmsim: Bbmsim, tmp_path: Path, strategy: str) -> None:
    """268 million descriptors in 2 GiB of tables."""
    check_strategy(bbmsim, tmp_path, strategy, TIB, 2 * GIB)


def test_a_tlbi_for_each_page_is_remembered_once_for_what_it_covers(bbmsim: Bbmsim, tmp_path: Path) -> None:
    """A million TLBIs before one DSB, of which 512 cover the same block."""
    host = record(bbmsim, tmp_path, "4GiB", "strategy=merged", "tlbi=page", "verify=none")["host"]
    assert host["peak_rss_bytes"] < host["guest_ram_bytes"] + 110 * MIB


def test_the_host_says_which_phase_took_its_time(bbmsim: Bbmsim, tmp_path: Path) -> None:
    run = record(bbmsim, tmp_path, "2GiB", "verify_stride=4096")
    host = run["host"]
    assert {"paint", "repaint", "verify"} <= set(host["phases"]) <= {p for p, v in run["phases"].items() if v["core"] == 0}
    assert host["phases"]["verify"]["wall_s"] > 0 < host["phases"]["repaint"]["cpu_s"] and host["check_s"] > 0
    peaks = [host["phases"][name]["peak_rss_bytes"] for name in ("paint", "repaint", "verify")]
    assert peaks == sorted(peaks) and peaks[-1] <= host["peak_rss_bytes"]


def flipped(**set: str) -> bs.Result:
    """Core 3 holds one wrong entry, for a page that core 0 verifies if the map is divided."""
    board = bs.Board(cores=bs.parse_cores("cortex-x4,cortex-a720*3"), memory="64MiB")
    sim = bs.Simulation(board, bs.bare("repaint", strategy="merged", **set))
    sim.inject(bs.TlbFlip(core=3, va=0xFFFF_0000_0080_0000, bit=13, after=bs.symbol("verify_on_secondary")))
    return sim.run()


def test_only_cores_that_read_everything_find_what_one_core_holds() -> None:
    divided, everywhere = flipped(), flipped(verify_by="every-core")
    assert divided.outcome == "poweroff" and divided.record["verified"]["ok"]
    assert everywhere.outcome == "wrong-data" and everywhere.detail == "core 3 read wrong data through the map"
    places = [c["places"] for c in everywhere.record["verified"]["cores"]]
    assert places == [sum(c["places"] for c in divided.record["verified"]["cores"])] * 4


@pytest.mark.parametrize(
    "cores, said",
    [
        ("cortex-x4,cortex-a720*3", "memory=1TiB exceeds cores[0]'s 40-bit physical address range (RAM begins at 1GiB), and that of 3 more cores"),
        ("neoverse-v3,cortex-a720,neoverse-n1", "memory=1TiB exceeds cores[1]'s 40-bit physical address range (RAM begins at 1GiB)"),
    ],
)
def test_what_a_core_cannot_address_is_one_line(bbmsim: Bbmsim, cores: str, said: str) -> None:
    done = bbmsim("run", "--cores", cores, "--memory", "1TiB")
    assert done.returncode == 2 and not done.stdout
    assert done.stderr.rstrip().endswith(said) and len(done.stderr.splitlines()) == 1


MANY = "cortex-x4*16,cortex-a720*48"


def test_what_the_host_cannot_hold_is_one_line(bbmsim: Bbmsim) -> None:
    done = bbmsim("run", "--cores", "neoverse-v3", "--memory", "200TiB")
    assert done.returncode == 2 and len(done.stderr.splitlines()) == 1
    assert "memory=219902325555200 bytes: the host refused" in done.stderr


def test_64_tib_are_a_board(bbmsim: Bbmsim, tmp_path: Path) -> None:
    """Device tree, table pool and linear map beyond 40 bits; 1 GiB blocks keep the paint short."""
    run = record(bbmsim, tmp_path, "64TiB", "strategy=lazy", "blocks=1g", "verify_stride=64G", cores="neoverse-v3*2")
    assert run["verified"]["ok"] and sum(c["places"] for c in run["verified"]["cores"]) > 1000


def of_64_cores(strategy: str, **set: str) -> bs.Result:
    return bs.Simulation(bs.Board(cores=bs.parse_cores(MANY), memory="256MiB"), bs.bare("repaint", strategy=strategy, **set)).run()


@pytest.mark.parametrize("strategy", ["merged", "bbm-ipi", "parallel", "hotplug", "clone-and-switch"])
def test_64_cores_repaint_and_verify(strategy: str) -> None:
    result = of_64_cores(strategy, verify_stride="4096")
    assert (result.outcome, result.violations, result.hazards) == ("poweroff", [], [])
    cores = result.record["verified"]["cores"]
    assert result.record["verified"]["ok"] and len(cores) == 64 and all(c["places"] > 0 for c in cores)
    phase = result.phases["repaint"]
    assert len(phase.cores) == 64 and all(sum(c.cycles.values()) == c.total_cycles for c in phase.cores)


def test_cores_that_wait_execute_nothing() -> None:
    phase = of_64_cores("merged", verify="none").phases["repaint"]
    boot, *others = phase.cores
    assert all(c.instructions < 1000 and c.cycles["wfe"] > 0.9 * c.total_cycles for c in others)
    assert boot.instructions > 200 * max(c.instructions for c in others)


def test_65_cores_are_too_many(bbmsim: Bbmsim) -> None:
    done = bbmsim("run", "--cores", "cortex-x4*40,cortex-a720*25")
    assert done.returncode == 2 and "cores has 65 entries, at most 64 are possible" in done.stderr
