# SPDX-License-Identifier: Apache-2.0
"""Running a study, and what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigError
from ..files import check_writable, plot_format, write_whole
from ..units import MOST, check_whole
from . import executors
from .cells import Cells, Detail, Grid
from .measure import DETAIL, run_cell
from .store import Store, as_database, cell_id, stored_details
from .study import Cell, Sensitivity, Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SCHEMA = "bbmsim.sweep/1"


def sweep(
    study: Study | str | Path,
    out: str | Path | None = None,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    say: Callable[[str], None] | None = None,
) -> Sweep:
    """Runs every cell of a study that is not finished yet, on `jobs` processes of this host or on the workers of a dask
    scheduler, and keeps each in the folder `out` (default: NAME.sweep). At the end results.csv, results.json and
    results.sqlite are there, the same whatever happened on the way. Raises ConfigError before anything runs if any cell
    is wrong, and if the study or the folder is.
    """
    if jobs is not None:
        check_whole("jobs", jobs, 1, MOST)
    plan = study if isinstance(study, Study) else Study.load(study)
    plan.check()
    cells = plan.cells()
    folder = Path(out) if out is not None else Path(f"{plan.name}.sweep")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"out={folder}: can't be made ({error.strerror})", "out") from None
    for name in ("csv", "json", "sqlite"):
        check_writable(folder / f"results.{name}", "out")
    store = Store(folder / "cells.sqlite")
    try:
        known = store.finished()
        ids = [cell_id(cell, plan.phase) for cell in cells]
        missing = {key: i for i, key in reversed(list(enumerate(ids))) if key not in known}  # equal runs are run once
        order = sorted(missing, key=lambda key: missing[key])
        tasks = [(dict(cells[missing[key]].settings), plan.phase) for key in order]
        done = sum(key in known for key in ids)
        if progress is not None:
            progress(done, len(cells))
        for at, row in _results(tasks, jobs or os.cpu_count() or 1, scheduler, say or (lambda _: None)):
            detail = row.pop(DETAIL, None)
            known[order[at]] = row
            store.add(order[at], row, detail)
            done += ids.count(order[at])
            if progress is not None:
                progress(done, len(cells))
    finally:
        store.close()
    found = Sweep(plan, [_row(cell, known[key]) for cell, key in zip(cells, ids)], folder, ids)
    found.save(folder)
    return found


def _results(
    tasks: Sequence[Any], jobs: int, scheduler: str | None, say: Callable[[str], None]
) -> Iterator[tuple[int, dict[str, Any]]]:
    if not tasks:
        return iter(())
    return executors.local(run_cell, tasks, min(jobs, len(tasks)), say) if scheduler is None else executors.dask(run_cell, tasks, scheduler)


def _row(cell: Cell, measured: Mapping[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = dict(cell.axes)
    if cell.sample:
        row["sample"] = cell.sample
        row.update((k, v) for k, v in cell.settings.items() if k not in cell.axes)
    return {**row, **measured}


class Sweep(Cells):
    """The cells of a study, in its order. `details` are there as long as the folder's cells.sqlite is."""

    def __init__(self, study: Study, rows: list[dict[str, Any]], folder: Path, ids: Sequence[str]) -> None:
        fixed = ", ".join(f"{key}={value}" for key, value in study.base.items())
        super().__init__(rows, Grid(study.axes, study.phase, study.title or study.name, fixed), self._stored)
        self.study = study
        self._folder = folder
        self._ids = list(ids)

    def _stored(self) -> list[Detail | None]:
        known = stored_details(self._folder / "cells.sqlite")
        return [known.get(key) for key in self._ids]

    def save(self, folder: str | Path) -> None:
        """results.csv, results.json, results.sqlite: each whole or not at all."""
        where = Path(folder)
        write_whole(where / "results.csv", self.frame.to_csv(index=False), "out")
        study: dict[str, Any] = {"name": self.study.name, "title": self.study.title, "phase": self.study.phase, "base": dict(self.study.base), "axes": list(self.study.axes)}
        if self.study.sensitivity is not None:
            study["sensitivity"] = self.study.sensitivity.to_dict()
        text = json.dumps({"schema": SCHEMA, "study": study, "rows": self.rows, "cells": self._ids}, indent=1) + "\n"
        write_whole(where / "results.json", text, "out")
        write_whole(where / "results.sqlite", as_database(self.rows), "out")

    def tornado(self, path: str | Path, metric: str | None = None) -> None:
        """PNG or SVG: how far each assumed figure moves the metric (default: the phase's time). Needs [sensitivity]."""
        from ..report.plot import drawn
        from .sensitivity import tornado_figure

        target = check_writable(path, "tornado")
        write_whole(target, drawn(tornado_figure(self, metric or f"{self.study.phase}_us"), plot_format(target)), "tornado")

    def more_figures(self) -> list[Figure]:
        from .sensitivity import tornado_figure

        metric = f"{self.study.phase}_us"
        return [tornado_figure(self, metric)] if self.study.sensitivity is not None and all(metric in row for row in self.rows) else []


def load_sweep(path: str | Path) -> Sweep:
    """A finished sweep from its folder, or from its results.json. Raises ConfigError if it is something else."""
    file = Path(path) / "results.json" if Path(path).is_dir() else Path(path)
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"sweep={path}: can't be read ({error.strerror}); is it finished?", "sweep") from None
    except ValueError:
        raise ConfigError(f"sweep={file}: not JSON", "sweep") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise ConfigError(f"sweep={file}: its schema is not '{SCHEMA}'", "sweep")
    try:
        return _loaded(data, file.parent)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"sweep={file}: damaged ({type(error).__name__}: {error})", "sweep") from None


def _loaded(data: Mapping[str, Any], folder: Path) -> Sweep:
    said = data["study"]
    axes = {key: list(dict.fromkeys(row[key] for row in data["rows"])) for key in said["axes"]}
    sensitivity = Sensitivity.of(said["sensitivity"]) if "sensitivity" in said else None
    return Sweep(Study(said["name"], said["title"], said["phase"], said.get("base", {}), axes, sensitivity=sensitivity), data["rows"], folder, data.get("cells", [""] * len(data["rows"])))
