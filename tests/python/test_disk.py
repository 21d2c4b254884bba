# SPDX-License-Identifier: Apache-2.0
"""A disk: what is refused, what the record says, and a kernel of the distribution that takes its root from one."""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
from pathlib import Path

import bbmsim as bs
import guests
import jsonschema
import pytest
from bbmsim.config import parse_disk
from bbmsim.linux import userspace
from conftest import ROOT, Bbmsim
from terminal import Terminal
from test_linux_boot import kernel

INIT = """#!/bin/busybox sh
echo "root: $(/bin/busybox cat /etc/motto)"
echo kept > /etc/motto
/bin/busybox sync
echo "hvc: here" > /dev/hvc0
/bin/busybox mount -t sysfs sys /sys
cd /sys/devices/system/cpu
echo 0 > cpu1/online
echo "root: cores $(/bin/busybox cat online)"
echo 1 > cpu1/online
echo "root: cores $(/bin/busybox cat online)"
echo -n "name? "
read name
echo "root: hello $name"
/bin/busybox poweroff -f
"""


def root_image(folder: Path) -> Path:
    """An ext4 file system with busybox, a file to read and an init."""
    root = folder / "root"
    for name in ("bin", "sbin", "etc", "proc", "sys", "dev"):
        (root / name).mkdir(parents=True)
    _, busybox = userspace._busybox(lambda _: None, None)
    (root / "bin" / "busybox").write_bytes(busybox.read_bytes())
    (root / "etc" / "motto").write_text("words from the disk\n")
    for path, text in ((root / "sbin" / "init", INIT),):
        path.write_text(text)
        path.chmod(0o755)
    (root / "bin" / "busybox").chmod(0o755)
    image = folder / "root.img"
    with image.open("wb") as file:
        file.truncate(16 << 20)
    subprocess.run(["/usr/sbin/mkfs.ext4", "-q", "-d", str(root), str(image)], check=True)
    return image


def test_linux_takes_its_root_from_the_disk_talks_on_both_consoles_and_unplugs_a_core(tmp_path: Path) -> None:
    image = root_image(tmp_path)
    before = hashlib.sha256(image.read_bytes()).digest()
    record = tmp_path / "run.json"
    terminal = Terminal(
        "boot", "--kernel", str(kernel("6.18").path), "--cores", "cortex-x4*2", "--memory", "512MiB", "--disk", str(image),
        "--json", str(record), "-i",
    )
    terminal.until(b"name? ")
    terminal.type(b"boa\x7f\x7foard\r")  # the kernel's line discipline edits the line
    assert terminal.end() == 0
    result = bs.Result.load(record)
    assert result.outcome == "poweroff", result.console[-2000:]
    for line in ("init: the disk's /sbin/init takes over", "root: words from the disk", "hvc: here", "root: cores 0", "root: cores 0-1", "root: hello board"):
        assert line in result.console.splitlines(), result.console[-2000:]
    assert "psci: CPU1 killed" in result.console
    assert result.clean and not result.record["remarks"]
    assert hashlib.sha256(image.read_bytes()).digest() == before, "a snapshot: the guest's writes are forgotten"
    assert result.record["board"]["disk"] == {"path": str(image), "bytes": 16 << 20, "mode": "snapshot", "latency_ns": 20000}
    jsonschema.validate(result.record, json.loads((ROOT / "docs" / "run-record.schema.json").read_text()))


# reads sector 0, adds 1 to its first word, writes it back; the driver polls
COUNTER = f"""
    ldr x19, =0x0a000000
    adr x20, rings
    str wzr, [x19, #0x70]
    mov w0, #3
    str w0, [x19, #0x70]
    mov w0, #1
    str w0, [x19, #0x24]
    str w0, [x19, #0x20]
    mov w0, #0xb
    str w0, [x19, #0x70]
    str wzr, [x19, #0x30]
    mov w0, #4
    str w0, [x19, #0x38]
    str w20, [x19, #0x80]
    add x1, x20, #0x100
    str w1, [x19, #0x90]
    add x1, x20, #0x200
    str w1, [x19, #0xa0]
    mov w0, #1
    str w0, [x19, #0x44]
    mov w0, #0xf
    str w0, [x19, #0x70]
    mov w21, #0
    mov w0, #2
    bl request
    adr x1, data
    ldr w2, [x1]
    add w2, w2, #1
    str w2, [x1]
    mov w0, #0
    bl request
    {guests.PSCI_OFF}
request:                            // w0: 2 to read (the device writes), 0 to write
    adr x1, header
    eor w2, w0, #2
    lsr w2, w2, #1
    str w2, [x1]
    str x1, [x20]
    mov x2, #16
    movk x2, #1, lsl #32
    movk x2, #1, lsl #48
    str x2, [x20, #8]
    adr x1, data
    str x1, [x20, #16]
    mov x2, #512
    orr x3, x0, #1
    orr x2, x2, x3, lsl #32
    movk x2, #2, lsl #48
    str x2, [x20, #24]
    adr x1, status
    str x1, [x20, #32]
    mov x2, #1
    movk x2, #2, lsl #32
    str x2, [x20, #40]
    add w21, w21, #1
    strh w21, [x20, #0x102]
    dsb sy
    str wzr, [x19, #0x50]
1:  ldrh w1, [x20, #0x202]
    cmp w1, w21
    b.ne 1b
    ret
    .balign 4096
rings: .skip 4096
header: .skip 16
status: .skip 16
data: .skip 512
"""


