# SPDX-License-Identifier: Apache-2.0
"""Every sabotage of workloads/bare/catalog.toml is found with its rule, core, symbol, VA range and holders, and the same
code on its twin board is silent; the healthy strategies are silent on every mix.
"""

from __future__ import annotations

import pytest

import bbmsim as bs
from bbmsim import catalog
from bbmsim.catalog import Experiment

EXPERIMENTS = catalog.load().experiments
LINEAR = range(0xFFFF_0000_0000_0000, 0xFFFF_8000_0000_0000)


def run(cores: str, workload: str, parameters: dict[str, str], memory: str = "128MiB") -> bs.Result:
    board = bs.Board(cores=bs.parse_cores(cores), memory=memory)
    return bs.Simulation(board, bs.bare(workload, **parameters), seed=3).run(timeout="10s")


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_what_breaks_a_rule_is_found(experiment: Experiment) -> None:
    result = run(experiment.cores, experiment.workload, experiment.set)
    assert {v.rule for v in result.violations} == set(experiment.rules)
    assert result.exit_status == 1
    for v in result.violations:
        assert v.core == experiment.core
        assert v.symbol.split("+")[0] in experiment.symbols
        assert v.va[0] in LINEAR and v.va[0] < v.va[1]
        assert v.instruction
        assert v.rule in str(v)
        assert v.text
    assert {v.symbol.split("+")[0] for v in result.violations} == set(experiment.symbols)
    assert {h.core for v in result.violations for h in v.holders} == set(experiment.holders)


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_the_same_code_is_silent_where_it_is_legal(experiment: Experiment) -> None:
    result = run(experiment.twin_cores, experiment.workload, experiment.twin_set)
    assert (result.violations, result.hazards) == ([], [])
    assert (result.outcome, result.exit_status) == ("poweroff", 0)
    verified = result.record["verified"]
    assert verified is None or verified["ok"]


MIXES = {
    "all level 2": "cortex-x4*4",
    "mixed": "cortex-x4,cortex-a720,cortex-a520,cortex-x4",
    "level 0 secondaries": "cortex-x4,cortex-a720*3",
}


@pytest.mark.parametrize("cores", MIXES.values(), ids=MIXES)
@pytest.mark.parametrize("strategy", ["rfc-range", "pagewalk"])
def test_the_healthy_repaint_has_no_findings(strategy: str, cores: str) -> None:
    result = run(cores, "repaint", {"strategy": strategy})
    assert (result.violations, result.hazards, result.outcome) == ([], [], "poweroff")
    assert result.record["verified"]["ok"]


@pytest.mark.parametrize("granule", ["16k", "64k"])
@pytest.mark.parametrize("strategy", ["rfc-range", "pagewalk", "page-from-boot", "bbm-strict"])
def test_the_other_granules_too(strategy: str, granule: str) -> None:
    result = run(MIXES["level 0 secondaries"], "repaint", {"strategy": strategy, "granule": granule})
    assert (result.violations, result.hazards, result.outcome) == ([], [], "poweroff")
    assert result.record["verified"]["ok"]


@pytest.mark.parametrize("granule", ["16k", "64k"])
def test_a_core_left_in_the_map_is_found_at_the_other_granules_too(granule: str) -> None:
    parameters = {"sabotage": "secondaries-in-map", "granule": granule, "verify": "none"}
    result = run(MIXES["level 0 secondaries"], "repaint", parameters, "2GiB")  # room for blocks of 512 MiB
    assert {"BBM-SIZE"} <= {v.rule for v in result.violations} <= {"BBM-SIZE", "BBM-CONT"}
    assert all({h.core for h in v.holders} == {1, 2, 3} for v in result.violations)


def test_broken_merge_and_migrate_also_show_by_effect() -> None:
    for workload in ("merge", "migrate"):
        experiment = next(e for e in EXPERIMENTS if e.workload == workload)
        result = run(experiment.cores, workload, experiment.set)
        assert result.hazards or result.outcome in ("wrong-data", "guest-failed"), workload
        for hazard in result.hazards:
            assert hazard.core in experiment.holders
