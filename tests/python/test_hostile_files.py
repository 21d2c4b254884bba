# SPDX-License-Identifier: Apache-2.0
"""Files that a boot can't use: one line that names the option and the file, status 2, nothing written; and kernels that
start and then can't go on: an outcome that says where.
"""

from __future__ import annotations

import gzip
from pathlib import Path

import bbmsim as bs
import pytest
from bbmsim.cli import main
from test_linux_boot import kernel
from test_linux_formats import raw_image

COMMON = ("--memory", "64MiB", "--cores", "cortex-a720", "--timeout", "1ms")


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A kernel that does nothing, in the form of an Image."""
    file = tmp_path / "Image"
    file.write_bytes(raw_image(bytes(4096), image_size=0x20_0000))
    return file


@pytest.mark.parametrize("option", ["--kernel", "--initrd", "--dtb", "--disk", "--input"])
@pytest.mark.parametrize("what", ["missing", "folder", "empty", "unreadable"])
def test_what_is_no_file(option: str, what: str, good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / what
    if what == "folder":
        file.mkdir()
    elif what == "empty":
        file.touch()
    elif what == "unreadable":  # for root too: reading gives an error
        file = Path("/proc/self/mem")
    if (option, what) == ("--input", "empty"):
        return  # nothing is typed
    arguments = ["boot", *COMMON, "--json", str(tmp_path / "out.json"), option, str(file)]
    if option != "--kernel":
        arguments += ["--kernel", str(good)]
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith(f"bbmsim: {option[2:]}=") and str(file) in printed.err, printed.err
    assert len(printed.err.splitlines()) == 1 and not (tmp_path / "out.json").exists()


def test_what_is_larger_than_memory(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(80 << 20)
    big = tmp_path / "big"
    big.write_bytes(raw_image(bytes(4096), image_size=80 << 20))
    for arguments in (("--kernel", str(good), "--initrd", str(large)), ("--kernel", str(big))):
        assert main(["boot", *COMMON, *arguments]) == 2
        error = capsys.readouterr().err
        assert "RAM" in error and len(error.splitlines()) == 1, error


def test_a_device_tree_of_garbage(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    real = tmp_path / "real.dtb"
    assert main(["boot", *COMMON, "--kernel", str(good), "--dump-dtb", str(real)]) == 0
    whole, file = real.read_bytes(), tmp_path / "damaged.dtb"
    capsys.readouterr()
    for data in (b"x" * 500, whole[:100], whole[: len(whole) // 2], whole[:60] + bytes(40) + whole[100:], gzip.compress(whole), whole + bytes(3 << 20)):
        file.write_bytes(data)
        assert main(["boot", *COMMON, "--kernel", str(good), "--dtb", str(file)]) == 2, data[:20]
        error = capsys.readouterr().err
        assert "dtb" in error and len(error.splitlines()) == 1, error


def test_a_kernel_for_pages_that_the_core_has_not_stops_where_it_says_so() -> None:
    cores = [bs.core("cortex-a720", granule_4k=False)]
    sim = bs.Simulation(bs.Board(cores=cores, memory="256MiB"), bs.linux(kernel("6.18").path, initrd="small"))
    result = sim.run(timeout="1s")
    assert result.outcome == "deadlock" and "__no_granule_support" in result.detail, (result.outcome, result.detail)
    assert result.exit_status == 3


def test_a_console_where_no_device_is_ends_described() -> None:
    """The command line may promise a UART where nothing is: earlycon's first access is an external abort."""
    board = bs.Board(cores=[bs.core("cortex-x4")], memory="256MiB")
    sim = bs.Simulation(board, bs.linux(kernel("6.18").path, initrd="small", append="earlycon=pl011,0x0b000000"))
    result = sim.run(timeout="20ms")
    assert result.outcome in ("reset", "panic", "deadlock", "timeout") and result.detail
    assert result.exit_status == 3
