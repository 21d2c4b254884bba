# SPDX-License-Identifier: Apache-2.0
"""Every strategy, on the boards that the catalog calls safe and on the one that it calls unsafe; and the map that is
left, walked by the host, against the map of page-from-boot.
"""

from __future__ import annotations

import re
import struct
from functools import cache
from pathlib import Path

import pytest

import bbmsim as bs
from bbmsim import catalog
from conftest import ROOT, Bbmsim

STRATEGIES = catalog.load().strategies
SPLITTERS = [name for name in STRATEGIES if name not in ("page-from-boot", "kpti-ng", "lazy")]
MIX = "cortex-x4,cortex-a720*3"
LINEAR_VA, RAM_BASE, RAM = 0xFFFF_0000_0000_0000, 0x4000_0000, 64 << 20
ADDRESS, NG, CONT = 0x0000_FFFF_FFFF_F000, 1 << 11, 1 << 52
LEAF_BITS = {"4k": 9, "16k": 11, "64k": 13}
SHIFT = {"4k": 12, "16k": 14, "64k": 16}

Leaf = tuple[int, int, int]  #: physical address, attributes, level


def simulation(strategy: str, cores: str, memory: str | int = RAM, **set: object) -> bs.Simulation:
    board = bs.Board(cores=bs.parse_cores(cores), memory=memory)
    return bs.Simulation(board, bs.bare("repaint", strategy=strategy, **set), seed=3)


def linear_map(sim: bs.Simulation, granule: str = "4k") -> dict[int, Leaf]:
    """What each granule of the linear map translates to by the tables that core 0's TTBR1 names."""
    found: dict[int, Leaf] = {}
    bits, shift = LEAF_BITS[granule], SHIFT[granule]

    def walk(table: int, level: int, va: int) -> None:
        span = 1 << (shift + (3 - level) * bits)
        for i, (d,) in enumerate(struct.iter_unpack("<Q", sim.memory.read(table, 8 << (9 if level == 0 and bits == 9 else bits)))):
            at = va + i * span
            if at >= LINEAR_VA + RAM:
                return
            if d & 1 and d & 2 and level < 3:
                walk(d & ADDRESS, level + 1, at)
            elif d & 1:
                for page in range(at, at + span, 1 << shift):
                    found[page] = ((d & ADDRESS & ~(span - 1)) + page - at, d & ~ADDRESS & ~3, level)

    walk(sim.cores[0].sysreg("TTBR1_EL1") & ADDRESS, 1 if granule == "64k" else 0, LINEAR_VA)
    return found


@cache
def map_after(strategy: str, cores: str = MIX, granule: str = "4k") -> dict[int, Leaf]:
    sim = simulation(strategy, cores, granule=granule, verify="none")
    assert sim.run().outcome == "poweroff"
    return linear_map(sim, granule)


CASES = [(name, cores) for name, s in STRATEGIES.items() for cores in s.safe]


@pytest.mark.parametrize(("strategy", "cores"), CASES)
def test_no_finding_where_it_is_said_to_be_safe(strategy: str, cores: str) -> None:
    result = simulation(strategy, cores, "128MiB").run(timeout="10s")
    assert (result.violations, result.hazards, result.outcome) == ([], [], "poweroff")
    assert result.record["verified"]["ok"]
    if strategy != "page-from-boot":
        phase = result.phases["repaint"]
        assert phase.total_cycles == sum(sum(c.cycles.values()) for c in phase.cores)


@pytest.mark.parametrize("strategy", [name for name, s in STRATEGIES.items() if s.unsafe])
def test_findings_where_it_is_not(strategy: str) -> None:
    unsafe = STRATEGIES[strategy].unsafe
    assert unsafe is not None
    result = simulation(strategy, unsafe[0], "128MiB").run(timeout="10s")
    assert {v.rule for v in result.violations} == set(unsafe[1])


