# SPDX-License-Identifier: Apache-2.0
"""TLB conflicts injected into an unmodified kernel: it dies of them at EL1, kills the process at EL0, and the report says
why.
"""

from __future__ import annotations

import json
import subprocess
from functools import lru_cache
from pathlib import Path

import bbmsim as bs
import jsonschema
import pytest
from bbmsim.linux.initramfs import CHARACTER_DEVICE, DIRECTORY, FILE, Node, pack
from bbmsim.reactions import lines
from conftest import ROOT
from test_linux_boot import MIXED, kernel

LINEAR, GIB = 0xFFFF_0000_0000_0000, 1 << 30
PLACE = 0x1000_0000  # what the program below writes to

# A child writes to a page; its parent says how it ended, and powers off.
PROGRAM = """
static long call(long n, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = n, x0 __asm__("x0") = a, x1 __asm__("x1") = b, x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d, x4 __asm__("x4") = e, x5 __asm__("x5") = f;
    __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
}
void _start(void) {
    call(222, PLACE, 4096, 3, 0x32, -1, 0);    /* mmap: private, fixed, anonymous */
    long child = call(220, 17, 0, 0, 0, 0, 0); /* clone: SIGCHLD */
    if (child == 0) {
        *(volatile int*)PLACE = 1;
        call(93, 0, 0, 0, 0, 0, 0);
    }
    int status = 0;
    call(260, child, (long)&status, 0, 0, 0, 0); /* wait4 */
    char text[] = "init: child ended by signal ?\\n";
    text[sizeof text - 3] = '0' + (status & 0x7f);
    call(64, 1, (long)text, sizeof text - 1, 0, 0, 0);
    call(142, 0xfee1dead, 672274793, 0x4321fedc, 0, 0, 0); /* power off */
}
"""


def record_is_sound(result: bs.Result) -> None:
    jsonschema.validate(result.record, json.loads((ROOT / "docs" / "run-record.schema.json").read_text()))


@lru_cache(maxsize=None)
def dead_kernel() -> bs.Result:
    """A secondary, back from its parking, meets a conflict in the linear map that was repainted meanwhile."""
    board = bs.Board(cores=bs.parse_cores(MIXED), memory="1GiB")
    simulation = bs.Simulation(board, bs.linux(kernel("6.18").path, initrd="small", append="oops=panic"), seed=7)
    after = bs.symbol("linear_map_maybe_split_to_ptes:return")  # the others are out of stop_machine() by then
    simulation.inject(bs.TlbConflict(core=2, va=LINEAR, size=GIB, after=after, el=1))
    return simulation.run(timeout="60ms")


def test_a_conflict_on_a_secondary_after_the_repaint_is_the_kernels_end() -> None:
    result = dead_kernel()
    assert "Unable to handle kernel TLB conflict abort at virtual address ffff0000" in result.console
    assert "FSC = 0x30: TLB conflict abort" in result.console and "CPU: 2 " in result.console
    # It resets at once, or waits a second for a core that spins for a lock that the dead one holds.
    assert "Kernel panic - not syncing: Oops: Fatal exception" in result.console and result.outcome in ("panic", "timeout")
    repaint = next(p for n, p in result.phases.items() if n.startswith("repaint") and p.core == 0)
    assert repaint.complete and result.record["injected"][0]["first_ps"] >= repaint.end_ps
    assert not result.violations, "an injected conflict is nobody's protocol"


def test_the_report_says_why() -> None:
    result = dead_kernel()
    record_is_sound(result)
    (injected,) = result.record["injected"]
    assert (injected["kind"], injected["core"], injected["fired"]) == ("tlb-conflict", 2, 1)
    first = injected["reaction"]["first_abort"]
    assert first["esr"] >> 26 == 0x25 and first["esr"] & 0x3F == 0x30
    assert LINEAR <= first["far"] == injected["first_va"] < LINEAR + GIB and first["symbol"] == injected["first_symbol"]
    text = "\n".join(lines(injected))
    for words in (
        "tlb-conflict on core 2, VA 0xffff_0000_0000_0000",
        "after linear_map_maybe_split_to_ptes:return",
        "fired once",
        f"data abort at EL1, TLB conflict, FAR 0xffff_0000_{first['far'] >> 16 & 0xFFFF:04x}",
        first["symbol"],
        "guest: Unable to handle kernel TLB conflict abort",
        "guest: Kernel panic - not syncing",
        f"the run ended: {result.outcome}",
    ):
        assert words in text


def test_in_user_space_it_is_the_end_of_the_process(tmp_path: Path) -> None:
    source, program, disk = tmp_path / "init.c", tmp_path / "init", tmp_path / "initrd"
    source.write_text(PROGRAM)
    flags = ["-O2", "-ffreestanding", "-fno-stack-protector", "-mgeneral-regs-only", "-nostdlib", "-static"]
    subprocess.run(["aarch64-linux-gnu-gcc", *flags, f"-DPLACE={PLACE}", "-o", str(program), str(source)], check=True, capture_output=True)
    console = [Node("dev", DIRECTORY | 0o755), Node("dev/console", CHARACTER_DEVICE | 0o600, device=(5, 1))]
    disk.write_bytes(pack([*console, Node("init", FILE | 0o755, program.read_bytes())]))
    board = bs.Board(cores=bs.parse_cores("cortex-x4"), memory="512MiB")
    simulation = bs.Simulation(board, bs.linux(kernel("6.18").path, initrd=disk), seed=7)
    simulation.inject(bs.TlbConflict(core=0, va=PLACE, on="write", el=0))
    result = simulation.run(timeout="2s")
    assert result.outcome == "poweroff" and "init: child ended by signal 9" in result.console
    (injected,) = result.record["injected"]
    assert injected["fired"] == 1 and injected["first_va"] == PLACE and injected["reaction"]["first_abort"]["esr"] >> 26 == 0x24
    assert "data abort at EL0, TLB conflict" in "\n".join(lines(injected))


@pytest.mark.parametrize("after", ["linear_map_split:return", "linear_map_split_to_ptes:retrun"])
def test_a_wrong_symbol_is_named(after: str) -> None:
    simulation = bs.Simulation(bs.Board(cores=bs.parse_cores("cortex-x4"), memory="512MiB"), bs.linux(kernel("6.18").path, initrd="small"))
    with pytest.raises(bs.ConfigError, match="after=linear_map_split.*no such symbol"):
        simulation.inject(bs.TlbConflict(core=0, va=LINEAR, after=after))
