# SPDX-License-Identifier: Apache-2.0
"""Extrapolation: what a model fitted to small runs says of large ones, how wrong it was where that is known, and when it
says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd
import pytest

from bbmsim import ConfigError
from bbmsim import extrapolation as ex

SIZES = (1, 4, 16, 64, 256)


def rows(cost: Callable[[float, int], float], sizes: tuple[int, ...] = SIZES, cores: tuple[int, ...] = (4,)) -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"strategy": "s", "memory": f"{m}GiB", "cores": f"cortex-x4,cortex-a720*{n - 1}", "time": cost(m, n), "part": cost(m, n) / 3}
            for n in cores
            for m in sizes
        ]
    )


def test_a_straight_line_is_found_and_so_is_what_lies_on_it() -> None:
    model = ex.fit(rows(lambda m, n: 7 + 3 * m), "time")
    assert model.terms == ("fixed", "memory")
    assert model.coefficients == pytest.approx([7, 3])
    said = model.predict(pd.DataFrame({"memory": ["1TiB", "64TiB"]}))
    assert list(said["value"]) == pytest.approx([7 + 3 * 1024, 7 + 3 * 65536])
    assert list(said["low"]) == pytest.approx([v * 0.98 for v in said["value"]]), "never better than a straight curve may bend"
    assert list(said["high"]) == pytest.approx([v * 1.02 for v in said["value"]])


def test_all_five_terms_are_told_apart() -> None:
    truth = (5.0, 3.0, 0.1, 0.002, 40.0)
    frame = rows(lambda m, n: sum(c * v for c, v in zip(truth, (1, m, n, m * n, m / n))), cores=(2, 4, 8, 16))
    assert ex.fit(frame, "time").coefficients == pytest.approx(truth)


def test_the_largest_is_held_back_and_its_error_is_that_of_the_model_of_the_smaller() -> None:
    (test,) = ex.held_back_error(rows(lambda m, n: 10 * m if m < 256 else 11 * m), "time")
    assert (test.axis, test.largest, test.before, test.runs) == ("memory", 256, 64, 1)
    assert test.error == pytest.approx(1 / 11)
    assert test.doublings == 2
    assert str(test) == "9.09 % at 256GiB, from runs up to 64GiB"


def test_the_band_grows_with_each_doubling_beyond_what_was_measured() -> None:
    model = ex.fit(rows(lambda m, n: 10 * m if m < 256 else 10.1 * m), "time")
    near, far = (model.predict(pd.DataFrame({"memory": [s]})).iloc[0] for s in ("512GiB", "16TiB"))
    error = model.held_back_error
    assert error == pytest.approx(0.1 / 10.1)
    assert (near["high"] - near["low"]) / 2 >= error * near["value"] * 0.999  # a step as long as the test's, or a shorter one
    assert (far["high"] - far["low"]) / 2 >= 3 * error * far["value"] * 0.999  # six doublings, the test had two


def test_causes_add_up_beyond_what_was_measured() -> None:
    frame = rows(lambda m, n: 10 * m + 3 * (m % 7))
    frame["rest"] = frame["time"] - frame["part"]
    said = ex.extrapolate(frame, {"memory": ["4TiB"]}, ["time", "part", "rest"], by=["strategy"], most_error=1).frame.iloc[0]
    assert said["part"] + said["rest"] == pytest.approx(said["time"], rel=1e-12)


def test_extrapolated_rows_stand_apart_and_say_so() -> None:
    frame = rows(lambda m, n: 7 + 3 * m + n, cores=(2, 4, 8))
    found = ex.extrapolate(frame, {"memory": ["4TiB", "64TiB"], "cores": [512]}, ["time"], by=["strategy"])
    assert list(found.frame.columns) == ["strategy", "memory", "cores", "kind", "time", "time_low", "time_high"]
    assert [(r.memory, r.cores, r.kind) for r in found.frame.itertuples()] == [("4TiB", 512, "extrapolated"), ("64TiB", 512, "extrapolated")]
    assert found.frame["time"].tolist() == pytest.approx([7 + 3 * 4096 + 512, 7 + 3 * 65536 + 512])
    assert not found.refused and list(found.models) == ["strategy=s, cortex-x4 + cortex-a720"]


def test_a_bent_group_is_refused_and_the_others_are_not() -> None:
    bent, straight = rows(lambda m, n: m**1.5), rows(lambda m, n: 2.0 * m)
    bent["strategy"] = "bent"
    found = ex.extrapolate(pd.concat([bent, straight]), {"memory": ["4TiB"]}, ["time"], by=["strategy"])
    assert list(found.frame["strategy"]) == ["s"]
    (reason,) = found.refused.values()
    assert "the held-back error is" in reason and "at most 5 % is accepted" in reason and "\n" not in reason


@pytest.mark.parametrize(
    "sizes, cores, points, said",
    [
        ((1,), (4,), {"memory": ["4TiB"]}, "neither memory nor cores vary"),
        ((1,), (2, 4, 8, 16), {"cores": [512], "memory": ["4TiB"]}, "all runs have the same memory"),
        ((1, 4), (4,), {"memory": ["4TiB"]}, "too few runs to hold the largest back: the model has 2 terms"),
        ((1, 4), (2, 4), {"memory": ["4TiB"], "cores": [512]}, "too few runs to hold the largest back: the model has 4 terms"),
        ((1, 4, 16), (4,), {"cores": [512]}, "all runs have the same cores"),
    ],
)
def test_fewer_runs_than_terms_extrapolate_nothing(sizes: tuple[int, ...], cores: tuple[int, ...], points: dict[str, list[str | int]], said: str) -> None:
    found = ex.extrapolate(rows(lambda m, n: m * n, sizes, cores), points, ["time"])
    assert found.frame.empty
    (reason,) = found.refused.values()
    assert said in reason


def test_a_curve_of_which_nothing_is_known_far_out_is_refused() -> None:
    flat = rows(lambda m, n: 300 + (9 if m in (4, 64) else 0))
    found = ex.extrapolate(flat, {"memory": ["64TiB"]}, ["time"], most_error=1)
    assert found.frame.empty and "the band reaches" in next(iter(found.refused.values()))


def test_what_is_asked_along_one_axis_is_said_for_all_of_the_other() -> None:
    frame = rows(lambda m, n: 7 + 3 * m + n, cores=(2, 4, 8))
    sizes = ex.extrapolate(frame, {"memory": ["4TiB"]}, ["time"]).frame
    assert list(zip(sizes["memory"], sizes["cores"])) == [("4TiB", 2), ("4TiB", 4), ("4TiB", 8)]
    cores = ex.extrapolate(frame, {"cores": [512]}, ["time"]).frame
    assert list(cores["memory"]) == ["1GiB", "4GiB", "16GiB", "64GiB", "256GiB"] and set(cores["cores"]) == {512}


@pytest.mark.parametrize(
    "texts, said",
    [
        (["granule=4k"], "extrapolate=granule=4k: must be memory=SIZE,... or cores=NUMBER,..."),
        (["cores=many"], "'many' is no number of cores"),
        (["memory=huge"], "extrapolate=huge: not a size"),
    ],
)
def test_points_in_words(texts: list[str], said: str) -> None:
    assert ex.parse_points(["4TiB,64TiB", "cores=512"]) == {"memory": ["4TiB", "64TiB"], "cores": [512]}
    with pytest.raises(ConfigError, match=said.replace(".", r"\.")):
        ex.parse_points(texts)


def test_what_is_no_axis_is_refused() -> None:
    with pytest.raises(ConfigError, match="extrapolate=granule: must be memory or cores"):
        ex.extrapolate(rows(lambda m, n: m), {"granule": ["4k"]}, ["time"])


def test_runs_without_the_figure_do_not_count() -> None:
    frame = rows(lambda m, n: 2.0 * m)
    frame.loc[0, "time"] = math.nan
    assert ex.fit(frame, "time").coefficients == pytest.approx([0, 2], abs=1e-9)


def test_fewer_different_runs_than_terms_fit_nothing() -> None:
    with pytest.raises(ConfigError, match="2 runs at 2 sizes don't determine 4 terms"):
        ex.fit(rows(lambda m, n: m, (1, 4)), "time", terms=list(ex.TERMS)[:4])


def test_intervals_cover_noise() -> None:
    model = ex.fit(rows(lambda m, n: 3 * m * (1 + 0.01 * math.sin(m))), "time")
    at = pd.DataFrame({"memory": ["1TiB"]})
    assert model.predict(at)["low"].iloc[0] < 3 * 1024 < model.predict(at)["high"].iloc[0]
