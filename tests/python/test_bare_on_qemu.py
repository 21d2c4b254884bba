# SPDX-License-Identifier: Apache-2.0
"""The guest programs of workloads/bare on QEMU, a witness that knows nothing of bbmsim: they run to power-off there,
read what RAM holds, and a page that migrates without its TLBI is stale there too. QEMU has no FEAT_BBM checker and no
conflicts, and answers the simulator's calls with NOT_SUPPORTED: results come on the console.
"""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import pytest

from bbmsim import _core, catalog

FOLDER = Path(_core.build_dir) / "workloads" / "bare"
RAM_BASE, MIB = 0x4000_0000, 1 << 20
MASK = (1 << 64) - 1
STRATEGIES = tuple(catalog.load().strategies)
SABOTAGES = (
    "no-rendezvous",
    "secondaries-in-map",
    "release-before-split",
    "no-flush",
    "local-flush",
    "no-dsb-before-tlbi",
    "no-dsb-after-tlbi",
)


def qemu(image: str, bootargs: str = "", cores: int = 4, memory_mib: int = 256, cpu: str = "cortex-a57", *extra: str) -> str:
    """The console of a run to power-off."""
    command = ["qemu-system-aarch64", "-M", "virt,gic-version=3", "-cpu", cpu, "-smp", str(cores), "-m", f"{memory_mib}M"]
    command += ["-nographic", "-nic", "none", "-kernel", str(FOLDER / image), "-append", bootargs, *extra]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.replace("\r", "")


def results(console: str) -> dict[str, int]:
    return {name: int(value, 16) for name, value in re.findall(r"^result (\S+)=0x([0-9a-f]+)$", console, re.M)}


def rotate_left(value: int, bits: int) -> int:
    return (value << bits | value >> (64 - bits)) & MASK


