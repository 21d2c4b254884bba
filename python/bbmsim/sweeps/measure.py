# SPDX-License-Identifier: Apache-2.0
"""One cell's run: its row of figures, and the causes behind them. Nothing of either depends on the host."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import BbmsimError
from ..result import CAUSES, Phase, Result
from .settings import build

DETAIL = "detail"  #: the key under which run_cell() gives what is no figure
_MOST_FINDINGS = 5
_MOST_PHASES = 24


def run_cell(task: tuple[Mapping[str, Any], str]) -> dict[str, Any]:
    """The figures of a cell, (settings, phase), and its detail_of() under DETAIL."""
    settings, phase = task
    run = build(settings)
    try:
        result = run.simulation().run(timeout=run.timeout_ps)
        return {**figures(result, phase), DETAIL: detail_of(result)}
    except BbmsimError as error:
        return {"outcome": "internal-error", "error": str(error)}


def figures(result: Result, phase: str) -> dict[str, Any]:
    """What a run cost, as one flat row."""
    row: dict[str, Any] = {
        "outcome": result.outcome,
        "violations": len(result.violations),
        "hazards": len(result.hazards),
        "run_us": result.record["simulated_ps"] / 1e6,
    }
    for p in result.phases.values():
        row[f"{p.name}_us"] = p.duration_ps / 1e6
    chosen = result.phases.get(phase)
    if chosen is not None:
        row["cycles"] = chosen.total_cycles
        row["descriptor_writes"] = sum(sum(c.descriptor_writes.values()) for c in chosen.cores)
        row["table_pages"] = chosen.table_pages
        row["tlbis"] = sum(sum(c.tlbi.values()) for c in chosen.cores)
        row["dvm_received"] = sum(c.dvm_received for c in chosen.cores)
        for count in ("walks", "l1d_cache_misses", "l2_cache_misses", "l3_cache_misses", "line_transfers"):
            row[f"boot_core_{count}"] = getattr(chosen.cores[0], count)
        for cause in CAUSES:
            row[f"boot_core_{cause}"] = chosen.cores[0].cycles[cause]
            row[f"others_{cause}"] = sum(c.cycles[cause] for c in chosen.cores[1:])
    return row


def detail_of(result: Result) -> dict[str, Any]:
    """A record of what the report of a cell shows: who waited, for what, how long; findings. Of a phase that each core
    goes through by itself every core's own part makes one phase of all.
    """
    record = result.record
    board = record["board"]
    cores = [{"name": c["name"], "freq_mhz": c["freq_mhz"]} for c in board["cores"]]
    kept = {k: record[k] for k in ("schema", "versions", "workload", "seed", "pokes", "outcome", "detail", "simulated_ps", "rendezvous", "census", "refused", "verified")}
    return {
        **kept,
        "board": {"cores": cores, "memory_bytes": board["memory_bytes"], "schedule": board["schedule"], "checker": board["checker"]},
        "violations": record["violations"][:_MOST_FINDINGS],
        "hazards": record["hazards"][:_MOST_FINDINGS],
        "findings": [len(record["violations"]), len(record["hazards"])],
        "phases": _phases(result),
        "cores": [{k: c[k] for k in ("name", "bbml", "cycles", "instructions", "cost")} for c in record["cores"]],
        "checker": record["checker"],
        "notes": [], "remarks": [], "results": {}, "maps": [], "console": "",
    }


def _phases(result: Result) -> dict[str, Any]:
    groups: dict[str, list[Phase]] = {}
    for phase in result.phases.values():
        groups.setdefault(phase.name.split("@")[0], []).append(phase)
    out = {}
    for name, group in list(groups.items())[:_MOST_PHASES]:
        whole = {k: v for k, v in result.record["phases"][group[0].name].items()}
        if len(group) > 1:
            own = {p.core: result.record["phases"][p.name] for p in group}
            whole["cores"] = [own[i]["cores"][i] if i in own else _zero(c) for i, c in enumerate(whole["cores"])]
            whole["duration_ps"] = max(p.duration_ps for p in group)
            whole["total_cycles"] = sum(c["total_cycles"] for c in whole["cores"])
            whole["begin_ps"], whole["end_ps"] = min(p.begin_ps for p in group), max(p.end_ps for p in group)
            whole["core"] = None
        out[name] = whole
    return out


def _zero(core: Mapping[str, Any]) -> dict[str, Any]:
    return {k: _zero(v) if isinstance(v, Mapping) else 0 for k, v in core.items()}
