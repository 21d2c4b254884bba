# SPDX-License-Identifier: Apache-2.0
"""Records, traces and pages: valid, complete, equal for equal runs, and self-contained."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import bbmsim as bs
from bbmsim import verify
from conftest import ROOT

SCHEMA = json.loads((ROOT / "docs" / "run-record.schema.json").read_text())


def run(*, cores: str = "cortex-x4,cortex-a720", workload: str = "repaint", traced: bool = False, **parameters: Any) -> bs.Result:
    sim = bs.Simulation(bs.Board(cores=bs.parse_cores(cores), memory="64MiB"), bs.bare(workload, **parameters), seed=5)
    if traced:
        sim.record_trace()
    return sim.run()


@pytest.fixture(scope="module")
def clean() -> bs.Result:
    return run(traced=True)


@pytest.fixture(scope="module")
def broken() -> bs.Result:
    return run(sabotage="secondaries-in-map")


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_records_follow_the_schema(clean: bs.Result, broken: bs.Result) -> None:
    for result in (clean, broken, run(workload="migrate", variant="broken")):
        jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(result.to_json()))
    assert broken.violations
    host = clean.record["host"]
    assert 1 << 16 < host["guest_ram_bytes"] < host["peak_rss_bytes"]


def test_two_equal_runs_write_the_same_bytes_but_for_host(clean: bs.Result) -> None:
    def bytes_of(result: bs.Result) -> str:
        record = json.loads(result.to_json())
        del record["host"]
        return json.dumps(record)

    assert bytes_of(run(traced=True)) == bytes_of(clean)


def test_a_saved_record_comes_back_as_it_was(clean: bs.Result, broken: bs.Result, tmp_path: Path) -> None:
    for result in (clean, broken):
        result.save(tmp_path / "run.json")
        loaded = bs.Result.load(tmp_path / "run.json")
        assert loaded.record == result.record
        assert (loaded.violations, loaded.hazards, loaded.phases) == (result.violations, result.hazards, result.phases)
        with pytest.raises(bs.BbmsimError, match="no events"):
            loaded.trace(tmp_path / "t.json")
    assert [p.name for p in tmp_path.iterdir()] == ["run.json"]


def test_damaged_records_are_refused(tmp_path: Path, clean: bs.Result) -> None:
    path = tmp_path / "run.json"
    for text in ("", "[]", '{"schema": "other/1"}', json.dumps({"schema": "bbmsim.run/1"})):
        path.write_text(text)
        with pytest.raises(bs.ConfigError, match="run="):
            bs.Result.load(path)


def test_the_trace_has_a_track_for_each_core_and_flows_to_the_receivers(clean: bs.Result, tmp_path: Path) -> None:
    clean.trace(tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())
    events = trace["traceEvents"]
    tracks = {e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert {"core 0 cortex-x4: phases", "core 1 cortex-a720: phases"} <= tracks
    spans = [e for e in events if e["ph"] == "X"]
    assert {"repaint", "verify", "TLBI", "DVM", "WFE"} <= {e["name"] for e in spans}
    assert all(e["ts"] >= 0 and e["dur"] >= 0 for e in spans)
    begun = {e["id"] for e in events if e["ph"] == "s"}
    ended = {e["id"] for e in events if e["ph"] == "f"}
    assert ended and ended <= begun
    repaint = next(e for e in spans if e["name"] == "repaint")
    assert repaint["dur"] == pytest.approx(clean.phases["repaint"].duration_ps / 1e6, rel=0.01)


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("script", "link", "img", "iframe"):
            self.outside.append(tag)
        self.outside += [f"{k}={v}" for k, v in attrs if k in ("href", "src") and v and not v.startswith("#")]
        if tag not in ("meta", "rect", "line", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("meta", "rect", "line", "br"):
            assert self.open.pop() == tag


def test_the_page_is_one_file_and_says_what_was_found(clean: bs.Result, broken: bs.Result, tmp_path: Path) -> None:
    for result, words in (
        (clean, ["no violations: looked at", "Timeline", "Phase repaint", "cortex-a720"]),
        (broken, ["BBM-SIZE", "R_WHZWS", "split_block", "VA range", "core 1 (BBM level 0)"]),
    ):
        result.html(tmp_path / "run.html")
        page = (tmp_path / "run.html").read_text()
        links = _Links()
        links.feed(page)
        assert (links.outside, links.open) == ([], [])
        assert "prefers-color-scheme: dark" in page
        for word in words:
            assert word in page


def test_what_the_guest_writes_cannot_break_the_page(clean: bs.Result) -> None:
    from bbmsim.report.html import render

    record = json.loads(clean.to_json())
    record["console"] = "</pre><script>alert(1)</script>"
    assert "<script>" not in render(bs.Result(record))


def test_checksum_of_the_host_is_the_definition() -> None:
    def straightforward(begin: int, first: int, units: int, stride: int) -> int:
        mask, total = (1 << 64) - 1, 0
        for k in range(first, first + units):
            pa = begin + k * stride
            value = ((pa * 0x9E37_79B9_7F4A_7C15) & mask) ^ (pa >> 29)
            n = k & 63
            total += ((value << n) | (value >> (64 - n))) & mask
        return total & mask

    cases = ((0x4000_0000, 0, 0, 512), (0x4060_0000, 37, 70_000, 512), (0x7F_FFE0_0000, 9, 70, 1 << 20), (0x4000_0000, 63, 9, 8))
    for begin, first, units, stride in cases:
        expected = straightforward(begin, first, units, stride)
        assert verify.checksum(begin, first, units, stride, zero_fill=False) == expected


def test_wrong_data_is_an_outcome_of_its_own(clean: bs.Result) -> None:
    results = list(clean.results.items())
    wrong = [(name, value ^ 1 if name == "checksum.core1" else value) for name, value in results]
    board = bs.Board(cores=bs.parse_cores("cortex-x4,cortex-a720"), memory="64MiB")
    workload = bs.bare("repaint")
    good, bad = verify.check(workload, board, results), verify.check(workload, board, wrong)
    assert good is not None and good["ok"]
    assert bad is not None and [row["ok"] for row in bad["cores"]] == [True, False]
    assert "core 1 read wrong data" in verify.explain(bad)
    assert verify.check(workload, board, results, [(clean.results["verify.begin"], 8)]) is None
    assert bs.Result({**clean.record, "outcome": "wrong-data"}).exit_status == 3
