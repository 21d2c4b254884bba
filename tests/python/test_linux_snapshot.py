# SPDX-License-Identifier: Apache-2.0
"""Linux 6.18 goes on from the repaint of its linear map as if it had never been interrupted; one boot, several futures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bbmsim as bs
from test_linux_boot import MIXED, fetched, kernel


def figures(result: bs.Result) -> dict[str, Any]:
    return {name: value for name, value in result.record.items() if name != "host"}


def test_a_boot_goes_on_from_the_repaint(tmp_path: Path) -> None:
    board = bs.Board(cores=bs.parse_cores(MIXED), memory="512MiB")
    sim = bs.Simulation(board, fetched("kernel", lambda: bs.linux(kernel("6.18").path, initrd="small").on(board)), seed=7)
    at_symbol, at_time = tmp_path / "repaint.snap", tmp_path / "time.snap"
    sim.save_at("linear_map_split_to_ptes", at_symbol)
    sim.save_at("150ms", at_time)
    whole = sim.run(timeout="20s")
    assert whole.outcome == "poweroff" and sim.unsaved == []

    resumed = bs.resume(at_symbol)
    assert resumed.now_ps < whole.record["phases"]["repaint"]["end_ps"]
    disturbed = resumed.fork()
    assert figures(resumed.run(timeout="20s")) == figures(whole)
    assert bs.resume(at_time).now_ps == 150_000_000_000

    # The core stood right before the function, which a phase watches.
    disturbed.inject(bs.LostTlbi(core=0, after=bs.symbol("linear_map_split_to_ptes"), times=0))
    disturbed.step(20_000_000_000)
    assert disturbed.run(timeout=disturbed.now_ps).record["injected"][0]["fired"] > 0
