# SPDX-License-Identifier: Apache-2.0
"""docs/calibration.md: what is published, what is measured, and that the page is made of both."""

from __future__ import annotations

from pathlib import Path

import bbmsim as bs
import pytest
from bbmsim.config import Board
from calibration import ladder, linux, map_mem, page
from calibration.published import LATENCIES, MAP_MEM, STEPS, Latency
from calibration.rows import Row, Table, load, save
from conftest import ROOT


def test_prices_are_what_the_steps_take_away() -> None:
    """4 Mi entries of 30 ns of barriers, windows of 200 ns for each 16 then each 512, 5 ns of the rest."""
    pages = 16 << 18
    rest, barriers, window = 5.0 * pages, 30.0 * pages, 200.0
    last = rest + window * pages / 512
    ms = [last + barriers + window * (pages / 16 - pages / 512), last + barriers, last, last]
    found = map_mem.prices(tuple(t / 1e6 for t in ms), 16)
    assert (found.window, found.barriers, found.entry) == pytest.approx((200, 30, 5))


def test_two_machines_agree_on_barriers_and_not_on_tlbis() -> None:
    m2, altra = (map_mem.prices(m.ms, m.gib) for m in (MAP_MEM[0], MAP_MEM[4]))
    assert 15 < m2.barriers < 16.5 and 15 < altra.barriers < 16.5
    assert altra.window > 5 * m2.window


def test_verdicts() -> None:
    assert page.verdict(5.5, 5, 6) == "as published"
    assert page.verdict(9, 5, 6) == "+50 %" and page.verdict(4, 5, 6) == "-20 %"


def test_what_is_kept_is_what_is_read(tmp_path: Path) -> None:
    rows = [Row("tlb", "cortex-x4", "16 pages", "cycles per load", 4.0), Row("linux", "a, b", 'c "d"', "ms", 0.125)]
    save(tmp_path / "c.csv", rows)
    assert load(tmp_path / "c.csv") == rows


def test_map_mem_is_measured_step_by_step() -> None:
    table = Table(list(map_mem.steps(map_mem.Machine("neoverse-n1", 1), lambda _: None)))
    ms = map_mem.times(table, "neoverse-n1, 1GiB")
    assert len(ms) == len(STEPS) and list(ms) == sorted(ms, reverse=True)
    # One window less for every 16 entries but one in each table.
    removed = [table.value("map-mem", "neoverse-n1, 1GiB", step, "TLBIs") for step in STEPS[:2]]
    assert removed[0] - removed[1] == pytest.approx((1 << 30) / 4096 * (1 / 16 - 1 / 512), rel=0.05)


def test_a_parameter_is_changed_on_every_core_or_on_the_board() -> None:
    plain = Board(cores=bs.parse_cores("neoverse-n1*2"), memory="64MiB")
    board, value = map_mem.changed(plain, "timing.barrier", 2)
    assert [c.timing.barrier for c in board.cores] == [value] * 2 and value == 2 * plain.cores[0].timing.barrier
    board, value = map_mem.changed(plain, ".interconnect.hop_ns", 4)
    assert board.interconnect.hop_ns == value == 4 * plain.interconnect.hop_ns
    for path in map_mem.PARAMETERS:
        assert map_mem.changed(plain, path, 2)[0] != plain


def test_a_ladder_is_read_off_its_plateaus() -> None:
    """A made-up core of cortex-a720's sizes: L2 TLB hits cost 7, walks 20; L2 cache hits 9."""
    core = bs.core("cortex-a720")
    l1, l2 = core.mmu.l1d_tlb.entries, core.mmu.l2_tlb.entries
    rows = []
    for pages in (16, l1 * 2, l2 // 2, l2 * 2, l2 * 10):
        walk = 0.0 if pages <= l1 else 7.0 if pages <= l2 else 20.0
        rows.append(Row("tlb", "cortex-a720", f"{pages} pages", "walk cycles per load", walk))
    for kib in (4, core.cache.l1d_bytes // 512, 1 << 16):
        price = 1.0 if kib * 1024 <= core.cache.l1d_bytes else 10.0 if kib * 1024 <= core.cache.l2_bytes else 200.0
        rows.append(Row("cache", "cortex-a720", f"{kib} KiB", "cycles per load", price))
    table = Table(rows)

    def at(part: str, where: str) -> float | None:
        return ladder.read_off(table, Latency("cortex-a720", "", 0, 0, "cycles", "", part, where))

    assert (at("tlb", "l2"), at("tlb", "walk"), at("cache", "l2")) == (7, 20, 9)
    assert ladder.reach(table, "cortex-a720") == 16


def test_the_page_is_made_of_the_figures_and_has_every_published_one() -> None:
    rows = load(ROOT / "docs" / "calibration.csv")
    text = (ROOT / "docs" / "calibration.md").read_text()
    assert text == page.text(Table(rows))
    assert all(wanted.source in text for wanted in LATENCIES)
    for picture in ("calibration-latency.svg", "calibration-map-mem.svg"):
        assert picture in text and (ROOT / "docs" / "pictures" / picture).is_file()


def test_linux_does_its_work_on_blocks() -> None:
    result = bs.Simulation(Board(cores=bs.parse_cores("cortex-x4"), memory="512MiB"), bs.linux("6.18", initrd="work"), seed=7).run(timeout="5s")
    assert (result.outcome, result.violations, result.hazards) == ("poweroff", [], [])
    assert [line for line in result.console.splitlines() if line.startswith("work: ")] == [f"work: {mark}" for mark in linux.MARKS]
    assert result.record["workload"]["parameters"]["user_space"].endswith(",work,dummy")


@pytest.mark.long
@pytest.mark.parametrize(("kernel", "board"), linux.BOARDS)
def test_linux_misses_more_on_pages(kernel: str, board: str) -> None:
    walks = {}
    for kind, cores in linux.BOARDS[kernel, board].items():
        begin, end = (linux.state_at(kernel, cores, mark) for mark in MARKS_OF_READS)
        walks[kind] = end.kernel_misses - begin.kernel_misses
    assert all(walks[kind] > 100 * walks["blocks"] for kind in walks if kind != "blocks")


MARKS_OF_READS = linux.MARKS[:2]