@pytest.mark.parametrize("strategy", [name for name, s in STRATEGIES.items() if not s.unsafe])
def test_what_is_safe_anywhere_needs_no_level(strategy: str) -> None:
    assert STRATEGIES[strategy].needs_bbml == 0
    result = simulation(strategy, "cortex-a720,cortex-a520,cortex-a55", "64MiB").run(timeout="10s")
    assert (result.violations, result.hazards, result.outcome) == ([], [], "poweroff")


@pytest.mark.parametrize("granule", ["4k", "16k", "64k"])
@pytest.mark.parametrize("strategy", SPLITTERS)
def test_the_map_that_is_left_is_that_of_page_from_boot(strategy: str, granule: str) -> None:
    """Output address, attributes and level of each page; the kernel text's alias stays as it was painted."""
    assert map_after(strategy, granule=granule) == map_after("page-from-boot", granule=granule)


def test_kpti_makes_every_leaf_non_global_and_changes_nothing_else() -> None:
    before, after = map_after("page-from-boot"), map_after("kpti-ng")
    assert {va: (pa, bits | NG, level) for va, (pa, bits, level) in before.items()} == after


def test_lazy_changes_no_translation() -> None:
    def translations(leaves: dict[int, Leaf]) -> dict[int, tuple[int, int]]:
        return {va: (pa, bits & ~CONT) for va, (pa, bits, _) in leaves.items()}

    left = map_after("lazy", "cortex-x4*2")
    assert translations(left) == translations(map_after("page-from-boot"))
    assert {level for _, _, level in left.values()} == {2, 3}


@pytest.mark.parametrize("dsb", ["entry", "batched"])
@pytest.mark.parametrize("tlbi", ["page", "range", "level", "all"])
@pytest.mark.parametrize("strategy", ["merged", "bbm-strict", "bbm-ipi", "nt-level1", "hotplug"])
def test_every_way_to_flush_is_complete(strategy: str, tlbi: str, dsb: str) -> None:
    """The boot core is not conflict-free, so what a flush forgets is a finding; under the nasty TLB, which holds all."""
    board = bs.Board(cores=bs.nasty(bs.parse_cores("cortex-x4:conflict_free=0,cortex-a720")), memory=RAM)
    workload = bs.bare("repaint", strategy=strategy, tlbi=tlbi, dsb=dsb, verify="none")
    result = bs.Simulation(board, workload, seed=1).run(timeout="10s")
    assert (result.violations, result.outcome) == ([], "poweroff")


def tlbis(strategy: str, tlbi: str) -> dict[str, int]:
    phase = simulation(strategy, "cortex-x4", tlbi=tlbi, verify="none").run().phases["repaint"]
    return dict(phase.cores[0].tlbi)


def test_what_a_flush_names() -> None:
    pages = RAM >> 12
    assert tlbis("merged", "all") == {"vmalle1is": 1}
    assert tlbis("merged", "page") == {"vaale1is": pages}
    assert set(tlbis("merged", "range")) == {"rvaale1is"} and tlbis("merged", "range")["rvaale1is"] < 4
    by_level = tlbis("merged", "level")["vaale1is"]
    assert by_level < pages / 100


def test_table_pages_zeroed_first_cost_more_and_by_zva_less_than_by_stores() -> None:
    def cycles(**set: str) -> int:
        return simulation("merged", "cortex-x4", verify="none", **set).run().phases["repaint"].total_cycles

    pool, stores, zva = cycles(), cycles(tables="zeroed"), cycles(tables="zeroed", zero="zva")
    assert pool < zva < stores


