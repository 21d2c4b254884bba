# SPDX-License-Identifier: Apache-2.0
"""Configurations: the same fields on both sides, overrides, and errors that name the field."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

import bbmsim as bs
from bbmsim import _core
from bbmsim.config import field_paths, parse_cores
from bbmsim.units import format_size, parse_size, parse_time
from conftest import Bbmsim


def test_core_has_the_fields_and_defaults_of_the_cpp_struct() -> None:
    assert dataclasses.asdict(bs.Core()) == _core.default_core()


def test_board_has_the_fields_and_defaults_of_the_cpp_struct() -> None:
    board = bs.Board(cores=[bs.Core()])
    assert {**board.to_dict(), "cores": []} == _core.default_board()


def test_every_preset_makes_a_sound_board() -> None:
    for name, core in bs.presets().items():
        assert core.name == name
        assert core.source
        assert bs.Board(cores=[core], memory="1GiB").to_dict()["cores"] == [dataclasses.asdict(core)]


def test_main_cores_are_what_the_main_job_needs() -> None:
    x4, a720 = bs.core("cortex-x4"), bs.core("cortex-a720")
    assert (x4.mmu.bbml, x4.mmu.conflict_free) == (2, True)
    assert a720.mmu.bbml == 0


@pytest.mark.parametrize("path", ["bbml", "mmu.bbml"])
def test_a_field_may_be_named_by_the_end_of_its_path(path: str) -> None:
    assert bs.core("cortex-a720", **{path: 2}).mmu.bbml == 2


def test_cores_grammar() -> None:
    cores = parse_cores("cortex-x4:bbml=1,cortex-a520:l2_tlb.entries=512:l2_tlb.ways=4:pauth=0*3")
    assert [c.name for c in cores] == ["cortex-x4", *3 * ["cortex-a520"]]
    assert cores[0].mmu.bbml == 1
    assert cores[1] == cores[3]
    assert (cores[1].mmu.l2_tlb.entries, cores[1].features.pauth) == (512, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cortex-x5", ["cortex-x5", "did you mean 'cortex-x4'"]),
        ("cortex-x4:bbm=2", ["bbm", "no such field", "did you mean 'bbml'"]),
        ("cortex-x4:entries=5", ["entries", "ambiguous", "mmu.l2_tlb.entries"]),
        ("cortex-x4:bbml", ["bbml", "FIELD=VALUE"]),
        ("cortex-x4:bbml=high", ["bbml=high", "whole number"]),
        ("cortex-x4:pauth=maybe", ["pauth=maybe", "0 or 1"]),
        ("cortex-x4:l2_tlb=5", ["l2_tlb", "group of fields"]),
        ("cortex-x4*0", ["cortex-x4*0", "1 to 64"]),
        ("cortex-x4*x", ["cortex-x4*x", "1 to 64"]),
        ("", ["no such core"]),
    ],
)
def test_wrong_core_lists_are_named(text: str, words: list[str]) -> None:
    with pytest.raises(bs.ConfigError) as error:
        parse_cores(text)
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


@pytest.mark.parametrize(
    ("cores", "memory", "words"),
    [
        ("cortex-x4:l2_tlb.ways=5", "1GiB", ["l2_tlb.ways=5", "cores[0]"]),
        ("cortex-x4,cortex-a720:bbml=7", "1GiB", ["bbml=7", "cores[1]"]),
        ("cortex-x4:pa_bits=32", "8GiB", ["memory", "cores[0]", "32"]),
        ("cortex-x4:conflict=explode", "1GiB", ["conflict='explode'", "amalgamate"]),
        ("cortex-x4:l2_tlb.policy=best", "1GiB", ["l2_tlb.policy='best'", "plru"]),
        ("cortex-x4:l2_tlb.max_block_shift=300", "1GiB", ["l2_tlb.max_block_shift=300", "255"]),
        ("cortex-x4", "lots", ["memory=lots", "4GiB"]),
        ("cortex-x4", "0", ["memory=0"]),
    ],
)
def test_unsound_boards_are_refused_and_the_field_is_named(cores: str, memory: str, words: list[str]) -> None:
    with pytest.raises(bs.ConfigError) as error:
        bs.Board(cores=parse_cores(cores), memory=memory)
    assert "\n" not in str(error.value)
    for word in words:
        assert word in str(error.value)


def test_a_board_without_cores_is_refused() -> None:
    with pytest.raises(bs.ConfigError, match="cores"):
        bs.Board(cores=[])


def test_wrong_types_are_refused_in_python_too() -> None:
    with pytest.raises(bs.ConfigError, match="bbml"):
        bs.core("cortex-x4", bbml=2.5)
    with pytest.raises(bs.ConfigError, match=r"cores\[0\]"):
        bs.Board(cores=["cortex-x4"])  # type: ignore[list-item]


def test_every_leaf_field_can_be_set_by_its_full_path() -> None:
    for path, kind in field_paths(bs.Core).items():
        if not dataclasses.is_dataclass(kind):
            value = {bool: False, int: 1, float: 1.5, str: "x"}[kind]
            changed = dataclasses.asdict(bs.core("cortex-x4", **{path: value}))
            for part in path.split("."):
                changed = changed[part]
            assert changed == value


@pytest.mark.parametrize(
    ("text", "size"),
    [("4GiB", 4 << 30), ("1G", 1 << 30), ("512MB", 512 << 20), ("1.5g", 3 << 29), ("65536", 65536), ("0x4000_0000", 1 << 30), (4096, 4096)],
)
def test_sizes(text: str | int, size: int) -> None:
    assert parse_size(text) == size
    assert parse_size(format_size(size)) == size


def test_times() -> None:
    assert parse_time("10s") == 10**13
    assert parse_time("1.5us") == 1_500_000
    for wrong in ("10", "s", "-1s", "0s", "1 day"):
        with pytest.raises(bs.ConfigError, match="timeout"):
            parse_time(wrong)
    with pytest.raises(bs.ConfigError, match="timeout=100000000s: at most 1000000s"):
        parse_time("100000000s")


HUGE = 10**30


@pytest.mark.parametrize(
    "arguments",
    [
        ("--timeout", "100000000s"), ("--save-at", "100000000s", "x"), ("--map-at", "100000000s"), ("--map-at", f"end,nth={HUGE}"), ("--seed", f"{HUGE}"),
        ("--inject", f"lost-tlbi:core=1,nth={HUGE}"), ("--inject", f"lost-tlbi:core=1,times={HUGE}"), ("--inject", f"stale-entry:core=1,va=0,oa={HUGE}"),
        ("--inject", "stale-entry:core=1,va=0,oa=-1"), ("--inject", "stall:core=1,duration=100000000s"), ("--set", f"verify_stride={HUGE}"), ("--set", f"cpus={HUGE}"),
    ],
    ids=lambda words: " ".join(words)[:30],
)  # fmt: skip
def test_numbers_that_nothing_can_hold_are_refused(arguments: tuple[str, ...], bbmsim: Bbmsim) -> None:
    done = bbmsim("run", "--memory", "64MiB", *arguments)
    assert (done.returncode, done.stdout) == (2, "") and done.stderr.count("\n") == 1


def test_values_of_another_type_are_refused() -> None:
    board, guest = bs.Board(cores=[bs.core("cortex-x4")], memory="64MiB"), bs.bare(verify="none")
    wrong: list[tuple[Any, str]] = [
        (lambda: bs.Simulation(None, guest), "board=None: a bs.Board"),  # type: ignore[arg-type]
        (lambda: bs.Simulation(board, "repaint"), "workload='repaint': what bs.bare()"),  # type: ignore[arg-type]
        (lambda: bs.Simulation(board, guest, seed="7"), "seed='7': a whole number"),  # type: ignore[arg-type]
        (lambda: bs.Simulation(board, guest).run(timeout=1.5), "timeout=1.5: a whole number"),  # type: ignore[arg-type]
        (lambda: bs.Simulation(board, guest).run(timeout=0), "timeout=0: between 1 and"),
        (lambda: bs.Simulation(board, guest).inject(3), "inject=3: an injection"),  # type: ignore[arg-type]
        (lambda: bs.Simulation(board, guest).phase("", enter="split_block"), "phase: has no name"),
        (lambda: bs.explore(board, guest, runs="3"), "runs='3': a whole number"),  # type: ignore[arg-type]
        (lambda: bs.explore(board, guest, runs=1, jobs=0), "jobs=0: at least 1"),
        (lambda: bs.compare(["merged"], ["64MiB"], jobs=0), "jobs=0: at least 1"),
        (lambda: bs.sweep("study.toml", jobs=-1), "jobs=-1: at least 1"),
    ]
    for call, said in wrong:
        with pytest.raises(bs.ConfigError) as refused:
            call()
        assert said in str(refused.value)
