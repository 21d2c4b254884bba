# SPDX-License-Identifier: Apache-2.0
"""Unmodified kernels of the distribution, from reset to power-off. They are fetched once, into the user's cache; if none
can be had the tests fail with the reason.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import bbmsim as bs
import jsonschema
import pytest
from bbmsim.linux import kallsyms, kernels
from bbmsim.report.text import print_report
from conftest import ROOT, Bbmsim
from rich.console import Console

T = TypeVar("T")
MIXED = "cortex-x4,cortex-a720*3"
EXECUTED: dict[tuple[str, str], frozenset[str]] = {}


def fetched(what: str, fetch: Callable[[], T]) -> T:
    """Mirrors hiccup: three attempts, then the reason."""
    for attempt in range(3):
        try:
            return fetch()
        except bs.BbmsimError as error:
            reason = str(error)
            time.sleep(2 * attempt)
    pytest.fail(f"no {what} to test with: {reason}")


@lru_cache(maxsize=None)
def kernel(series: str) -> kernels.Kernel:
    return fetched("kernel", lambda: kernels.get(series))


@lru_cache(maxsize=None)
def boot(series: str, cores: str, initrd: str = "busybox", append: str = "") -> bs.Result:
    board = bs.Board(cores=bs.parse_cores(cores), memory="1GiB")
    workload = bs.linux(kernel(series).path, initrd=initrd, append=append)
    simulation = bs.Simulation(board, fetched("busybox", lambda: workload.on(board)), seed=7)
    found = workload.kernel_symbols
    if found is not None and found.address("linear_map_split_to_ptes") is not None:
        for moment in ("linear_map_split_to_ptes", "linear_map_split_to_ptes:return"):
            simulation.map_at(moment)
    result = simulation.run(timeout="20s")
    EXECUTED[series, cores] = frozenset(simulation._session.encodings())
    return result


def executed(series: str, cores: str) -> frozenset[str]:
    """The encodings in the code that this boot has decoded."""
    boot(series, cores)
    return EXECUTED[series, cores]


def marks(result: bs.Result) -> list[str]:
    return [line.removeprefix("init: ") for line in result.console.splitlines() if line.startswith("init: ")]


def tlbis(result: bs.Result, *phases: str) -> dict[int, dict[str, int]]:
    """Per core, the TLBIs that it issued in its own phases of these names."""
    out: dict[int, dict[str, int]] = {}
    for name, phase in result.phases.items():
        if name.split("@")[0] in phases and phase.core is not None:
            out.setdefault(phase.core, {}).update(phase.cores[phase.core].tlbi)
    return out


@pytest.mark.parametrize("series", ["6.18"])
def test_the_symbols_of_a_real_kernel_are_read(series: str) -> None:
    workload = bs.linux(kernel(series).path)
    found = workload.kernel_symbols
    assert found is not None and len(found.symbols) > 100_000
    assert found.base & 0xFFFF == 0 and found.address("_text") == found.base
    for name in ("linear_map_split_to_ptes", "wait_linear_map_split_to_ptes", "paging_init", "start_kernel"):
        address = found.address(name)
        assert address is not None and found.base < address < found.base + workload.image.image_size
    data = workload.image.data
    for part in (len(data) // 4, len(data) // 3):  # without the table
        assert kallsyms.read_kallsyms(data[:part], workload.image.image_size) is None


def test_a_mixed_board_repaints_its_linear_map_without_a_finding() -> None:
    result = boot("6.18", MIXED)
    assert result.outcome == "poweroff", result.console[-2000:]
    assert "smp: Brought up 1 node, 4 CPUs" in result.console
    assert not result.violations and not result.hazards and not result.remarks
    assert result.record["checker"]["descriptor_writes"] > 100_000 and result.record["checker"]["splits"] == 499
    jsonschema.validate(result.record, json.loads((ROOT / "docs" / "run-record.schema.json").read_text()))


def test_the_bare_strategy_costs_what_the_kernel_costs_whose_name_it_bears() -> None:
    """Debian's kernel zeroes what it allocates (DC ZVA), so merged does too. Per new table, since the kernel's text stays."""
    linux = boot("6.18", MIXED)
    boot_core = linux.phases["repaint"].cores[0]
    kernels_own = sum(boot_core.cycles.values()) / linux.record["checker"]["splits"]
    guest = bs.bare("repaint", strategy="merged", tables="zeroed", zero="zva", verify="none")
    bare = bs.Simulation(bs.Board(cores=bs.parse_cores(MIXED), memory="1GiB"), guest, seed=7).run()
    ours = sum(bare.phases["repaint"].cores[0].cycles.values()) / bare.record["checker"]["splits"]
    assert 0.75 < ours / kernels_own < 1.25


def test_busybox_and_its_script_are_the_user_space() -> None:
    """Processes, mappings, and what makes the kernel change its own map: a module comes and goes, BPF is compiled."""
    result = boot("6.18", MIXED)
    assert marks(result) == [
        "user space", "forked", "mapped", "module loaded", "module unloaded", "bpf loaded", "power off",
    ], result.console[-2000:]  # fmt: skip
    parameters = result.record["workload"]["parameters"]
    assert parameters["user_space"].startswith("busybox-static-") and parameters["user_space"].endswith(",dummy")


def test_an_olympus_with_three_n1_repaints_in_the_same_figures() -> None:
    """Without pauth=0 the kernel turns the N1s away: below."""
    result = boot("6.18", "olympus:pauth=0,neoverse-n1*3", initrd="small")
    assert result.outcome == "poweroff" and result.clean and not result.refused, result.console[-2000:]
    assert "smp: Brought up 1 node, 4 CPUs" in result.console
    assert tlbis(result, "repaint") == {0: {"vmalle1is": 1}, **{core: {"vmalle1": 3} for core in (1, 2, 3)}}


def test_7_3_asks_the_id_register() -> None:
    """A Cortex-A720 is on no list of MIDRs; BBM=3 makes 7.3 trust it, the others have level 0."""
    result = boot("7.3", "cortex-a720:bbml=3,cortex-a720*3", initrd="small")
    assert result.outcome == "poweroff" and result.clean, result.console[-2000:]
    assert tlbis(result, "repaint") == {0: {"vmalle1is": 1}, **{core: {"vmalle1": 3} for core in (1, 2, 3)}}


def test_7_3_repaints_a_mixed_board() -> None:
    """Its workaround for erratum 4118414 of the Cortex-X4 adds one TLBI to the flush."""
    result = boot("7.3", MIXED)
    assert result.outcome == "poweroff" and result.clean, result.console[-2000:]
    assert marks(result)[-2:] == ["bpf loaded", "power off"]
    assert tlbis(result, "repaint")[0] == {"vmalle1is": 1, "vale1is": 1}


def test_7_3_leaves_blocks_and_contiguous_pages_where_its_text_is() -> None:
    """1 GiB; with 7.3.4: 29 + 480 blocks (30 groups) and 1,536 pages before, 15 blocks and 254,464 pages after."""
    before, after = (m.census for m in boot("7.3", MIXED).maps)
    assert before is not None and after is not None and before.complete and after.complete
    blocks, text = before.count("2M"), after.count("2M")
    assert before.groups("2M") * 16 == before.count("2M", contiguous=True) > 400
    assert before.count("4K") == (512 - blocks) * 512 and after.count("4K") == (512 - text) * 512
    assert after.count("2M", contiguous=True) == 0 and 8 < text < 32 and blocks - text == boot("7.3", MIXED).record["linux"]["repaint_splits"]
    assert after.count("4K", contiguous=True) < 512 < before.count("4K", contiguous=True)


def test_kpti_on_one_core_of_6_12() -> None:
    result = boot("6.12", "cortex-a57", initrd="small", append="kpti=1")
    assert result.outcome == "poweroff", result.console[-2000:]
    assert "kpti" in result.phases or "kernel page table isolation" in result.console.lower()
    found = {(v.rule, (v.symbol or "").split("+")[0]) for v in result.violations}
    assert found == {("BBM-NO-DSB-AFTER-TLBI", "__pi_map_range")} and not result.hazards  # docs/findings


def test_a_core_that_the_kernel_turns_away_is_reported() -> None:
    """Pointer authentication is fixed by the boot core; the kernel then waits five seconds for the one that died."""
    board = bs.Board(cores=bs.parse_cores("neoverse-v3,neoverse-n1*3"), memory="1GiB")
    result = bs.Simulation(board, bs.linux(kernel("6.18").path, initrd="small"), seed=7).run(timeout="150ms")
    jsonschema.validate(result.record, json.loads((ROOT / "docs" / "run-record.schema.json").read_text()))
    (entry,) = result.record["refused"]
    assert entry["core"] == 1 and any("will not boot" in line for line in entry["console"])
    assert {"register": "ID_AA64ISAR1_EL1", "field": "APA", "value": 0, "boot_value": 1} in entry["fields"]
    assert entry["advice"] == ["neoverse-v3:pauth=0", "--append arm64.nopauth"]
    assert result.refused == [entry["text"]] and "core 1 (neoverse-n1)" in entry["text"] and "ISAR1_EL1.APA is 0" in entry["text"]
    out = io.StringIO()
    print_report(Console(file=out, width=300), result)
    assert f"refused  {entry['text']}" in out.getvalue()


def test_the_simulator_sees_it_where_the_console_is_silent() -> None:
    board = bs.Board(cores=bs.parse_cores("neoverse-v3,neoverse-n1"), memory="1GiB")
    workload = bs.linux(kernel("6.18").path, initrd="small", append="loglevel=0")
    result = bs.Simulation(board, workload, seed=7).run(timeout="150ms")
    assert [e["core"] for e in result.record["refused"]] == [1] and "will not boot" not in result.console


def test_its_repaint_takes_ten_tlbis_each_at_its_core() -> None:
    result = boot("6.18", MIXED)
    secondary = {"vmalle1": 3}
    assert tlbis(result, "repaint") == {0: {"vmalle1is": 1}, 1: secondary, 2: secondary, 3: secondary}
    whole = next(p for n, p in result.phases.items() if n.startswith("repaint") and p.core == 0)
    assert whole.complete and whole.count == 1
    # 496 contiguous 2 MiB blocks lose the bit, then those and the three others are split
    assert whole.cores[0].descriptor_writes["2"] == 496 + 499


def test_its_linear_map_is_blocks_before_and_pages_after() -> None:
    result = boot("6.18", MIXED)
    before, after = (m.census for m in result.maps)
    assert before is not None and after is not None and before.complete and after.complete
    # Between the kernel's [_text, __init_begin) and the next 2 MiB boundary there are pages, contiguous where 64 KiB fit.
    symbols = bs.linux(kernel("6.18").path).kernel_symbols
    assert symbols is not None
    init_begin = symbols.address("__init_begin")
    assert init_begin is not None
    pages_behind = -(init_begin - symbols.base + (2 << 20)) % (2 << 20) // 4096
    assert (before.count("2M", contiguous=False), before.count("2M", contiguous=True), before.groups("2M")) == (15, 496, 31)
    assert before.count("4K", contiguous=True) == pages_behind // 16 * 16
    assert before.count("4K") == 512 and before.count("1G") == 0
    assert (after.count("2M", contiguous=False), after.count("4K", contiguous=False)) == (12, 256_000)
    assert after.count("2M", contiguous=True) == after.count("4K", contiguous=True) == 0
    text = symbols.address("_stext"), symbols.address("__init_begin")
    assert after.mapped is not None and None not in text
    for run in after.blocks:  # no block outside the kernel text's alias
        for va in (run.va[0], run.va[1] - 1):
            assert text[0] <= va - after.mapped[0] - (2 << 20) + symbols.base < text[1]  # type: ignore[operator]
    linux = result.record["linux"]
    assert (linux["repaint"], linux["repaint_splits"], linux["repaint_tlbis"], linux["lazy_splits"]) == (True, 499, 10, 0)


def test_patched_text_is_one_phase_and_the_boot_ends_at_init() -> None:
    result = boot("6.18", MIXED)
    patching = result.phases["text patching"]
    assert patching.count > 100 and patching.cores[0].tlbi["vaale1is"] > 50_000
    to_init = result.phases["boot to init"]
    assert to_init.complete and to_init.begin_ps < 1_000_000 and 0 < to_init.end_ps < result.record["simulated_ps"]
    assert to_init.end_ps > max(p.end_ps for n, p in result.phases.items() if n.startswith("repaint"))


def test_the_secondaries_wait_for_it_in_wfe() -> None:
    result = boot("6.18", MIXED)
    parked = {p.core: p for n, p in result.phases.items() if n.startswith("park")}
    assert set(parked) == {1, 2, 3}
    for core, phase in parked.items():
        assert core is not None
        own = phase.cores[core]
        assert own.cycles["wfe"] > 0.99 * own.total_cycles and own.instructions < 1000


def test_its_rendezvous_is_seen_without_its_help() -> None:
    result = boot("6.18", MIXED)
    assert result.rendezvous is not None
    park = [next(p for n, p in result.phases.items() if n.startswith("park") and p.core == i) for i in (1, 2, 3)]
    for core, phase in zip(result.rendezvous.cores[1:], park):
        ((left, back),) = core.out_of_map
        meeting = core.meetings[0]
        assert meeting.released_ps is not None and meeting.released_by == 0
        assert phase.begin_ps < left < meeting.counted_in_ps < meeting.released_ps < back < phase.end_ps
    assert result.rendezvous.cores[0].out_of_map == ()
    before, after = (result.census[name].census for name in ("before", "after"))
    assert before is not None and after is not None and before.count("2M") > 400 > 20 > after.count("2M")


def test_where_all_cores_are_capable_nothing_is_repainted() -> None:
    result = boot("6.18", "cortex-x4*2", initrd="small")
    assert marks(result) == ["user space", "forked", "mapped", "power off"]
    assert result.record["workload"]["parameters"]["user_space"] == "small"
    assert result.outcome == "poweroff" and result.clean, result.console[-2000:]
    assert "detected: BBM Level 2 without TLB conflict abort" in result.console
    assert not any(name.startswith(("repaint", "park")) for name in result.phases)
    assert all(m.census is None for m in result.maps)
    linux = result.record["linux"]
    assert linux["repaint_code"] and not linux["repaint"] and linux["repaint_splits"] == linux["repaint_tlbis"] == 0
    splits = [c for c in result.record["map_changes"] if c["kind"] == "split" and c["linear_map"]]
    assert linux["lazy_splits"] == sum(c["descriptors"] for c in splits) > 0
    assert 0 < linux["lazy_split_calls"] <= result.phases["lazy split"].count
    assert any(r["bytes_each"] == 2 << 20 and r["contiguous"] for r in linux["linear_map"]["rows"])


def test_the_missing_barrier_of_early_map_kernel_is_found() -> None:
    """docs/findings/early-map-kernel.md: true where the boot core lacks FEAT_BBM, and only there."""
    board = bs.Board(cores=bs.parse_cores("cortex-a720"), memory="512MiB")
    simulation = bs.Simulation(board, bs.linux(kernel("6.18").path), seed=7)
    result = simulation.run(timeout="5ms")
    assert [(v.rule, (v.symbol or "").split("+")[0]) for v in result.violations] == [("BBM-NO-DSB-AFTER-TLBI", "__pi_map_range")]
    assert not result.hazards


def test_a_panic_is_an_outcome_of_its_own(tmp_path: Path) -> None:
    initrd = tmp_path / "initrd"
    initrd.write_bytes(b"no cpio at all" * 100)
    board = bs.Board(cores=bs.parse_cores("cortex-x4"), memory="512MiB")
    result = bs.Simulation(board, bs.linux(kernel("6.18").path, initrd=initrd)).run(timeout="20s")
    assert result.outcome == "panic" and "Unable to mount root fs" in result.detail
    assert result.exit_status == 3 and result.clean
    assert bs.Result(result.record).outcome == "panic"


def test_the_command_line_boots_and_says_what_it_saw(bbmsim: Bbmsim) -> None:
    release = kernel("6.18").release
    done = bbmsim("boot", "--kernel", "6.18", "--cores", "cortex-x4", "--memory", "512MiB", "--append", "loglevel=8 mitigations=off")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert f"linux-{release}" in done.stdout and "mitigations=off" in done.stdout
    assert "guest  init: power off" in done.stdout and "poweroff" in done.stdout and "no violations" in done.stdout


def test_wrong_input_is_one_line(bbmsim: Bbmsim, tmp_path: Path) -> None:
    junk = tmp_path / "junk"
    junk.write_bytes(b"\x7fELF" + bytes(2000))
    path = str(kernel("6.18").path)
    for arguments, says in (
        (("--kernel", str(junk)), "not a boot Image"),
        (("--kernel", "six"), "neither a file nor a version"),
        (("--kernel", "./none"), "can't be read"),
        (("--kernel", path, "--initrd", str(tmp_path / "none")), "can't be read"),
        (("--kernel", path, "--dtb", str(junk)), "dtb:"),
        (("--kernel", path, "--append", "a\nb"), "one line of printable"),
        (("--kernel", path, "--memory", "16MiB"), "outside RAM"),
    ):
        done = bbmsim("boot", *arguments)
        assert done.returncode == 2 and says in done.stderr, (arguments, done.stderr)
        assert done.stderr.startswith("bbmsim: ") and len(done.stderr.strip().splitlines()) == 1
