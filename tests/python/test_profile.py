# SPDX-License-Identifier: Apache-2.0
"""Profiles: they add up, change nothing, and come out as graphs, tables and tracks."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import bbmsim as bs
from conftest import ROOT, Bbmsim


def run(profile: bool, **set: Any) -> bs.Result:
    board = bs.Board(cores=bs.parse_cores("cortex-x4,cortex-a720"), memory="64MiB")
    sim = bs.Simulation(board, bs.bare("repaint", strategy="pagewalk", **set), seed=5)
    if profile:
        sim.profile(interval_cycles=500)
        sim.record_trace()
    return sim.run()


@pytest.fixture(scope="module")
def profiled() -> bs.Result:
    return run(True)


def test_looking_changes_nothing(profiled: bs.Result) -> None:
    def plain(result: bs.Result) -> dict[str, Any]:
        return {k: v for k, v in result.record.items() if k not in ("host", "profile")}

    assert plain(run(False)) == plain(profiled)


def test_its_figures_add_up_to_those_of_the_cores(profiled: bs.Result) -> None:
    assert profiled.profile is not None
    for i, core in enumerate(profiled.record["cores"]):
        own = [f for f in profiled.profile.functions if f.core == i]
        assert sum(f.cycles for f in own) == core["cycles"]
        assert sum(f.tlb_misses for f in own) == core["tlb"]["walks"]
        assert sum(f.walk_cycles for f in own) == core["tlb"]["walk_cycles"]
        waits = sum(f.cycles for f in own if f.function == "[WFE]")
        assert waits == pytest.approx(core["cost"]["wfe"], rel=0.01, abs=200)
        assert core["cycles"] == sum(s.cycles for s in profiled.profile.samples if s.core == i) + sum(
            f.cycles for f in own if f.function in ("[WFE]", "[WFI]", "[off]", "[DSB]")
        )


def test_stacks_lead_from_the_entry_to_the_work(profiled: bs.Result) -> None:
    assert profiled.profile is not None
    stacks = profiled.profile.stacks("cycles", core=0)
    (split,) = (stack for stack in stacks if stack[-1] == "fill_descriptors" and "split_block" in stack)
    assert split[:2] == ("enter_kernel", "boot_main") and split[-3:] == ("split_block", "make_table_from", "fill_descriptors")
    assert not any(stack[-1] in ("[WFI]", "[off]") for stack in stacks)
    misses = profiled.profile.stacks("tlb-misses")
    assert sum(misses.values()) == sum(c["tlb"]["walks"] for c in profiled.record["cores"])


def test_flame_graphs_are_whole_files(profiled: bs.Result, tmp_path: Path) -> None:
    for name in ("f.svg", "f.html", "f.folded"):
        profiled.flame(tmp_path / name, metric="walk-cycles")
    root = ElementTree.parse(tmp_path / "f.svg").getroot()
    titles = [t.text or "" for t in root.iter("{http://www.w3.org/2000/svg}title")]
    assert any(t.startswith("all: ") and "100.00 %" in t for t in titles) and len(titles) > 10
    assert "<script" not in (tmp_path / "f.html").read_text()
    lines = (tmp_path / "f.folded").read_text().splitlines()
    assert all(re.fullmatch(r"\S.* \d+", line) for line in lines)
    assert sum(int(line.rpartition(" ")[2]) for line in lines) == sum(c["tlb"]["walk_cycles"] for c in profiled.record["cores"])
    with pytest.raises(bs.ConfigError, match="must end in"):
        profiled.flame(tmp_path / "f.png")
    with pytest.raises(bs.BbmsimError, match="Simulation.profile"):
        run(False).flame(tmp_path / "g.svg")


def test_the_record_and_the_table_have_the_functions(profiled: bs.Result) -> None:
    record = json.loads(profiled.to_json())
    jsonschema.validate(record, json.loads((ROOT / "docs" / "run-record.schema.json").read_text()))
    table = profiled.frame("profile")
    assert list(table.columns) == ["function", "core", "name", "cycles", "tlb_misses", "walk_cycles"]
    assert table["cycles"].sum() == sum(c["cycles"] for c in record["cores"])
    assert bs.Result(record).frame("profile").equals(table)


def test_the_trace_has_function_tracks_and_misses(profiled: bs.Result, tmp_path: Path) -> None:
    profiled.trace(tmp_path / "t.json")
    events = json.loads((tmp_path / "t.json").read_text())["traceEvents"]
    tracks = {e["tid"] for e in events if e["name"] == "thread_name" and "functions" in e["args"]["name"]}
    assert len(tracks) == 2
    slices = [e for e in events if e["ph"] == "X" and e["tid"] in tracks]
    assert any(e["name"] == "verify" for e in slices) and all(e["dur"] >= 0 for e in slices)
    for track in tracks:  # one function at a time
        own = sorted((e["ts"], e["ts"] + e["dur"]) for e in slices if e["tid"] == track)
        assert all(a[1] <= b[0] + 2e-3 for a, b in zip(own, own[1:]))
    assert any(e["ph"] == "C" and e["args"]["misses"] > 0 for e in events)


def test_the_command_line_writes_them(bbmsim: Bbmsim, tmp_path: Path) -> None:
    arguments = ("run", "--memory", "64MiB", "--cores", "cortex-x4*2", "-q")
    done = bbmsim(*arguments, "--flame", str(tmp_path / "f.folded"), "--flame-metric", "tlb-misses")
    assert done.returncode == 0 and "verify " in (tmp_path / "f.folded").read_text(), done.stderr
    wrong = bbmsim(*arguments, "--flame", "f.txt")
    assert wrong.returncode == 2 and ".folded" in wrong.stderr


def test_findings_name_source_lines_of_an_elf_with_dwarf() -> None:
    result = run(False, sabotage="secondaries-in-map")
    assert result.violations
    for violation in result.violations:
        # The store itself is an inlined helper's.
        assert violation.source is not None
        assert re.fullmatch(r"workloads/bare/mm/split\.c:\d+, inlined workloads/bare/lib/\S+\.h:\d+", violation.source)
        assert any(violation.source in line for line in violation.lines())
