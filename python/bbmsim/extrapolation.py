# SPDX-License-Identifier: Apache-2.0
"""What runs would cost that are too large to be made: a model fitted to smaller ones, tested on sizes held back from it.

Cost is linear in what there is to do: something is done once, something for each table and leaf, something for each
core, and something for each core and leaf. Leaves and tables are proportional to memory, so they are one term:

    cost = a + b * memory + c * cores + d * memory * cores + e * memory / cores

Only the terms of what varies are in the model (`terms_of`). Every point counts by its relative error, with one weight
for all causes of a run, so that the extrapolated causes add up to the extrapolated whole as measured ones do.

An extrapolated figure is never a row among measured ones: `extrapolate` gives a frame of its own, whose column `kind`
says "extrapolated", with `METRIC_low` and `METRIC_high` beside each METRIC.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import ConfigError
from .units import format_size, parse_size

Floats = NDArray[np.float64]

MEASURED, EXTRAPOLATED = "measured", "extrapolated"
MOST_ERROR = 0.05  #: a model whose held-back error is larger extrapolates nothing, unless told otherwise
NARROWEST = 0.02  #: a band never claims more, to either side: what counts as straight bends by so much (linearity.LIMIT)
WIDEST = 0.5  #: a curve whose band at an asked point is wider to either side says nothing, and is not extrapolated

#: memory in GiB, number of cores -> the term's column
TERMS: Mapping[str, Callable[[Floats, Floats], Floats]] = {
    "fixed": lambda m, n: np.ones_like(m),
    "memory": lambda m, n: m,
    "cores": lambda m, n: n,
    "memory x cores": lambda m, n: m * n,
    "memory / cores": lambda m, n: m / n,
}
_AXES = ("memory", "cores")


def size_and_cores(frame: pd.DataFrame) -> pd.DataFrame:
    """The columns `gib` and `cpus` of the rows of compare() or sweep(): memory in GiB and the number of cores; NaN where
    the rows don't say (a study that has no such axis).
    """
    out = pd.DataFrame(index=frame.index, columns=["gib", "cpus"], dtype=float)
    if "memory_bytes" in frame:
        out["gib"] = frame["memory_bytes"] / 2**30
    elif "memory" in frame:
        out["gib"] = [parse_size(v) / 2**30 for v in frame["memory"]]
    if "cores" in frame:
        out["cpus"] = [float(core_count(v)) for v in frame["cores"]]
    return out


def core_count(mix: str | int | float) -> int:
    """4 of "cortex-x4,cortex-a720*3"; a number stands for itself."""
    if not isinstance(mix, str):
        return int(mix)
    from .config import parse_cores

    return len(parse_cores(mix))


def core_family(mix: str | int | float) -> str:
    """What mixes of different numbers have in common, such as "cortex-x4 + cortex-a720"; a number has no family."""
    if not isinstance(mix, str):
        return ""
    from .config import describe_cores, parse_cores

    cores = parse_cores(mix)
    boot, others = describe_cores(cores[:1]), sorted({describe_cores([c]) for c in cores[1:]})
    return boot if others in ([], [boot]) else " + ".join([boot, *others])


def terms_of(frame: pd.DataFrame) -> tuple[str, ...]:
    """The terms of what varies among the rows: fixed and memory, fixed and cores, or all; but without a cost that falls
    with the number of cores if there are fewer than four numbers, one of which a test holds back.
    """
    at = size_and_cores(frame)
    varies = [axis for axis, column in zip(_AXES, ("gib", "cpus")) if at[column].nunique() > 1]
    if len(varies) == 2:
        return tuple(TERMS)[: 5 if at["cpus"].nunique() > 3 else 4]
    if not varies:
        raise ConfigError("extrapolate: neither memory nor cores vary among the runs", "extrapolate")
    return ("fixed", varies[0])


@dataclass(frozen=True)
class HeldBack:
    """What a model says of runs that it was not fitted to, against what they cost."""

    axis: str  #: "memory" or "cores": the runs at its largest value were held back
    largest: float  #: that value: GiB, or a number of cores
    before: float  #: the largest that was left
    runs: int  #: that many were held back
    error: float  #: the largest relative error among them

    @property
    def doublings(self) -> float:
        return math.log2(self.largest / self.before)

    def __str__(self) -> str:
        at, before = (format_size(round(v * 2**30)) if self.axis == "memory" else f"{v:g} cores" for v in (self.largest, self.before))
        return f"{self.error * 100:.2f} % at {at}, from runs up to {before}"


@dataclass(frozen=True)
class Model:
    """A fitted cost. Nothing in it knows of strategies: fit one for each (`extrapolate` does)."""

    metric: str
    terms: tuple[str, ...]
    coefficients: Floats  #: of the terms, in the metric's unit: each GiB, each core, ...
    covariance: Floats  #: of the coefficients
    largest: tuple[float, float]  #: GiB and cores of the largest run fitted
    constant: tuple[float, float]  #: GiB and cores where they do not vary, else NaN
    tests: tuple[HeldBack, ...]  #: empty if there were too few runs to hold any back
    t: float  #: of Student's distribution, 95 %, for the runs that are more than the terms

    @property
    def held_back_error(self) -> float:
        """The largest relative error of all held-back runs; NaN without any."""
        return max((t.error for t in self.tests), default=math.nan)

    def predict(self, points: pd.DataFrame) -> pd.DataFrame:
        """`value`, `low` and `high` at the points (columns as of compare() or sweep() rows: memory or memory_bytes, cores).

        The band is the widest of three: the interval of 95 % of the fitted line; the held-back error for each doubling
        beyond the largest run, in proportion to the doublings over which that error was made, at least once; NARROWEST.
        """
        at = size_and_cores(points)
        at["gib"], at["cpus"] = at["gib"].fillna(self.constant[0]), at["cpus"].fillna(self.constant[1])
        x = _matrix(self.terms, at)
        value = x @ self.coefficients
        line = self.t * np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", x, self.covariance, x), 0.0))
        rate = np.zeros(len(at))
        for test in self.tests:
            i = _AXES.index(test.axis)
            far = np.log2(np.maximum(at[("gib", "cpus")[i]].to_numpy(float) / self.largest[i], 1.0))
            rate += test.error * np.maximum(1.0, far / test.doublings)
        half = np.maximum(line, np.maximum(rate, NARROWEST) * np.abs(value))
        return pd.DataFrame({"value": value, "low": np.maximum(value - half, 0.0), "high": value + half}, index=points.index)


def fit(frame: pd.DataFrame, metric: str, *, terms: Sequence[str] | None = None, weigh_by: str | None = None) -> Model:
    """Fits `metric` over memory and cores by least squares of relative errors; tests it by leaving out the largest.

    `frame` has the rows of one strategy on one kind of machine. `terms` are names out of TERMS, default `terms_of`.
    Errors are relative to the column `weigh_by`, default `metric` itself. Raises ConfigError if there are fewer runs, or
    fewer different sizes, than terms.
    """
    rows = _measured(frame, metric)
    chosen = tuple(terms) if terms is not None else terms_of(rows)
    weights = rows[weigh_by or metric].to_numpy(float)
    at = size_and_cores(rows)
    coefficients, covariance, t = _solve(_matrix(chosen, at), rows[metric].to_numpy(float), weights, chosen)
    constant = [float(at[c].iloc[0]) if at[c].nunique() == 1 else math.nan for c in ("gib", "cpus")]
    largest = (float(at["gib"].max()), float(at["cpus"].max()))
    tests = held_back_error(rows, metric, terms=chosen, weigh_by=weigh_by)
    return Model(metric, chosen, coefficients, covariance, largest, (constant[0], constant[1]), tests, t)


def held_back_error(
    frame: pd.DataFrame, metric: str, *, terms: Sequence[str] | None = None, weigh_by: str | None = None
) -> tuple[HeldBack, ...]:
    """Leave-largest-out along each axis that varies: the model fitted to all smaller runs, asked for the largest.

    An axis with too few smaller runs for the terms has no test. Errors are relative to `weigh_by` (default: `metric`).
    """
    rows = _measured(frame, metric)
    chosen = tuple(terms) if terms is not None else terms_of(rows)
    at = size_and_cores(rows)
    x, y, weights = _matrix(chosen, at), rows[metric].to_numpy(float), rows[weigh_by or metric].to_numpy(float)
    out = []
    for axis, column in zip(_AXES, ("gib", "cpus")):
        values = at[column].to_numpy(float)
        if len(set(values)) < 2 or np.isnan(values).any():
            continue
        held = values == values.max()
        if _deficit(x[~held]):
            continue
        coefficients, _, _ = _solve(x[~held], y[~held], weights[~held], chosen)
        error = np.abs(x[held] @ coefficients - y[held]) / np.where(weights[held] > 0, weights[held], 1.0)
        out.append(HeldBack(axis, float(values.max()), float(values[~held].max()), int(held.sum()), float(error.max())))
    return tuple(out)


@dataclass(frozen=True)
class Extrapolation:
    """What came of `extrapolate`."""

    #: a row for each point and group: the axes, `mix` (core_family()) if there are several, `kind`, and METRIC, METRIC_low,
    #: METRIC_high; may be empty
    frame: pd.DataFrame
    models: Mapping[str, Model]  #: of the first metric, by the group's name
    refused: Mapping[str, str]  #: why a group has no rows, by its name


def extrapolate(
    frame: pd.DataFrame,
    points: Mapping[str, Sequence[str | int]],
    metrics: Sequence[str],
    *,
    by: Sequence[str] = (),
    most_error: float = MOST_ERROR,
) -> Extrapolation:
    """Fits each group of rows (equal in the columns `by` and in the kind of cores) and predicts `metrics` at all `points`.

    `points` has "memory" (sizes) and "cores" (numbers), either or both; where it lacks one, each that the group has.
    The first metric is the whole that the errors of all are relative to; a group whose held-back error of it is above
    `most_error`, whose band is wider than WIDEST, or that cannot be tested, is refused and said why.
    """
    for key in points:
        if key not in _AXES:
            raise ConfigError(f"extrapolate={key}: must be memory or cores", "extrapolate")
    keys = list(by)
    rows = _measured(frame, metrics[0]).copy()
    if "cores" in rows and not rows.empty:
        rows["_family"] = [core_family(v) for v in rows["cores"]]
        keys.append("_family")
    models: dict[str, Model] = {}
    refused: dict[str, str] = {}
    out: list[pd.DataFrame] = []
    for values, group in groups(rows, keys):
        name = ", ".join(f"{k}={v}" if k in by else str(v) for k, v in zip(keys, values) if v != "") or "all runs"
        asked = _points(group, points)
        try:
            fitted = [fit(group, metric, weigh_by=metrics[0]) for metric in metrics if metric in group]
            _check(fitted[0], points, most_error)
        except ConfigError as error:
            refused[name] = str(error)
            continue
        same: dict[str, Any] = {k: v for k, v in zip(keys, values) if k in by}
        if "_family" in rows and rows["_family"].nunique() > 1:
            same["mix"] = values[-1]
        table = pd.DataFrame(same | asked | {"kind": EXTRAPOLATED})
        said = fitted[0].predict(table)
        widest = float(((said["high"] - said["value"]) / said["value"].abs()).max())
        if not widest <= WIDEST:
            refused[name] = f"extrapolate: the band reaches {widest * 100:.0f} % beyond the value; at most {WIDEST * 100:g} % is accepted"
            continue
        models[name] = fitted[0]
        for model in fitted:
            said = model.predict(table)
            table[model.metric], table[f"{model.metric}_low"], table[f"{model.metric}_high"] = said["value"], said["low"], said["high"]
        out.append(table)
    return Extrapolation(pd.concat(out, ignore_index=True) if out else pd.DataFrame(), models, refused)


def parse_points(texts: Sequence[str]) -> dict[str, list[str | int]]:
    """The points of "memory=4TiB,64TiB" and "cores=512", or of "4TiB,64TiB", which are sizes. Raises ConfigError."""
    points: dict[str, list[str | int]] = {}
    for text in texts:
        axis, equals, values = text.partition("=")
        if not equals:
            axis, values = "memory", text
        if axis not in _AXES:
            raise ConfigError(f"extrapolate={text}: must be memory=SIZE,... or cores=NUMBER,...", "extrapolate")
        for value in values.split(","):
            if axis == "memory":
                parse_size(value, "extrapolate")
            elif not value.isdecimal() or not int(value):
                raise ConfigError(f"extrapolate={text}: '{value}' is no number of cores", "extrapolate")
            points.setdefault(axis, []).append(value if axis == "memory" else int(value))
    return points


def check_points(cells: Iterable[Mapping[str, Any]], points: Mapping[str, Sequence[str | int]], by: Sequence[str] = ()) -> None:
    """Before anything runs: can rows at these axes ever say something of `points`, and do these lie beyond them? Raises
    ConfigError with the first reason why not.
    """
    rows = pd.DataFrame([dict(cell) for cell in cells])
    at = size_and_cores(rows)
    for axis, values in points.items():
        largest = at["gib" if axis == "memory" else "cpus"].max()
        for value in values:
            if (parse_size(value) / 2**30 if axis == "memory" else int(value)) <= largest:
                raise ConfigError(f"extrapolate: {axis}={value} lies among the runs, not beyond them", "extrapolate")
    found = extrapolate(rows.assign(_cost=at["gib"].fillna(1.0)), points, ["_cost"], by=by)
    if found.refused:
        name, why = next(iter(found.refused.items()))
        raise ConfigError(f"{why} (in {name})", "extrapolate")


def groups(rows: pd.DataFrame, keys: Sequence[str]) -> Iterable[tuple[tuple[Any, ...], pd.DataFrame]]:
    """The rows that are equal in all of `keys`, in the order in which they come, by their values."""
    if not keys:
        return [((), rows)]
    return [(values if isinstance(values, tuple) else (values,), group) for values, group in rows.groupby(list(keys) if len(keys) > 1 else keys[0], sort=False)]


def _points(group: pd.DataFrame, points: Mapping[str, Sequence[str | int]]) -> dict[str, list[Any]]:
    at = size_and_cores(group)
    memory: list[Any] = list(points.get("memory", ()))
    cores: list[Any] = list(points.get("cores", ()))
    if not memory and at["gib"].notna().any():
        memory = [format_size(round(gib * 2**30)) for gib in sorted(set(at["gib"]))]
    if not cores and at["cpus"].notna().any():
        cores = [int(cpus) for cpus in sorted(set(at["cpus"]))]
    pairs = [(m, n) for n in cores or [None] for m in memory or [None]]
    out: dict[str, list[Any]] = {}
    if memory:
        out["memory"] = [m for m, _ in pairs]
    if cores:
        out["cores"] = [n for _, n in pairs]
    return out


def _check(model: Model, points: Mapping[str, Iterable[Any]], most_error: float) -> None:
    for axis in points:
        if axis not in model.terms:
            raise ConfigError(f"extrapolate={axis}: all runs have the same {axis}", "extrapolate")
        if all(test.axis != axis for test in model.tests):
            raise ConfigError(
                f"extrapolate={axis}: too few runs to hold the largest back: the model has {len(model.terms)} terms ({', '.join(model.terms)})",
                "extrapolate",
            )
    for test in model.tests:
        if test.error > most_error:
            raise ConfigError(f"extrapolate={test.axis}: the held-back error is {test}; at most {most_error * 100:g} % is accepted", "extrapolate")


def _measured(frame: pd.DataFrame, metric: str) -> pd.DataFrame:
    if metric not in frame:
        raise ConfigError(f"metric={metric}: the runs have no such figure", "metric")
    return frame[frame[metric].notna()]


def _matrix(terms: Sequence[str], at: pd.DataFrame) -> Floats:
    m, n = at["gib"].to_numpy(float), at["cpus"].to_numpy(float)
    columns = [TERMS[term](m, n) for term in terms]
    return np.column_stack(columns).astype(np.float64)


def _scaled(x: Floats) -> tuple[Floats, Floats]:
    scale = np.abs(x).max(axis=0) if len(x) else np.ones(x.shape[1])
    scale[scale == 0] = 1.0
    return x / scale, scale


def _deficit(x: Floats) -> int:
    """How many terms the rows cannot tell from the others."""
    return int(x.shape[1] - (np.linalg.matrix_rank(_scaled(x)[0]) if len(x) else 0))


def _solve(x: Floats, y: Floats, weights: Floats, terms: Sequence[str]) -> tuple[Floats, Floats, float]:
    if len(x) < x.shape[1] or _deficit(x):
        raise ConfigError(
            f"extrapolate: {len(x)} runs at {len(np.unique(x, axis=0))} sizes don't determine {len(terms)} terms ({', '.join(terms)})", "extrapolate"
        )
    per = 1.0 / np.where(weights > 0, weights, 1.0)
    scaled, scale = _scaled(x * per[:, None])
    solution, *_ = np.linalg.lstsq(scaled, y * per, rcond=None)
    spare = len(x) - x.shape[1]
    residual = y * per - scaled @ solution
    variance = float(residual @ residual) / spare if spare else 0.0
    covariance = variance * np.linalg.inv(scaled.T @ scaled) / np.outer(scale, scale)
    return solution / scale, covariance, _student(spare) if spare else 0.0


def _student(spare: int) -> float:
    """The two-sided 95 % point of Student's distribution; within 1 %."""
    exact = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776}
    if spare in exact:
        return exact[spare]
    z = 1.959964
    return z + (z**3 + z) / (4 * spare) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * spare**2)