def expected_checksum(found: dict[str, int], core: int, cores: int, contents: dict[int, int]) -> tuple[int, int]:
    """Places and checksum of a core, by the definition in workloads/bare/verify/verify.h; RAM is zero elsewhere."""
    begin, stride = found["verify.begin"], found["verify.stride"]
    total = (found["verify.end"] - begin) // stride
    first, after = total * core // cores, total * (core + 1) // cores
    places = range(begin + first * stride, begin + after * stride, stride)
    total_sum = sum(rotate_left(value, (pa - begin) // stride & 63) for pa, value in contents.items() if pa in places)
    return after - first, total_sum & MASK


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int, dict[int, int]]:
    """32 MiB of random bytes for the end of RAM of a 256 MiB machine: file, address, its doublewords by address."""
    path = tmp_path_factory.mktemp("ram") / "random.bin"
    contents = random.Random(2).randbytes(32 * MIB)
    path.write_bytes(contents)
    address = RAM_BASE + 200 * MIB
    words = {address + i: int.from_bytes(contents[i : i + 8], "little") for i in range(0, len(contents), 512)}
    return path, address, words


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_core_reads_what_ram_holds(strategy: str, filled: tuple[Path, int, dict[int, int]]) -> None:
    path, address, words = filled
    loader = ("-device", f"loader,file={path},addr={address:#x},force-raw=on")
    console = qemu("repaint.img", f"strategy={strategy}", 4, 256, "cortex-a57", *loader)
    found = results(console)
    assert f"repaint: strategy {strategy}, 4K granule, 4 cores, RAM 0x40000000-0x50000000" in console
    assert console.rstrip().endswith("repaint: done")
    for core in range(4):
        assert f"core {core}: hello" in console
        places, checksum = expected_checksum(found, core, 4, words)
        assert (found[f"places.core{core}"], found[f"checksum.core{core}"]) == (places, checksum)
        assert found[f"written.core{core}"] == 8
        assert found[f"conflicts.core{core}"] == 0
    assert found["checksum.core3"] != 0  # the random part is read, not just zeros


@pytest.mark.parametrize("granule, cpu", [("4k", "cortex-a57"), ("16k", "max"), ("64k", "cortex-a57")])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_granule(strategy: str, granule: str, cpu: str) -> None:
    console = qemu("repaint.img", f"strategy={strategy} granule={granule} verify=sample", 2, 1024, cpu)
    assert f"{granule.upper()} granule, 2 cores" in console
    assert console.rstrip().endswith("repaint: done")


@pytest.mark.parametrize("stride", [64, 4096])
def test_any_stride_is_read_at_its_places(stride: int, filled: tuple[Path, int, dict[int, int]]) -> None:
    path, address, words = filled
    if stride < 512:
        contents = path.read_bytes()
        words = {address + i: int.from_bytes(contents[i : i + 8], "little") for i in range(0, len(contents), stride)}
    loader = ("-device", f"loader,file={path},addr={address:#x},force-raw=on")
    found = results(qemu("repaint.img", f"verify_stride={stride}", 2, 256, "cortex-a57", *loader))
    assert found["verify.stride"] == stride
    for core in range(2):
        got = (found[f"places.core{core}"], found[f"checksum.core{core}"])
        assert got == expected_checksum(found, core, 2, words)


@pytest.mark.parametrize("cores", [1, 2, 3, 8])
def test_any_number_of_cores(cores: int) -> None:
    console = qemu("repaint.img", "blocks=1g verify_stride=64K", cores, 2048)
    found = results(console)
    total = (found["verify.end"] - found["verify.begin"]) // 0x10000
    assert sum(found[f"places.core{core}"] for core in range(cores)) == total
    assert console.rstrip().endswith("repaint: done")


def test_cpus_limits_the_cores_in_use() -> None:
    console = qemu("repaint.img", "cpus=2 verify=none", 4)
    assert "core 1: hello" in console and "core 2: hello" not in console


@pytest.mark.parametrize("sabotage", SABOTAGES)
def test_a_sabotaged_run_ends(sabotage: str) -> None:
    """What a sabotage breaks is for the checker to see: the program itself always comes to its end."""
    strategy = "bbm-strict" if "dsb" in sabotage else "rfc-range"
    console = qemu("repaint.img", f"sabotage={sabotage} strategy={strategy} verify=sample")
    assert console.rstrip().endswith("repaint: done")


def test_the_elf_runs_as_the_image_does() -> None:
    assert qemu("repaint.elf", "verify=sample").rstrip().endswith("repaint: done")


@pytest.mark.parametrize("variant", ["correct", "parked", "broken"])
@pytest.mark.parametrize("strategy", ["page-from-boot", "pagewalk"])
def test_merge(variant: str, strategy: str) -> None:
    console = qemu("merge.img", f"variant={variant} strategy={strategy}")
    assert f"merge: 4 regions of 0x200000 bytes, variant {variant}" in console
    assert console.rstrip().endswith("merge: done")


def test_migrate_reads_the_new_page_everywhere() -> None:
    found = results(qemu("migrate.img", "variant=correct"))
    assert [(found[f"reads.core{core}"], found[f"wrong.core{core}"]) for core in range(4)] == [(256, 0)] * 4


@pytest.mark.parametrize("variant", ["broken", "no-tlbi"])
def test_migrate_without_tlbi_reads_the_old_page(variant: str) -> None:
    """QEMU's software TLB keeps the old address on the cores that do not happen to replace it."""
    found = results(qemu("migrate.img", f"variant={variant}"))
    assert 256 in [found[f"wrong.core{core}"] for core in range(4)]


@pytest.mark.parametrize("granule, cpu", [("4k", "cortex-a57"), ("16k", "max"), ("64k", "cortex-a57")])
@pytest.mark.parametrize("step", ["base", "no-cont-remap", "batched-barriers", "no-alloc-remap"])
def test_map_mem_makes_a_map_that_reads_right(step: str, granule: str, cpu: str, filled: tuple[Path, int, dict[int, int]]) -> None:
    path, address, words = filled
    loader = ("-device", f"loader,file={path},addr={address:#x},force-raw=on")
    found = results(qemu("map_mem.img", f"step={step} granule={granule}", 2, 256, cpu, *loader))
    assert found["tables.made"] >= 2
    for core in range(2):
        got = (found[f"places.core{core}"], found[f"checksum.core{core}"])
        assert got == expected_checksum(found, core, 2, words)
    assert found["checksum.core1"] != 0


def test_measuring_leaves_memory_as_it_was(filled: tuple[Path, int, dict[int, int]]) -> None:
    path, address, words = filled
    loader = ("-device", f"loader,file={path},addr={address:#x},force-raw=on")
    found = results(qemu("repaint.img", "after=both footprint=64M strategy=merged", 2, 256, "cortex-a57", *loader))
    assert (found["measure.chase"], found["measure.stream"]) == (4 << 14, 1 << 20)
    for core in range(2):
        assert (found[f"places.core{core}"], found[f"checksum.core{core}"]) == expected_checksum(found, core, 2, words)


@pytest.mark.parametrize("probe", ["tlb", "cache", "transfer"])
def test_latency(probe: str) -> None:
    console = qemu("latency.img", f"probe={probe}", 2)
    assert console.rstrip().endswith("latency: done")


@pytest.mark.parametrize(
    "bootargs, reason",
    [
        ("strategy=eager", "strategy=eager: unknown"),
        ("sabotage=everything", "sabotage=everything: unknown"),
        ("granule=8k", "granule=8k: must be one of 4k|16k|64k"),
        ("granule=16k", "core 0 has no 16K granule"),
        ("granule=64k blocks=1g", "blocks=1g needs granule=4k"),
        ("verify_stride=100", "verify_stride: must be a power of two from 8 to 4096 bytes, or a multiple of 4096"),
        ("verify_stride=4", "verify_stride: must be a power of two from 8 to 4096 bytes, or a multiple of 4096"),
        ("verify_stride=6K", "verify_stride: must be a power of two from 8 to 4096 bytes, or a multiple of 4096"),
        ("cpus=0", "cpus: must be a number above 0"),
        ("colour=red", "unknown argument 'colour'"),
    ],
)
def test_a_wrong_argument_is_a_failure_with_its_reason(bootargs: str, reason: str) -> None:
    assert f"FAIL: {reason}" in qemu("repaint.img", bootargs)


def test_too_little_memory_is_a_failure_with_its_reason() -> None:
    assert "FAIL: too little memory" in qemu("repaint.img", "granule=64k", 1, 8)
