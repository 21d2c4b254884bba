# SPDX-License-Identifier: Apache-2.0
"""From a finished simulation to its run record (docs/run-record.schema.json)."""

from __future__ import annotations

import re
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _core, maps, reactions, rendezvous, timeline
from .linux import refusals
from .profile import Profile
from .result import SCHEMA, Result

_PANIC = re.compile(r"Kernel panic - not syncing: .*")

if TYPE_CHECKING:
    from .simulation import Simulation
    from .workload import Workload


def result_of(
    sim: Simulation,
    session: _core.Session,
    outcome: str,
    host: dict[str, float],
    rare_id: int,
    frequent_id: int | None,
    asked_maps: list[maps.MapAt],
) -> Result:
    cores = [session.core_stats(i) for i in range(len(sim.board.cores))]
    phases = session.phases()
    end_ps = session.now_ps()
    rare = timeline.recording(session.recorded(rare_id))
    frequent = timeline.Recording([], 0) if frequent_id is None else timeline.recording(session.recorded(frequent_id))
    guest_results = session.guest_results()
    verified = None
    check_s = 0.0
    detail = session.detail()
    if sim.workload.kind == "bare":
        from . import verify  # brings numpy

        begin = time.perf_counter()
        verified = verify.check(sim.workload, sim.board, guest_results, sim.memory.writes)
        check_s = round(time.perf_counter() - begin, 6)
        if outcome == "poweroff" and verified is not None and not verified["ok"]:
            outcome, detail = "wrong-data", verify.explain(verified)
    console = session.console().decode("utf-8", "replace")
    if outcome == "reset" and (panic := _PANIC.search(console)):  # panic=-1: the kernel resets the board at once
        outcome, detail = "panic", panic[0].rstrip()
    gave_up = [p["core"] for p in phases if p["name"] == refusals.PHASE and p["count"]]
    changes = session.map_changes()
    taken_maps = list(zip(asked_maps, session.maps()))
    raw_profile = session.profile()
    profile = None if raw_profile is None else Profile(raw_profile)
    record: dict[str, Any] = {
        "schema": SCHEMA,
        "versions": {"bbmsim": _core.version},
        "board": _board(sim),
        "workload": sim.workload.to_dict(),
        "seed": sim.seed,
        "pokes": [p.to_dict() for p in sim.pokes],
        "outcome": outcome,
        "detail": detail,
        "simulated_ps": end_ps,
        **_findings(sim.workload, session),
        "remarks": session.remarks(),
        "refused": refusals.find(sim.cores, sim.board.cores, gave_up, console) if sim.workload.kind == "linux" else [],
        "injected": [reactions.complete(i, outcome, session.console()) for i in session.injections()],
        "phases": _phases(phases),
        "maps": [maps.to_record(asked, taken) for asked, taken in taken_maps if not asked.automatic],
        "census": maps.census_record([m for m in taken_maps if m[0].automatic]),
        "map_changes": changes,
        "rendezvous": rendezvous.to_record(session.rendezvous()),
        "profile": None if profile is None else profile.to_record(),
        "linux": sim.workload.facts(phases, changes, session.census(0, 0, 0), sim.board.checker),
        "cores": cores,
        "checker": session.checker_stats(),
        "verified": verified,
        "results": dict(guest_results),
        "console": console,
        "timeline": timeline.build(rare, frequent, [c.freq_mhz for c in sim.board.cores], _names(phases), end_ps),
        "host": {
            **host,
            "peak_rss_bytes": _peak_rss_bytes(),
            "guest_ram_bytes": session.ram_used_bytes(),
            "check_s": check_s,
            "phases": _host_phases(phases, session.phases_host_usage()),
        },
    }
    return Result(_plain(record), (rare, frequent), profile)


def _peak_rss_bytes() -> int:
    """Of this program. ru_maxrss of getrusage() counts what the process was before exec, too."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _findings(workload: Workload, session: _core.Session) -> dict[str, Any]:
    """With source lines, looked up for the few PCs that need them."""
    lists = {"violations": session.violations(), "hazards": session.hazards(), "notes": session.notes()}
    pcs = {f["pc"] for found in lists.values() for f in found if f["pc"]}
    sources = workload.sources() if pcs else None
    known = sources.find(pcs) if sources else {}
    return {name: [{**f, "source": known.get(f["pc"])} for f in found] for name, found in lists.items()}


def _board(sim: Simulation) -> dict[str, Any]:
    """The disk by path, size and mode; null if there is none."""
    board, disk = sim.board.to_dict(), sim.board.disk
    mode = "rw" if disk.writable else "snapshot"
    board["disk"] = {"path": disk.path, "bytes": sim.disk_bytes, "mode": mode, "latency_ns": disk.latency_ns} if disk.path else None
    return board


def _names(phases: list[dict[str, Any]]) -> list[str]:
    """One name for each: a phase that several cores began is "name@core" for all but the first."""
    names: list[str] = []
    for p in phases:
        names.append(p["name"] if p["name"] not in names else f"{p['name']}@{p['core']}")
    return names


def _phases(phases: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        name: {key: value for key, value in p.items() if key != "name"}
        for name, p in zip(_names(phases), phases)
        if p["count"] and p["name"] != refusals.PHASE  # "refused" says it
    }


def _host_phases(phases: list[dict[str, Any]], usage: list[dict[str, Any]]) -> dict[str, Any]:
    """What the host needed for each phase that core 0 began: the others' are at the same time."""
    return {
        p["name"]: {key: round(value, 6) if isinstance(value, float) else value for key, value in used.items()}
        for p, used in zip(phases, usage)
        if p["count"] and p["core"] == 0 and p["name"] != refusals.PHASE
    }


def _plain(value: Any) -> Any:
    """Tuples as lists: the record in memory equals the one that is read back."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    return value
