# SPDX-License-Identifier: Apache-2.0
"""docs/study/README.md: what repainting the linear map costs, from the results of the grids in docs/study/.

    python3 -m bbmsim.report.study page FOLDER      # FOLDER/README.md and pictures from FOLDER/data/*.csv
    python3 -m bbmsim.report.study run FOLDER GRID...    # sweeps FOLDER/GRID.toml into FOLDER/data/GRID.csv; goes on if interrupted

Everything that the page says in figures is computed from the data; `scripts/study` is both in one.
"""

from __future__ import annotations

import dataclasses
import functools
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
import pandas as pd

from ..errors import BbmsimError, ConfigError
from ..extrapolation import Extrapolation, core_count, core_family, extrapolate
from ..files import write_whole
from ..result import CAUSES
from ..sweeps import sweep
from ..sweeps.cells import Cells
from ..sweeps.cells import Grid as Axes
from ..units import format_size, format_time, parse_size
from . import study_findings

STRATEGY, HOP = "set.strategy", "board.hop_ns"
APART = ("kpti-ng", "lazy")  #: another job than blocks to pages: not on one scale with the rest
BEYOND: dict[str, list[str | int]] = {"memory": ["4TiB", "16TiB", "64TiB"], "cores": [4, 512]}


class Grid:
    """Rows of a sweep's results.csv with columns of their own: gib, cpus, mix, total_us (painting and repainting)."""

    def __init__(self, frame: pd.DataFrame) -> None:
        rows = frame.copy()
        rows["gib"] = [parse_size(v) / 2**30 for v in rows["memory"]]
        rows["cpus"] = [core_count(v) for v in rows["cores"]]
        rows["mix"] = [core_family(v) for v in rows["cores"]]
        if "repaint_us" in rows:
            painting = [c for c in ("paint_us", "paging_init_us") if c in rows]
            rows["total_us"] = rows[["repaint_us", *painting]].sum(axis=1)
        self.rows = rows

    def at(self, **wanted: Any) -> pd.DataFrame:
        """The rows in which these columns have these values; `strategy` and `hop` for short."""
        out = self.rows
        for name, value in wanted.items():
            out = out[out[{"strategy": STRATEGY, "hop": HOP}.get(name, name)] == value]
        return out

    def one(self, column: str, **wanted: Any) -> float:
        """One figure; NaN if there is no such run. Raises ValueError if there are several."""
        found = self.at(**wanted)[column]
        if len(found) > 1:
            raise ValueError(f"{wanted}: {len(found)} runs")
        return float(found.iloc[0]) if len(found) else float("nan")

    @property
    def strategies(self) -> list[str]:
        return list(dict.fromkeys(self.rows[STRATEGY]))

    def values(self, column: str) -> list[Any]:
        return sorted(set(self.rows[column]))


def time(us: float) -> str:
    return "-" if np.isnan(us) or us == 0 else format_time(us * 1e6)


def percent(ratio: float) -> str:
    return "-" if np.isnan(ratio) else f"{100 * (ratio - 1):+.1f} %"


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