def test_a_list_of_calls_is_replayed(tmp_path: Path) -> None:
    calls = tmp_path / "calls"
    calls.write_text("# one page, then a block and its neighbour\nro 0x2000000 1\nrw 0x2000000 1\nnx 0x2200000 1024  # aligned: no split\n")
    sim = simulation("lazy", "cortex-x4*2", set_memory=calls)
    sim.map_at("end")
    result = sim.run()
    assert (result.violations, result.outcome) == ([], "poweroff")
    splits = [c for c in result.record["map_changes"] if c["kind"] == "split" and c["symbol"].startswith("split_block")]
    assert sum(c["descriptors"] for c in splits) == 1
    assert str(calls) == result.record["workload"]["parameters"]["set_memory"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("ro 0x1000", ":1: expected WHAT OFFSET PAGES"),
        ("\nrx 0x1000 1", ":2: rx: expected one of ro, rw, x, nx, invalid, valid"),
        ("ro 0x1234 1", "expected a multiple of the granule, 4096 bytes"),
        ("ro 0x1000 0", "0: expected a number of pages"),
        ("ro here 1", "here: expected an offset"),
        ("# nothing", "0 calls"),
        ("ro 0x1000 1\n" * 4097, "4097 calls; 1 to 4096"),
    ],
)
def test_a_wrong_list_says_where(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "calls"
    path.write_text(text)
    with pytest.raises(bs.ConfigError) as raised:
        bs.bare("repaint", strategy="lazy", set_memory=path)
    assert said in str(raised.value) and str(path) in str(raised.value)


def test_a_list_is_for_lazy_alone(tmp_path: Path) -> None:
    with pytest.raises(bs.ConfigError, match="only strategy=lazy"):
        bs.bare("repaint", strategy="merged", set_memory=tmp_path)


@pytest.mark.parametrize(
    ("cores", "options", "said"),
    [
        ("cortex-a57*2", "strategy=parallel sabotage=no-flush", "sabotage=no-flush: strategy=parallel has not the flush"),
        ("cortex-a57*2", "strategy=hotplug secondaries=in-map", "secondaries=in-map: strategy=hotplug parks nobody; possible with rfc-range, "),
        ("cortex-a57*2", "strategy=lazy sabotage=no-rendezvous", "sabotage=no-rendezvous: strategy=lazy parks nobody"),
        ("cortex-x4,cortex-a57", "tlbi=range", "tlbi=range: core 1 (cortex-a57) has no FEAT_TLBIRANGE; possible with these cores: auto, page, all"),
        ("cortex-x4,cortex-x4:ttl=0", "tlbi=level", "tlbi=level: core 1 (cortex-x4) has no FEAT_TTL; possible with these cores: auto, page, all, range"),
        ("cortex-x4,cortex-a72", "granule=16k", "granule=16k: core 1 (cortex-a72) has no 16K granule; possible with these cores: 4k, 64k"),
        ("cortex-x4:granule_64k=0", "granule=64k", "granule=64k: core 0 (cortex-x4) has no 64K granule; possible with these cores: 4k, 16k"),
        ("cortex-x4:granule_4k=0", "", "granule=4k: core 0 (cortex-x4) has no 4K granule; possible with these cores: 16k, 64k"),
        ("cortex-x4", "granule=16k blocks=1g", "blocks=1g: only with granule=4k"),
        ("cortex-x4", "cpus=0", "cpus=0: 1 or more"),
        ("cortex-x4*64,cortex-x4", "", "65"),
    ],
)
def test_what_is_impossible_is_refused_before_anything_runs(cores: str, options: str, said: str, bbmsim: Bbmsim) -> None:
    words = [word for option in options.split() for word in ("--set", option)]
    done = bbmsim("run", "--cores", cores, "--memory", "64M", *words)
    assert done.returncode == 2 and said in done.stderr and done.stderr.count("\n") == 1 and not done.stdout


def test_cores_that_are_not_used_may_lack_it(bbmsim: Bbmsim) -> None:
    done = bbmsim("run", "--cores", "cortex-x4,cortex-a72", "--memory", "64M", "--set", "granule=16k", "--set", "cpus=1", "-q")
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_catalog_says_of_a_strategy_is_what_its_file_says_to_the_guest() -> None:
    for file in (ROOT / "workloads" / "bare" / "strategies").glob("*.c"):
        found = re.search(r'\.name = "([^"]+)"(.*?)};', file.read_text(), re.DOTALL)
        if found is None:
            continue
        strategy = catalog.load().strategies[found[1]]
        assert strategy.parks == (".secondary" not in found[2]), strategy.name
        assert strategy.flushes == (".flushes = true" in found[2] or ".repaint" not in found[2]), strategy.name
