# SPDX-License-Identifier: Apache-2.0
"""Source lines: of the right file, of code at either of its addresses, and never out of another build's vmlinux."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import bbmsim as bs
from bbmsim.sources import SourceLines, check_vmlinux, has_lines
from guests import build

BASE, PHYSICAL = 0xFFFF_8000_8000_0000, 0x4020_0000
IMAGE_BANNER = b"\0Linux version 9.9.9 (me@here) (gcc 99) #1 SMP\n\0"
OTHER_BANNER = b"\0Linux version 9.9.8 (me@here) (gcc 99) #1 SMP\n\0"
BUILD_ID = "0123456789abcdef0123456789abcdef01234567"
SOURCE = """const char linux_banner[] = "Linux version 9.9.9 (me@here) (gcc 99) #1 SMP\\n";
static inline __attribute__((always_inline)) void store(volatile long *p, long v)
{
    *p = v;
}
void _start(volatile long *p)
{
    store(p, 1);
}
"""


def vmlinux(folder: Path, build_id: str, *flags: str) -> Path:
    (folder / "kernel.c").write_text(SOURCE)
    target = folder / "vmlinux"
    command = ["aarch64-linux-gnu-gcc", "-O2", "-g", "-nostdlib", "-static", f"-Wl,-Ttext={BASE:#x}", f"-Wl,--build-id={build_id}"]
    subprocess.run([*command, *flags, "-o", str(target), "kernel.c"], check=True, capture_output=True, cwd=folder)
    return target


def test_lines_of_code_at_its_virtual_and_its_physical_address(tmp_path: Path) -> None:
    path = vmlinux(tmp_path, f"0x{BUILD_ID}")
    found = SourceLines(path, [("_start", BASE, 12, PHYSICAL)]).find([BASE + 4, PHYSICAL + 4, BASE + 0x10_0000])
    assert set(found) == {BASE + 4, PHYSICAL + 4} and found[BASE + 4] == found[PHYSICAL + 4]
    assert re.fullmatch(r"\S*kernel\.c:8, inlined \S*kernel\.c:4", found[BASE + 4])


def test_a_vmlinux_of_this_build_is_taken(tmp_path: Path) -> None:
    check_vmlinux(vmlinux(tmp_path, f"0x{BUILD_ID}"), b"\0" + bytes.fromhex(BUILD_ID))
    check_vmlinux(vmlinux(tmp_path, "none"), IMAGE_BANNER)  # nothing to compare but the version


def test_every_other_file_is_refused_by_name(tmp_path: Path) -> None:
    path = vmlinux(tmp_path, f"0x{BUILD_ID}")
    (tmp_path / "text").write_text("no ELF")
    (tmp_path / "short").write_bytes(path.read_bytes()[:40])
    for file, image, says in (
        (path, OTHER_BANNER, r"another build than the Image \(Linux version 9.9.9; the Image is Linux version 9.9.8\)"),
        (path, IMAGE_BANNER, "another build"),  # its version, and not its build
        (tmp_path / "text", IMAGE_BANNER, "not an ELF"),
        (tmp_path / "short", IMAGE_BANNER, "damaged"),
        (tmp_path / "none", IMAGE_BANNER, "can't be read"),
        (build("hello"), IMAGE_BANNER, r"no source lines"),
    ):
        with pytest.raises(bs.ConfigError, match=rf"vmlinux=.*{says}") as error:
            check_vmlinux(file, image)
        assert error.value.field == "vmlinux"
    assert not has_lines(build("hello")) and has_lines(path) and not has_lines(tmp_path / "none")
