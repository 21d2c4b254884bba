# SPDX-License-Identifier: Apache-2.0
"""An unmodified kernel whose repaint is spoilt in memory, one instruction at a time: each sabotage is caught under the
rule it breaks, at the place in the kernel that matters, for the cores for which it matters.
How: bench/linux_sabotage.py.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache

import jsonschema
import pytest

import bbmsim as bs
from bbmsim.config import tlb_mode
from bbmsim.poke import NOP, parse_poke
from bbmsim.report.html import render
from conftest import ROOT, Bbmsim
from linux_sabotage import PARK, How, none, one_unparked, one_unparked_no_flush, released_early, unflushed, unparked
from test_linux_boot import MIXED, kernel

UNTRUSTED = "cortex-x4:conflict_free=0,cortex-a720*3"  # a level 2 part that is not on Linux's list: it may still conflict
SOON_AFTER = "60ms"  # the repaint is over at about 45 ms; the rest of the boot would add nothing


@lru_cache(maxsize=None)
def workload() -> bs.LinuxWorkload:
    made = bs.linux(kernel("6.18").path, initrd="small")
    assert isinstance(made, bs.LinuxWorkload)
    return made


@lru_cache(maxsize=None)
def sabotaged(how: How, cores: str, tlb: str = "typical", detail: str = "typical", seed: int = 7) -> bs.Result:
    simulation = bs.Simulation(bs.Board(cores=tlb_mode(bs.parse_cores(cores), tlb), memory="1GiB", detail=detail), workload(), seed=seed)
    for where, word in how(workload()):
        simulation.poke(where, word)
    return simulation.run(timeout=SOON_AFTER if detail == "typical" else "150ms")


def functions(result: bs.Result, rule: str) -> set[str]:
    return {v.symbol.split("+")[0] for v in result.violations if v.rule == rule}


@pytest.mark.parametrize(
    ("how", "cores"), [(unparked, {1, 2, 3}), (one_unparked, {2}), (released_early, {1, 2, 3})], ids=lambda p: getattr(p, "__name__", "")
)
def test_a_secondary_that_stays_in_the_map_is_found(how: How, cores: set[int]) -> None:
    result = sabotaged(how, MIXED)
    assert {v.rule for v in result.violations} == {"BBM-SIZE", "BBM-CONT"}
    assert functions(result, "BBM-SIZE") == {"split_pmd"}
    assert functions(result, "BBM-CONT") == {"split_to_ptes_pmd_entry", "split_to_ptes_pte_entry"}
    for violation in result.violations:
        assert violation.core == 0 and {h.core for h in violation.holders} <= cores
        assert all(h.bbml == 0 for h in violation.holders)
    assert set().union(*({h.core for h in v.holders} for v in result.violations)) == cores
    size = next(v for v in result.violations if v.rule == "BBM-SIZE")
    assert size.level == 2 and size.va[0] >> 48 == 0xFFFF and size.new & 3 == 3 and size.old & 3 == 1


def test_a_dropped_flush_matters_where_the_boot_core_may_conflict() -> None:
    result = sabotaged(unflushed, UNTRUSTED)
    assert {v.rule for v in result.violations} == {"BBM-NO-TLBI"}
    assert functions(result, "BBM-NO-TLBI") == {"split_pmd", "split_to_ptes_pmd_entry", "split_to_ptes_pte_entry"}
    assert all([h.core for h in v.holders] == [0] for v in result.violations)
    assert all(h.violation is not None for h in result.hazards)


def test_a_dropped_flush_is_a_note_where_it_may_not() -> None:
    result = sabotaged(unflushed, MIXED)
    assert result.clean
    assert {n.symbol.split("+")[0] for n in result.notes} >= {"split_pmd", "split_to_ptes_pmd_entry"}
    assert all("conflict-free" in n.text for n in result.notes)


def test_an_unspoilt_kernel_on_a_level_2_part_that_may_conflict_meets_the_abort() -> None:
    """What Linux's list of parts is for: an X4's MIDR says that it never conflicts, and this one may. Under the nasty TLB
    the split meets the abort before its flush; where the first one comes, and whether the kernel still has words for it or meets
    the next in its handler, is the seed's choice. docs/nasty-matrix.md has the rest. In detail fast each store waits for its
    line: the repaint takes several times as long, and TLBs have that time to be nasty.
    """
    result = sabotaged(none, UNTRUSTED, "nasty", detail="fast")
    aborts = [c["conflict_aborts"] for c in result.record["cores"]]
    assert aborts[0] > 0 and not any(aborts[1:])
    assert "smp: Brought up 1 node, 4 CPUs" in result.console and "Run /init" not in result.console
    assert "TLB conflict abort" in result.console or aborts[0] > 1000


def test_one_secondary_that_was_not_parked_meets_the_conflict_unless_the_flush_saves_it() -> None:
    """It waits in the identity map with interrupts masked, whatever its TTBR1, and comes back when the flush is complete: by
    itself that has no effect, and no flush has none where all the others are empty. Together they have: core 2, and no
    other, finds old and new translations at its first accesses behind the rendezvous.
    """
    one = sabotaged(one_unparked, MIXED, "nasty")
    assert one.hazards == [] and {v.rule for v in one.violations} == {"BBM-SIZE", "BBM-CONT"}
    assert sabotaged(unflushed, MIXED).clean
    both = sabotaged(one_unparked_no_flush, MIXED, "nasty", seed=1)  # what it holds is the seed's choice
    assert {v.rule for v in both.violations} == {"BBM-SIZE", "BBM-CONT"}
    conflicts = [h for h in both.hazards if h.kind == "conflict"]
    assert conflicts and {h.core for h in both.hazards} == {2} and all(h.violation is not None for h in conflicts)
    assert [c["conflict_aborts"] > 0 for c in both.record["cores"]] == [False, False, True, False]


def test_a_clean_boot_under_the_nasty_tlb_is_silent() -> None:
    board = bs.Board(cores=tlb_mode(bs.parse_cores(MIXED), "nasty"), memory="1GiB")
    result = bs.Simulation(board, workload(), seed=7).run(timeout="5s")
    assert result.outcome == "poweroff" and result.clean, result.console[-2000:]
    assert not any(c["conflict_aborts"] for c in result.record["cores"])
    assert result.record["linux"]["repaint_splits"] > 400


def test_what_was_poked_is_in_the_record_and_the_report() -> None:
    result = sabotaged(unparked, MIXED)
    jsonschema.validate(result.record, json.loads((ROOT / "docs" / "run-record.schema.json").read_text()))
    (poke,) = result.record["pokes"]
    assert poke["where"].startswith(f"{PARK}+0x") and poke["new"] == NOP and poke["new_text"] == "nop"
    assert poke["old_text"] == "msr ttbr1_el1, x17"
    assert f"{poke['where']}: msr ttbr1_el1, x17 &rarr; nop" in render(result)


def test_the_command_line_pokes(bbmsim: Bbmsim) -> None:
    path = str(workload().path)
    (where, _), *_rest = unparked(workload())
    done = bbmsim("boot", "--kernel", path, "--memory", "512MiB", "--poke", f"{where:#x}=nop", "--timeout", SOON_AFTER)
    assert done.returncode == 1, done.stderr
    words = " ".join(done.stdout.split())
    assert ", 1 instruction poked" in words and "msr ttbr1_el1, x17 -> nop" in words
    assert "BBM-SIZE" in done.stdout


@pytest.mark.parametrize(
    ("poke", "says"),
    [
        ("split_pm=nop", "no symbol 'split_pm' (did you mean"),
        ("split_pmd+2=nop", "not a multiple of 4"),
        ("split_pmd+0x100000=nop", "split_pmd has"),
        ("split_pmd+x=nop", "'x' is no offset"),
        ("split_pmd=brk", "brk is no instruction word"),
        ("split_pmd=0x100000000", "is no instruction word"),
        ("split_pmd", "write SYMBOL+OFFSET=WORD"),
        ("flush_tlb_kernel_range=nop", "of that name, at 0x"),
        ("0x10=nop", "is not in"),
        ("0xffffffff00000000=nop", "is not in"),
    ],
)
def test_a_wrong_poke_is_one_line(poke: str, says: str) -> None:
    simulation = bs.Simulation(bs.Board(cores=bs.parse_cores("cortex-x4"), memory="512MiB"), workload())
    with pytest.raises(bs.ConfigError, match=re.escape(says)) as raised:
        simulation.poke(*parse_poke(poke))
    assert "\n" not in str(raised.value) and str(raised.value).startswith("poke")
    assert not simulation.pokes


def test_a_bare_workload_is_poked_as_well(bbmsim: Bbmsim) -> None:
    done = bbmsim("run", "--memory", "64MiB", "--cores", "cortex-x4,cortex-a720", "--poke", "split_block=0xd65f03c0")
    assert "1 instruction poked" in done.stdout and "-> ret" in done.stdout
    wrong = bbmsim("run", "--memory", "64MiB", "--poke", "nowhere=nop")
    assert wrong.returncode == 2 and wrong.stderr.count("\n") == 1 and "no symbol 'nowhere'" in wrong.stderr
