# SPDX-License-Identifier: Apache-2.0
"""The largest board: 64 cores, four clusters of sixteen."""

from __future__ import annotations

import bbmsim as bs
import pytest


def test_sixty_four_cores_park_for_a_repaint() -> None:
    board = bs.Board(cores=bs.parse_cores("cortex-x4,cortex-a720*63"), memory="1GiB")
    result = bs.Simulation(board, bs.bare("repaint"), seed=3).run(timeout="1s")
    assert result.outcome == "poweroff" and result.clean and not result.record["remarks"]
    assert result.record["verified"]["ok"]
    parked = {phase.core for name, phase in result.phases.items() if name.split("@")[0] == "park"}
    assert parked == set(range(1, 64))
    for core in result.record["cores"][1:]:
        assert core["dvm_received"] > 0, "each takes part in the flush"


def test_one_core_more_is_refused() -> None:
    with pytest.raises(bs.ConfigError, match="at most 64"):
        bs.Board(cores=[bs.core("cortex-a720")] * 65)
