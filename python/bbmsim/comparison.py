# SPDX-License-Identifier: Apache-2.0
"""Strategies side by side over memory sizes and core mixes: bs.compare(...).plot("cost.png")."""

from __future__ import annotations

import io
import itertools
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .config import Board, Core, describe_cores, parse_cores
from .errors import ConfigError
from .files import check_writable, write_whole
from .result import CAUSES, Result
from .simulation import Simulation
from .units import format_size, parse_size
from .workload import Workload, bare

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

DEFAULT_CORES = "cortex-x4,cortex-a720*3"


@dataclass(frozen=True)
class _Case:
    labels: Mapping[str, Any]
    board: Board
    workload: Workload
    seed: int
    timeout: str | int | None
    phase: str


def compare(
    strategies: Sequence[str] = ("rfc-range", "pagewalk", "page-from-boot"),
    memory: Sequence[str | int] = ("1GiB", "4GiB"),
    cores: Sequence[str | Sequence[Core]] = (DEFAULT_CORES,),
    *,
    workload: str = "repaint",
    phase: str = "repaint",
    seed: int = 0,
    set: Mapping[str, Any] | None = None,
    timeout: str | int | None = None,
    jobs: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Comparison:
    """Runs every combination, in worker processes (`jobs`, default one a host core), and gives one row for each.

    `cores` are mixes: text as for --cores, or lists of core(). `phase` is the one whose cost is told apart by cause.
    Raises ConfigError before anything runs if any combination is wrong.
    """
    for name, values in (("strategies", strategies), ("memory", memory), ("cores", cores)):
        if not values:
            raise ConfigError(f"{name}: at least one", name)
    cases: list[_Case] = []
    for mix, size, strategy in itertools.product(cores, memory, strategies):
        built = parse_cores(mix) if isinstance(mix, str) else list(mix)
        board = Board(cores=built, memory=size)
        guest = bare(workload, strategy=strategy, **dict(set or {}))
        guest.program().check_fits(board.memory_bytes, guest.path)
        labels = {
            "strategy": strategy,
            "cores": mix if isinstance(mix, str) else describe_cores(built),
            "memory": format_size(parse_size(size)),
            "memory_bytes": board.memory_bytes,
        }
        cases.append(_Case(labels, board, guest, seed, timeout, phase))
    return Comparison(_run_all(cases, jobs or os.cpu_count() or 1, progress), phase)


def _run_all(cases: list[_Case], jobs: int, progress: Callable[[int, int], None] | None) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{} for _ in cases]
    if min(jobs, len(cases)) == 1:
        for i, case in enumerate(cases):
            rows[i] = _run_case(case)
            if progress is not None:
                progress(i + 1, len(cases))
        return rows
    import multiprocessing  # what few need costs them only
    from concurrent.futures import ProcessPoolExecutor, as_completed

    # fork: a caller's script needs no `if __name__ == "__main__"`.
    pool = ProcessPoolExecutor(
        min(jobs, len(cases)), multiprocessing.get_context("fork"), initializer=signal.signal,
        initargs=(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        futures = {pool.submit(_run_case, case): i for i, case in enumerate(cases)}
        for done, future in enumerate(as_completed(futures), 1):
            rows[futures[future]] = future.result()
            if progress is not None:
                progress(done, len(cases))
        pool.shutdown()
        return rows
    except BaseException:
        for process in list(pool._processes.values()):
            process.kill()
        pool.shutdown(wait=False, cancel_futures=True)
        raise


def _run_case(case: _Case) -> dict[str, Any]:
    result = Simulation(case.board, case.workload, seed=case.seed).run(timeout=case.timeout)
    return {**case.labels, **figures(result, case.phase)}


def figures(result: Result, phase: str) -> dict[str, Any]:
    """What a run cost, as one flat row; nothing of it depends on the host."""
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
        for cause in CAUSES:
            row[f"boot_core_{cause}"] = chosen.cores[0].cycles[cause]
            row[f"others_{cause}"] = sum(c.cycles[cause] for c in chosen.cores[1:])
    return row


class Comparison:
    """The rows of compare(), in the order of its arguments."""

    def __init__(self, rows: list[dict[str, Any]], phase: str) -> None:
        self.rows = rows
        self.phase = phase

    @property
    def frame(self) -> pandas.DataFrame:
        """One row a run; times in microseconds of simulated time."""
        import pandas

        return pandas.DataFrame(self.rows)

    @property
    def exit_status(self) -> int:
        """As of `bbmsim run`, the worst of all: 4, then 1, then 3."""
        if any(r["outcome"] == "internal-error" for r in self.rows):
            return 4
        if any(r["violations"] or r["hazards"] for r in self.rows):
            return 1
        return 0 if all(r["outcome"] in ("poweroff", "reset") for r in self.rows) else 3

    def save_csv(self, path: str | Path) -> None:
        write_whole(check_writable(path, "csv"), self.frame.to_csv(index=False), "csv")

    def plot(self, path: str | Path) -> None:
        """A PNG or SVG, by the ending: the phase's time over memory, or by cause if there is only one size."""
        target = check_writable(path, "plot")
        write_whole(target, self._drawn(plot_format(target)), "plot")

    def html(self, path: str | Path) -> None:
        """Table and plot as one page that needs nothing else."""
        from .report.html import environment

        target = check_writable(path, "html")
        drawing = self._drawn("svg").decode()
        drawing = drawing[drawing.index("<svg") :]  # without the XML and document type declarations
        page = environment().get_template("comparison.html.j2").render(rows=self.rows, columns=self._columns(), plot=drawing, phase=self.phase)
        write_whole(target, page, "html")

    def _columns(self) -> list[str]:
        return list(dict.fromkeys(key for row in self.rows for key in row if key != "memory_bytes"))

    def _drawn(self, kind: str) -> bytes:
        from .report.plot import comparison_figure

        figure: Figure = comparison_figure(self.rows, self.phase)
        out = io.BytesIO()
        figure.savefig(out, format=kind, dpi=150, metadata={"Date": None} if kind == "svg" else None)
        return out.getvalue()


def plot_format(path: Path) -> str:
    """ "png" or "svg"; raises ConfigError for another ending."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg"):
        raise ConfigError(f"plot={path}: the file's name must end in .png or .svg", "plot")
    return kind
