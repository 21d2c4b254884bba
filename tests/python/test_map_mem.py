# SPDX-License-Identifier: Apache-2.0
"""map-mem: the linear map is made through the fixmap, at each step of the kernel's rework of 2024."""

from __future__ import annotations

from functools import cache

import pytest

import bbmsim as bs
from conftest import Bbmsim

STEPS = ("base", "no-cont-remap", "batched-barriers", "no-alloc-remap")
GRANULES = {"4k": (12, 16), "16k": (14, 128), "64k": (16, 32)}  #: page bits, pages of a contiguous group
RAM, RAM_BASE, LINEAR_VA = 256 << 20, 0x4000_0000, 0xFFFF_0000_0000_0000


def simulation(step: str, granule: str = "4k", **set: object) -> bs.Simulation:
    board = bs.Board(cores=bs.parse_cores("cortex-a720*2"), memory=RAM)
    return bs.Simulation(board, bs.bare("map-mem", step=step, granule=granule, **set), seed=1)


@cache
def result(step: str, granule: str = "4k") -> bs.Result:
    return simulation(step, granule, verify="sample").run()


@pytest.mark.parametrize("granule", GRANULES)
@pytest.mark.parametrize("step", STEPS)
def test_the_map_is_made_and_every_core_reads_through_it(step: str, granule: str) -> None:
    r = result(step, granule)
    assert (r.outcome, r.violations, r.hazards) == ("poweroff", [], [])
    assert r.record["verified"]["ok"]


@pytest.mark.parametrize("granule", GRANULES)
def test_every_page_is_mapped_once_and_by_a_page(granule: str) -> None:
    sim = simulation("no-alloc-remap", granule, verify="none")
    assert sim.run().outcome == "poweroff"
    bits = GRANULES[granule][0]
    for offset in (0, 0x40_0000, 0x123_4000, RAM // 2, RAM - (1 << bits)):
        found = sim.walk(core=0, va=LINEAR_VA + offset)
        assert (found.pa, found.level) == (RAM_BASE + offset, 3)


def maintenance(r: bs.Result) -> tuple[int, int, int]:
    """TLBIs, DSBs and live level 3 writes of map_mem() on core 0."""
    core = r.phases["map_mem"].cores[0]
    assert set(core.tlbi) == {"vaale1is"}
    return core.tlbi["vaale1is"], core.dsb, core.descriptor_writes["3"]


def test_tlbis_and_barriers_are_those_of_the_kernel() -> None:
    """With 4K: each table is unmapped from the fixmap once for its zeroes and once for each 16 entries; then less."""
    tables = {step: result(step).results["tables.made"] for step in STEPS}
    assert len(set(tables.values())) == 1
    made, pages = tables["base"], (RAM >> 12) - 512  # the text's alias is one block of 2 MiB
    level3 = made - 2  # one at level 1, one at level 2
    groups2 = RAM >> 25  # of 16 * 2 MiB; the text's alias and what is before it are ranges of their own
    for step, windows in {
        "base": made + level3 * 32 + groups2 + 2 + 3,
        "no-cont-remap": made + level3 + 3 + 3,
        "batched-barriers": made + level3 + 3 + 3,
        "no-alloc-remap": level3 + 3 + 3,
    }.items():
        windows += 1  # the root is written through one
        tlbis, dsbs, writes = maintenance(result(step))
        links = made - 1 + 1  # every table but that of the root, and the block
        assert tlbis == windows == result(step).results["fixmap.sets"]
        per_page = pages if step in ("base", "no-cont-remap") else 0
        zeroes = made if step == "no-alloc-remap" else 0
        assert dsbs == 3 * windows + links + per_page + zeroes
        assert writes == pages + 2 * windows  # and the fixmap's own entries


def test_each_step_is_faster_than_the_one_before() -> None:
    times = [result(step).phases["map_mem"].duration_ps for step in STEPS]
    assert times == sorted(times, reverse=True) and len(set(times)) == len(times)


def test_a_core_that_is_off_receives_nothing() -> None:
    phase = result("base").phases["map_mem"]
    assert phase.cores[1].instructions == 0 and phase.cores[1].cycles["parked"] == phase.cores[1].total_cycles


def test_options_are_checked(bbmsim: Bbmsim) -> None:
    done = bbmsim("run", "map-mem", "--set", "step=lazy-unmap")
    assert done.returncode == 2 and "step=lazy-unmap: no such step" in done.stderr
    done = bbmsim("run", "map-mem", "--set", "strategy=merged")
    assert done.returncode == 2 and "map-mem has no such parameter" in done.stderr
