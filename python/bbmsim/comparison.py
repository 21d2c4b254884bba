# SPDX-License-Identifier: Apache-2.0
"""Strategies side by side over memory sizes, core mixes and granules: bs.compare(...).plot("cost.png"). A comparison is
a sweep that is made of names instead of a file, and keeps nothing on disk.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .config import Core, describe_cores
from .errors import ConfigError
from .sweeps import executors
from .sweeps.cells import Cells, Detail, Grid
from .sweeps.measure import DETAIL, run_cell
from .sweeps.settings import build
from .units import MOST, check_whole, format_size, parse_size, parse_time
from .workload import bare

DEFAULT_CORES = "cortex-x4,cortex-a720*3"
_MOST_SEEDS = 1_000_000
_KERNELS_GRANULE = "4k"  # of the distribution's


class Comparison(Cells):
    """The rows of compare(), in the order of its arguments."""


def compare(
    strategies: Sequence[str] = ("rfc-range", "pagewalk", "page-from-boot"),
    memory: Sequence[str | int] = ("1GiB", "4GiB"),
    cores: Sequence[str | Sequence[Core]] = (DEFAULT_CORES,),
    *,
    granules: Sequence[str] = (),
    kernels: Sequence[str] = (),
    workload: str = "repaint",
    phase: str = "repaint",
    seed: int = 0,
    seeds: int = 1,
    set: Mapping[str, Any] | None = None,
    tlb: str = "typical",
    schedule: str = "default",
    detail: str = "typical",
    timeout: str | int | None = None,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Runs every combination, in worker processes (`jobs`, default one a host core), and gives one row for each.

    `kernels`, as of linux(), stand beside the strategies as "linux 6.18": they boot on the same boards, with pages of 4K, and
    have no parameters of `set`. `cores` are mixes: text as for --cores, or lists of core(). `granules`: of "4k", "16k", "64k", default that of `set`.
    With `seeds` each combination is run so often, with seeds from `seed` on (they matter where something is random: a
    schedule, the nasty TLB). `phase` is the one whose cost is told apart by cause.
    Raises ConfigError before anything runs if any combination is wrong.
    """
    if jobs is not None:
        check_whole("jobs", jobs, 1, MOST)
    check_whole("seeds", seeds, 1, _MOST_SEEDS)
    fixed = dict(set or {})
    if granules and "granule" in fixed:
        raise ConfigError("granule: in granules and in set", "granule")
    if "strategy" in fixed:
        raise ConfigError("strategy: not by set; strategies says what is compared", "strategy")
    booted = {f"linux {Path(k).name}": k for k in kernels}
    own = {} if granules else {"granule": fixed.pop("granule")} if "granule" in fixed else {}
    axes: dict[str, list[Any]] = {
        "strategy": [*strategies, *booted], "cores": [c if isinstance(c, str) else describe_cores(list(c)) for c in cores],
        "memory": [format_size(parse_size(m)) for m in memory], "granule": [str(g) for g in granules] or [str(own.get("granule", "4k"))],
        "seed": list(range(seed, seed + seeds)),
    }  # fmt: skip
    for name, values in axes.items():
        if not values:
            raise ConfigError(f"{'strategies, kernels' if name == 'strategy' else name}: at least one", name)
    if not all(kernels):
        raise ConfigError("kernels: one has no name", "kernels")
    if booted and _KERNELS_GRANULE not in axes["granule"]:
        raise ConfigError(f"granule={','.join(axes['granule'])}: kernels have {_KERNELS_GRANULE} alone", "granule")
    rows: list[dict[str, Any]] = []
    tasks: list[tuple[Mapping[str, Any], str]] = []
    common = {"tlb": tlb, "schedule": schedule, "board.detail": detail, **({} if timeout is None else {"timeout": f"{parse_time(timeout)}ps" if isinstance(timeout, str) else f"{timeout}ps"})}
    if strategies:
        bare(workload, **fixed)  # what is wrong in general is said without a combination
    elif fixed or granules:
        raise ConfigError(f"{'set' if fixed else 'granule'}: only for strategies, and there are kernels alone", "set" if fixed else "granule")
    for (mix, said), size, granule, strategy, number in itertools.product(
        zip(cores, axes["cores"]), memory, axes["granule"], axes["strategy"], axes["seed"]
    ):
        if strategy in booted and granule != _KERNELS_GRANULE:
            continue
        guest = {"kernel": booted[strategy]} if strategy in booted else {
            "workload": workload, **{f"set.{k}": v for k, v in fixed.items()}, "set.strategy": strategy, **({"set.granule": granule} if granules or own else {}),
        }  # fmt: skip
        settings: dict[str, Any] = {**common, "cores": mix if isinstance(mix, str) else tuple(mix), "memory": size, "seed": number, **guest}
        row = {"strategy": strategy, "cores": said, "memory": format_size(parse_size(size)), "granule": granule}
        rows.append(row | {"seed": number, "memory_bytes": _check(settings, row, axes)})
        tasks.append((settings, phase))
    details: list[Detail | None] = [None] * len(tasks)
    for done, (i, found) in enumerate(_run_all(tasks, min(jobs or os.cpu_count() or 1, len(tasks))), 1):
        details[i] = found.pop(DETAIL, None)
        rows[i].update(found)
        if progress is not None:
            progress(done, len(tasks))
    grid = Grid(axes, phase, f"What {phase} costs", " ".join([workload if strategies else "linux", *(f"{k}={v}" for k, v in fixed.items())]))
    return Comparison(rows, grid, lambda: details)


def _check(settings: Mapping[str, Any], row: Mapping[str, Any], axes: Mapping[str, Sequence[Any]]) -> int:
    """Bytes of memory, if the combination can be run."""
    try:
        run = build(settings)
        guest = run.workload.on(run.board)
        guest.program().check_fits(run.board.memory_bytes, guest.path)
    except ConfigError as error:
        where = ", ".join(f"{k}={v}" for k, v in row.items() if len(axes[k]) > 1)
        raise ConfigError(f"{error}{f' (in the cell {where})' if where else ''}", error.field) from None
    return run.board.memory_bytes


def _run_all(tasks: Sequence[tuple[Mapping[str, Any], str]], jobs: int) -> Iterator[tuple[int, dict[str, Any]]]:
    if jobs == 1:
        return ((i, run_cell(task)) for i, task in enumerate(tasks))
    return executors.local(run_cell, tasks, jobs, lambda _: None)
