# SPDX-License-Identifier: Apache-2.0
"""The same Image, RAM disk, command line and device tree on QEMU, a witness that knows nothing of bbmsim: the kernel logs
are equal line by line, but for what is listed here, each with its reason.
"""

from __future__ import annotations

import difflib
import re
import subprocess
from pathlib import Path

import bbmsim as bs
import pytest
from bbmsim.linux.userspace import small
from conftest import Bbmsim
from test_linux_boot import kernel

#: what differs within a line: pattern, replacement, why
NORMALIZED = (
    (r"^\[ *\d+\.\d+\] ?", "", "times"),
    (r"\r", "", "the UART's line ends"),
    (r"(physical CPU|secondary processor) (0x[0-9a-f]+) \[0x[0-9a-f]+\]", r"\1 \2", "CPU names: the revision of the core in MIDR"),
    (r"\b(in|initialised in) \d+ms", "in N ms", "times"),
    (r"audit\(\d+\.\d+:", "audit(T:", "times"),
    (r"setting system clock to .*", "setting system clock", "times: QEMU has the host's, we the seed's"),
    (r"\[mem 0x[0-9a-f]+-0x[0-9a-f]+\]", "[mem]", "QEMU puts the device tree elsewhere and pads it, so what lies below the end of RAM moves"),
    (r"\d+K/\d+K available|\d+K reserved", "NK", "likewise: its padding is reserved memory"),
    (r"SMC Calling Convention v1\.\d", "SMC Calling Convention", "devices: QEMU's firmware interface is SMCCC 1.0"),
    (r"\d+ SPIs implemented", "SPIs implemented", "devices: QEMU's GIC has 224, ours 256"),
)
#: lines that only one of the two prints: pattern, why
ONE_SIDED = (
    (r"CPU features: detected: (Spectre-v\d|ARM erratum \d+)", "CPU names: the errata of a core by its revision"),
    (r"CPU features: detected: 32-bit EL[01] Support", "CPU names: no AArch32 here"),
    (r"setend instruction emulation is not supported", "CPU names: no AArch32 here"),
    (r"(Floating-point|Advanced SIMD) is not implemented", "CPU names: a preset that hides FP says so"),
    (r"CPU features: detected: (FP|AdvSIMD|.*instructions)", "CPU names: what the preset advertises"),
    (r"ITS: No ITS available, not enabling LPIs", "devices: QEMU's redistributors have LPIs, ours have not"),
    (r"hrtimer: interrupt took \d+ ns", "times: a host that is busy with something else"),
    (r"(raid6|xor): .*|.*MB/s.*", "times: benchmarks of the kernel itself"),
)
#: lines that come at another place, since another thread prints them when it gets to it
MOVING = (r"audit: type=2000", r"Freeing initrd memory", r"Trying to unpack rootfs image", r"kvm \[\d+\]: HYP mode not available")


def normalized(log: str) -> list[str]:
    lines = []
    for line in log.splitlines():
        for pattern, new, _ in NORMALIZED:
            line = re.sub(pattern, new, line)
        lines.append(line.rstrip())
    return lines


def matches(line: str, patterns: list[str]) -> bool:
    return any(re.match(p, line) for p in patterns)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """QEMU's and ours; both boot at the same time."""
    folder = tmp_path_factory.mktemp("qemu")
    workload = bs.linux(kernel("6.18").path, initrd="small")
    assert isinstance(workload, bs.LinuxWorkload)
    board = bs.Board(cores=bs.parse_cores("cortex-a57*2"), memory="512MiB")
    simulation = bs.Simulation(board, workload, seed=7)
    files = {"image": workload.image.data, "initrd": small().data, "dtb": simulation.device_tree}
    for name, data in files.items():
        (folder / name).write_bytes(data)
    command = ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", "cortex-a57", "-smp", "2", "-m", "512M"]
    command += ["-nographic", "-nic", "none", "-append", workload.bootargs]
    for option, name in (("-kernel", "image"), ("-initrd", "initrd"), ("-dtb", "dtb")):
        command += [option, str(folder / name)]
    with (folder / "log").open("wb") as log, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log) as qemu:
        result = simulation.run(timeout="20s")
        assert qemu.wait(timeout=300) == 0
    assert result.outcome == "poweroff" and not result.hazards, result.console[-2000:]
    return (folder / "log").read_text(), result.console


def test_the_kernel_log_is_qemus(logs: tuple[str, str]) -> None:
    theirs, ours = (normalized(log) for log in logs)
    assert len(theirs) > 180
    one_sided, moving = [p for p, _ in ONE_SIDED], list(MOVING)
    for pattern in moving:  # once on each side, wherever
        assert sum(matches(line, [pattern]) for line in theirs) == sum(matches(line, [pattern]) for line in ours) <= 1, pattern
    differences = [
        line
        for line in difflib.ndiff(theirs, ours)
        if line[:2] in ("- ", "+ ") and not matches(line[2:], one_sided + moving)
    ]
    assert not differences, "\n".join(differences)


def test_what_is_allowed_to_differ_does(logs: tuple[str, str]) -> None:
    """A pattern that matches nothing any more is dropped from the list, so that it can't hide something."""
    both = [line for log in logs for line in log.replace("\r", "").splitlines()]
    unused = [p for p, new, _ in NORMALIZED if p != r"\r" and not any(re.search(p, line) for line in both)]
    assert not unused


def test_both_came_to_the_same_end(logs: tuple[str, str]) -> None:
    for log in logs:
        marks = re.findall(r"^init: .*?$", log.replace("\r", ""), re.M)
        assert marks == ["init: user space", "init: forked", "init: mapped", "init: power off"]
        assert "smp: Brought up 1 node, 2 CPUs" in log and "reboot: Power down" in log


def test_the_device_tree_can_be_had_without_a_boot(bbmsim: Bbmsim, tmp_path: Path) -> None:
    target = tmp_path / "board.dtb"
    board = ("--initrd", "small", "--cores", "cortex-a57*2", "--memory", "512MiB")
    done = bbmsim("boot", "--kernel", str(kernel("6.18").path), *board, "--dump-dtb", str(target))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    tree = target.read_bytes()
    assert tree[:4] == b"\xd0\x0d\xfe\xed" and tree.count(b"cpu@") == 2 and b"console=ttyAMA0" in tree
    wrong = bbmsim("boot", "--dump-dtb", "/nowhere/board.dtb")
    assert wrong.returncode == 2 and "dump-dtb=" in wrong.stderr