class Page:
    """What the template may say: tables and single figures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.repaint = Grid(_read(folder, "repaint-full") if _has(folder, "repaint-full") else _read(folder, "repaint"))
        self.linux = Grid(_read(folder, "linux")) if _has(folder, "linux") else None
        self.bare = Grid(_read(folder, "linux-bare")) if _has(folder, "linux-bare") else None
        self.sensitivity = _read(folder, "sensitivity") if _has(folder, "sensitivity") else None
        self.hop = min(self.repaint.values(HOP)) if HOP in self.repaint.rows else None
        if self.hop is None:
            self.repaint.rows[HOP] = self.hop = 15
        self.mixes = list(dict.fromkeys(self.repaint.rows["mix"]))
        self.mixed = next((m for m in self.mixes if len(m.split(" + ")) == 2 and len(set(m.split(" + "))) == 2), self.mixes[0])
        self.sizes: list[float] = self.repaint.values("gib")
        self.counts: list[int] = self.repaint.values("cpus")
        self.cpus = 4 if 4 in self.counts else self.counts[0]
        self.size = 64.0 if 64.0 in self.sizes else self.sizes[-1]
        
    @staticmethod
    def format_size(gib: float) -> str:
        return format_size(int(gib * 2**30))

    @property
    def findings(self) -> list[str]:
        return study_findings.of(self)

    def mix_of(self, strategy: str) -> str:
        """The mixed board, or the first on which the strategy has been run."""
        ran = set(self.repaint.at(strategy=strategy)["mix"])
        own: str = self.mixed if self.mixed in ran else next((m for m in self.mixes if m in ran), self.mixed)
        return own

    def cost(self, strategy: str, **wanted: Any) -> float:
        """Microseconds of repainting, by default on the page's board."""
        where = {"mix": self.mix_of(strategy), "cpus": self.cpus, "hop": self.hop, "gib": self.size, **wanted}
        return self.repaint.one("repaint_us", strategy=strategy, **where)

    def figure(self, column: str, strategy: str, **wanted: Any) -> float:
        where = {"mix": self.mix_of(strategy), "cpus": self.cpus, "hop": self.hop, "gib": self.size, **wanted}
        return self.repaint.one(column, strategy=strategy, **where)

    def by_memory(self) -> str:
        rows = []
        for strategy in self.repaint.strategies:
            cells = [time(self.cost(strategy, gib=gib)) for gib in self.sizes]
            paint = self.figure("paint_us", strategy)
            rows.append([f"`{strategy}`", *cells, time(paint)])
        return table(["strategy", *(self.format_size(s) for s in self.sizes), f"painting at boot, {self.format_size(self.size)}"], rows)

    def by_cores(self) -> str:
        rows = []
        for strategy in self.repaint.strategies:
            costs = [self.cost(strategy, cpus=n) for n in self.counts]
            if not any(c > 0 for c in costs):
                continue
            lost = self.figure("others_wfe", strategy, cpus=self.counts[-1]) / max(self.figure("cycles", strategy, cpus=self.counts[-1]), 1)
            rows.append([f"`{strategy}`", *(time(c) for c in costs), "-" if np.isnan(lost) else f"{100 * lost:.0f} %"])
        return table(["strategy", *(f"{n} cores" for n in self.counts), f"cycles of all {self.counts[-1]} cores spent waiting"], rows)

    def by_mix(self) -> str:
        rows = []
        for strategy in self.repaint.strategies:
            costs = [self.repaint.one("repaint_us", strategy=strategy, mix=m, cpus=self.cpus, hop=self.hop, gib=self.size) for m in self.mixes]
            if any(c > 0 for c in costs):
                rows.append([f"`{strategy}`", *(time(c) for c in costs)])
        return table(["strategy", *self.mixes], rows)

    def by_hop(self) -> str:
        hops = self.repaint.values(HOP)
        gib = max(s for s in self.sizes if len(self.repaint.at(gib=s, hop=hops[-1])))
        gib = self.size if len(self.repaint.at(gib=self.size, hop=hops[-1])) else gib
        rows = []
        for strategy in self.repaint.strategies:
            changes = [self.cost(strategy, hop=hops[-1], cpus=n, gib=gib) / self.cost(strategy, cpus=n, gib=gib) for n in self.counts]
            if not all(np.isnan(c) for c in changes):
                rows.append([f"`{strategy}`", *(percent(c) for c in changes)])
        return table([f"{hops[-1]} ns a hop instead of {hops[0]}, {self.format_size(gib)}", *(f"{n} cores" for n in self.counts)], rows)

    def causes(self) -> str:
        rows = []
        for strategy in self.repaint.strategies:
            parts = [self.figure(f"boot_core_{cause}", strategy) for cause in CAUSES]
            total = sum(parts)
            if total > 0:
                rows.append([f"`{strategy}`", *(f"{100 * p / total:.1f} %" for p in parts), f"{self.figure('tlbis', strategy):,.0f}", f"{self.figure('table_pages', strategy):,.0f}"])
        return table(["strategy", *CAUSES, "TLBIs", "tables"], rows)

    @functools.cached_property
    def extrapolated(self) -> Extrapolation:
        """From the page's board and numbers of cores; a frame of its own, never among the measured."""
        rows = self.repaint.at(mix=self.mixed, hop=self.hop)
        return extrapolate(rows[rows["repaint_us"] > 0], BEYOND, ["repaint_us"], by=[STRATEGY])

    def beyond(self) -> str:
        found = self.extrapolated
        said = [f"Not extrapolated: {name} ({why})." for name, why in found.refused.items()]
        return "\n\n".join(([self._extrapolated(found.frame)] if len(found.frame) else []) + said)

    def _extrapolated(self, frame: pd.DataFrame) -> str:
        out = []
        for strategy, group in frame.groupby(STRATEGY, sort=False):
            cells = [f"{time(v)} ({time(low)} to {time(high)})" for v, low, high in zip(group["repaint_us"], group["repaint_us_low"], group["repaint_us_high"])]
            out.append([f"`{strategy}`", *cells])
        where = [f"{memory}, {cores} cores" for memory, cores in dict.fromkeys(zip(frame["memory"], frame["cores"]))]
        return table(["strategy, extrapolated", *where], out)

    def straightness(self) -> str:
        found = [s for s in self.cells(STRATEGY, "memory", cpus=self.cpus).linearity()]
        return table(["strategy", "furthest from a straight line", "at", "why"], [
            [f"`{s.name.partition('=')[2]}`", f"{100 * s.deviation:.2f} %", self.format_size(s.at_gib), s.reason or "straight"] for s in found
        ])  # fmt: skip

    def kernels(self) -> str:
        assert self.linux is not None and self.bare is not None
        rows = []
        for mix in dict.fromkeys(self.linux.rows["mix"]):
            for gib in self.linux.values("gib"):
                row = [mix, self.format_size(gib)]
                for kernel in self.linux.values("kernel"):
                    at = {"kernel": kernel, "mix": mix, "gib": gib}
                    row += [time(self.linux.one("paging_init_us", **at)), time(self.linux.one("repaint_us", **at))]
                row += [time(self.bare.one("repaint_us", strategy="merged", mix=mix, gib=gib)), time(self.bare.one("paint_us", strategy="page-from-boot", mix=mix, gib=gib))]
                rows.append(row)
        kernels = [f"{k}: {part}" for k in self.linux.values("kernel") for part in ("paging_init", "repaint")]
        return table(["cores", "memory", *kernels, "`merged`", "`page-from-boot` paints"], rows)

    def sensitivities(self, most: int = 6) -> str:
        """The assumed figures that move each strategy furthest, each from one end of its stated range to the other."""
        assert self.sensitivity is not None
        rows = []
        for strategy, group in self.sensitivity.groupby(STRATEGY, sort=False):
            time_of = dict(zip(group["sample"], group["repaint_us"]))
            base = time_of["base"]
            keys = list(dict.fromkeys(s.rpartition("=")[0] for s in time_of if s != "base"))
            ends = {k: (time_of[f"{k}=low"] / base, time_of[f"{k}=high"] / base) for k in keys}
            moves = {k: max(abs(low - 1), abs(high - 1)) for k, (low, high) in ends.items()}
            furthest = sorted(moves, key=lambda k: -float(moves[k]))[:most]
            rows += [[f"`{strategy}`" if i == 0 else "", f"`{k}`", percent(ends[k][0]), percent(ends[k][1])] for i, k in enumerate(furthest)]
        return table(["strategy", "parameter", "at its low end", "at its high end"], rows)

    def render(self) -> str:
        loader = jinja2.PackageLoader("bbmsim.report", "templates")
        environment = jinja2.Environment(loader=loader, undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=True)
        text: str = environment.get_template("study.md.j2").render(p=self)
        return text

    def cells(self, *axes: str, **wanted: Any) -> Cells:
        """The rows with these values, each strategy on its own mix, as a grid over `axes` that can be drawn."""
        rows = self.repaint.at(hop=self.hop, **wanted)
        rows = rows[[self.mix_of(s) == m for s, m in zip(rows[STRATEGY], rows["mix"])]]
        values = {key: list(dict.fromkeys(rows[key])) for key in axes}
        fixed = ", ".join([self.mixed, *(f"{v} cores" if k == "cpus" else self.format_size(v) for k, v in wanted.items())])
        records = [{k: v for k, v in row.items() if not (isinstance(v, float) and np.isnan(v))} for row in rows.to_dict("records")]
        return Cells(records, Axes(values, "repaint", "What repainting costs", fixed, {"cpus": "cores"}), lambda: [None] * len(records))

    def pictures(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        over_memory = self.cells(STRATEGY, "memory", cpus=self.cpus)
        frame = self.extrapolated.frame
        beyond = dataclasses.replace(self.extrapolated, frame=frame[frame["cores"] == self.cpus]) if len(frame) else None
        over_memory.plot(folder / "memory.svg", "scaling", extrapolated=beyond)
        if len(self.counts) > 1:
            self.cells(STRATEGY, "cpus", gib=self.size).plot(folder / "cores.svg", "scaling")
        causes = self.cells(STRATEGY, gib=self.size, cpus=self.cpus)
        causes.rows = [row for row in causes.rows if row[STRATEGY] not in APART]
        causes.plot(folder / "causes.svg", "causes")


def _has(folder: Path, grid: str) -> bool:
    return (folder / "data" / f"{grid}.csv").exists()


def _read(folder: Path, grid: str) -> pd.DataFrame:
    path = folder / "data" / f"{grid}.csv"
    try:
        return pd.read_csv(path, dtype={"kernel": str}, keep_default_na=True)
    except OSError as error:
        raise ConfigError(f"study={path}: can't be read ({error.strerror}); scripts/study makes it", "study") from None


def write_page(folder: Path) -> None:
    """FOLDER/README.md and FOLDER/pictures/*.svg from FOLDER/data/."""
    page = Page(folder)
    write_whole(folder / "README.md", page.render(), "study")
    page.pictures(folder / "pictures")


def run_grid(folder: Path, grid: str, work: Path, jobs: int | None = None) -> None:
    """Sweeps FOLDER/GRID.toml in WORK/GRID.sweep and keeps its rows as FOLDER/data/GRID.csv."""
    results = work / f"{grid}.sweep"

    def progress(done: int, total: int) -> None:
        if sys.stderr.isatty() or done == total:
            print(f"\r{grid}: {done} of {total} cells", end="\n" if done == total else "", file=sys.stderr, flush=True)

    sweep(folder / f"{grid}.toml", results, jobs=jobs, progress=progress)
    (folder / "data").mkdir(exist_ok=True)
    shutil.copyfile(results / "results.csv", folder / "data" / f"{grid}.csv")


def main(words: Sequence[str]) -> int:
    try:
        if words[:1] == ["run"] and len(words) > 3:
            for grid in words[3:]:
                run_grid(Path(words[1]), grid, Path(words[2]))
        elif words[:1] == ["page"] and len(words) == 2:
            write_page(Path(words[1]))
        else:
            print("usage: run FOLDER WORK GRID... | page FOLDER", file=sys.stderr)
            return 2
    except BbmsimError as error:
        print(f"study: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstudy: interrupted; finished cells are kept, the same command goes on", file=sys.stderr)
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