@pytest.fixture
def counter(tmp_path: Path) -> tuple[Path, Path]:
    guests.GUESTS["counter"] = COUNTER
    image = tmp_path / "image"
    image.write_bytes(bytes([41, 0, 0, 0]) + bytes(508))
    return guests.build("counter"), image


def test_a_snapshot_forgets_and_a_writable_disk_keeps(counter: tuple[Path, Path], bbmsim: Bbmsim) -> None:
    guest, image = counter
    for disk, left in ((str(image), 41), (f"{image},rw", 42), (f"{image},rw", 43)):
        done = bbmsim("run", str(guest), "--memory", "64MiB", "--cores", "cortex-a720", "--disk", disk)
        assert done.returncode == 0, done.stdout + done.stderr
        assert image.read_bytes()[0] == left


def test_a_device_is_a_writer_like_any_other(counter: tuple[Path, Path]) -> None:
    """It writes over a live table, a block's output address changes: the checker sees it."""
    _, image = counter
    image.write_bytes(struct.pack("<QQ", 0x60000000000401, 0x80000705) + bytes(496))
    source = COUNTER.replace("    ldr x19, =0x0a000000", """
    adr x1, data
    mov x2, #0x40000000
    mov x3, #0x705
    orr x2, x2, x3
    str x2, [x1, #8]                // entry 1: RAM as one block of 1 GiB
    movz x2, #0x401
    movk x2, #0x60, lsl #48
    str x2, [x1]                    // entry 0: devices
    msr ttbr0_el1, x1
    ldr x0, =0x100803519
    msr tcr_el1, x0
    mov x0, #0xff00
    msr mair_el1, x0
    isb
    mrs x0, sctlr_el1
    orr x0, x0, #1
    msr sctlr_el1, x0
    isb
    ldr x19, =0x0a000000""", 1).replace("data: .skip 512", "    .balign 4096\ndata: .skip 4096")
    guests.GUESTS["dma-over-table"] = source
    sim = bs.Simulation(
        bs.Board(cores=[bs.core("cortex-a720")], memory="64MiB", disk=bs.Disk(str(image))), bs.elf(guests.build("dma-over-table"))
    )
    result = sim.run(timeout="10ms")
    assert [(v.rule, v.core, v.va) for v in result.violations] == [("BBM-OA", None, (0x4000_0000, 0x8000_0000))]
    assert result.violations[0].lines()[0] == "BBM-OA (R_WHZWS): a device or the host"


def test_a_disk_that_cannot_be_is_one_line(bbmsim: Bbmsim, tmp_path: Path) -> None:
    empty, junk = tmp_path / "empty", tmp_path / "junk"
    empty.touch()
    junk.write_bytes(b"x" * 700)
    guest = ("run", str(guests.build("hello")), "--memory", "64MiB", "--cores", "cortex-a720")
    for disk, says in (
        (str(tmp_path / "none"), "can't be read (No such file or directory)"),
        (str(tmp_path), "Is a directory"),
        (str(empty), "is empty"),
        ("/dev/null", "is empty"),
        (f"{tmp_path / 'none'},rw", "can't be read"),
    ):
        done = bbmsim(*guest, "--disk", disk)
        assert done.returncode == 2 and says in done.stderr and "disk=" in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert bbmsim(*guest, "--disk", str(junk)).returncode == 0, "no whole number of sectors: the last is padded"


def test_the_form_of_the_option() -> None:
    assert parse_disk("a.img") == bs.Disk("a.img")
    assert parse_disk("a.img,rw") == bs.Disk("a.img", writable=True)
    assert parse_disk("with,comma.img") == bs.Disk("with,comma.img")
    with pytest.raises(bs.ConfigError, match="disk='a.img'"):
        bs.Board(cores=[bs.core("cortex-x4")], disk="a.img")  # type: ignore[arg-type]


def test_a_board_without_a_disk_has_no_such_device_and_its_record_says_so() -> None:
    result = bs.Simulation(bs.Board(cores=[bs.core("cortex-a720")], memory="64MiB"), bs.elf(guests.build("hole"))).run()
    assert result.outcome == "poweroff" and result.console == "000000"
    assert result.record["board"]["disk"] is None


def test_a_snapshot_of_a_board_keeps_what_was_written_to_its_disk(counter: tuple[Path, Path], tmp_path: Path) -> None:
    """Three turns of read, add, write, each printed: resumed anywhere between, also with a request under way."""
    _, image = counter
    turn = COUNTER.split("    mov w21, #0\n")[1].split(f"    {guests.PSCI_OFF}")[0]
    printed = turn + "    adr x1, data\n    ldr w2, [x1]\n    mov x3, #0x09000000\n    strb w2, [x3]\n"
    guests.GUESTS["counter-thrice"] = COUNTER.replace(turn, 3 * printed, 1)
    board = bs.Board(cores=[bs.core("cortex-a720")], memory="64MiB", disk=bs.Disk(str(image)))

    def simulation() -> bs.Simulation:
        return bs.Simulation(board, bs.elf(guests.build("counter-thrice")), seed=7)

    plain = simulation().run(timeout="10ms")
    assert (plain.console, plain.outcome) == ("*+,", "poweroff")
    saving, end = simulation(), plain.record["simulated_ps"]
    moments = [f"{end * part // 24000}ns" for part in range(1, 24, 2)]
    for i, moment in enumerate(moments):
        saving.save_at(moment, tmp_path / f"{i}.snap")
    saving.run(timeout="10ms")
    assert saving.unsaved == []
    for i in range(len(moments)):
        resumed = bs.resume(tmp_path / f"{i}.snap").run(timeout="10ms")
        assert {**resumed.record, "host": 0} == {**plain.record, "host": 0}, moments[i]
