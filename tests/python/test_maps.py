# SPDX-License-Identifier: Apache-2.0
"""Maps at a symbol, a time and the end: what they count, and how they are asked for."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest

import bbmsim as bs
from bbmsim.maps import parse_map_at
from conftest import ROOT, Bbmsim

RAM = 64 << 20


def simulation(**set: Any) -> bs.Simulation:
    board = bs.Board(cores=bs.parse_cores("cortex-x4,cortex-a720"), memory=RAM)
    return bs.Simulation(board, bs.bare("repaint", **set), seed=5)


@pytest.fixture(scope="module")
def repainted() -> bs.Result:
    sim = simulation(strategy="pagewalk")
    sim.map_at(bs.symbol("split_block"))
    sim.map_at("split_block:return", core=0, nth=2)
    sim.map_at("end")
    sim.map_at("split_block", nth=1_000_000)
    return sim.run()


def test_a_repaint_leaves_pages_where_blocks_were(repainted: bs.Result) -> None:
    before, after_two, end, never = repainted.maps
    assert before.census is not None and after_two.census is not None and end.census is not None
    blocks = before.census.count("2M")
    assert blocks > 8 and after_two.census.count("2M") == blocks - 2
    assert after_two.census.count("4K") == before.census.count("4K") + 2 * 512
    assert end.census.count("2M", contiguous=True) == 0 and end.census.count("4K") > before.census.count("4K")
    for census in (before.census, after_two.census, end.census):
        assert census.complete and sum(r.bytes for r in census.rows) == sum(r.bytes for r in before.census.rows)
        assert sum((b.va[1] - b.va[0]) // b.bytes_each for b in census.blocks) == census.count("2M")
    assert before.time_ps is not None and end.time_ps == repainted.record["simulated_ps"] > before.time_ps
    assert (never.census, never.core, never.time_ps) == (None, None, None)


def test_the_record_has_the_maps_and_who_changed_them(repainted: bs.Result) -> None:
    jsonschema.validate(json.loads(repainted.to_json()), json.loads((ROOT / "docs" / "run-record.schema.json").read_text()))
    changes = [c for c in repainted.record["map_changes"] if c["kind"] == "split"]
    assert changes and all(c["symbol"].startswith("split_block") and c["linear_map"] and c["core"] == 0 for c in changes)
    before, end = repainted.maps[0].census, repainted.maps[2].census
    assert before is not None and end is not None
    assert sum(c["descriptors"] for c in changes) == before.count("2M") - end.count("2M")


def test_asking_changes_nothing_but_at_symbols(repainted: bs.Result) -> None:
    def run(*moments: str) -> dict[str, Any]:
        sim = simulation(strategy="pagewalk")
        for moment in moments:
            sim.map_at(moment)
        record: dict[str, Any] = json.loads(sim.run().to_json())
        del record["host"], record["maps"]
        return record

    assert run("30us", "end") == run()


def test_a_time_is_met_and_a_stopped_simulation_can_be_looked_into() -> None:
    sim = simulation()
    sim.map_at("30us", va=0xFFFF_0000_0000_0000, size="4MiB")
    sim.step(40_000_000)
    now = sim.census(core=0)
    result = sim.run()
    (taken,) = result.maps
    assert taken.time_ps == 30_000_000 and taken.census is not None
    assert taken.census.va == (0xFFFF_0000_0000_0000, 0xFFFF_0000_0040_0000)
    assert now.granule == "4K" and now.va[1] - now.va[0] == 1 << 47


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no_such_symbol", "no such symbol"),
        ("split_block+12", "hexadecimal"),
        ("split_block:entry", "SYMBOL:return"),
        ("", "write SYMBOL"),
        ("5ms,core=9", "cores 0 to 1"),
        ("end,when=1", "no such setting 'when'"),
        ("end,nth=0", "nth is 1 or more"),
        ("end,size=2M", "needs va"),
        ("end,va=0x0,size=256T", None),
        ("end,va=0x7fffffffffffff,size=4K", "one half"),
        ("0ms", "more than 0"),
    ],
)
def test_wrong_requests_are_refused(text: str, says: str | None) -> None:
    sim = simulation()
    if says is None:
        sim.map_at(parse_map_at(text))
        return
    with pytest.raises(bs.ConfigError, match=says):
        sim.map_at(parse_map_at(text))


def test_the_command_line_prints_them(bbmsim: Bbmsim) -> None:
    done = bbmsim("run", "--memory", "64MiB", "--cores", "cortex-x4*2", "--map-at", "split_block:return", "--map-at", "end")
    assert done.returncode == 0, done.stderr
    assert "map at split_block:return: core 0" in done.stdout and "map at end: core 0" in done.stdout
    assert "Normal WB" in done.stdout and "rw- ---" in done.stdout
