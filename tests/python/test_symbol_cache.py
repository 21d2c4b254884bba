# SPDX-License-Identifier: Apache-2.0
"""Kernel symbols from the user's cache are those of the Image, whatever state the cache is in."""

from __future__ import annotations

import os
import stat
from array import array
from pathlib import Path

import pytest
from bbmsim.linux import kallsyms
from bbmsim.linux.kernel_symbols import KernelSymbols
from bbmsim.linux.symbol_cache import symbols_of
from bbmsim.loader import Symbols
from test_linux_formats import NAMES, raw_image, table_of

SIZE = 0x20_0000


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("symbols/*"))


def first(folder: Path, layout: str = "6.12") -> KernelSymbols:
    found = symbols_of(table_of(layout), SIZE, folder)
    assert found is not None and found.names == [n[1:] for n in NAMES]
    return found


def test_the_second_look_needs_no_image_and_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = first(tmp_path)
    monkeypatch.setattr(kallsyms, "read_kallsyms", lambda data, size: None)
    again = symbols_of(table_of("6.12"), SIZE, tmp_path)
    assert again is not None and again == found and again is not found
    assert again.symbols[3] == found.symbols[3] and again.address("function_3_of_3") == found.addresses[3]
    assert "function_3_of_3" in again and "function_3_of" not in again and "unction_3_of_3" not in again


def test_images_have_files_of_their_own(tmp_path: Path) -> None:
    first(tmp_path, "6.12")
    first(tmp_path, "7.3")
    assert symbols_of(table_of("6.12"), 2 * SIZE, tmp_path) is not None  # the header's image_size is the last symbol's end
    assert len(kept(tmp_path)) == 3


def test_an_image_without_symbols_leaves_nothing(tmp_path: Path) -> None:
    assert symbols_of(raw_image(), SIZE, tmp_path) is None
    assert not (tmp_path / "symbols").exists()


def test_a_damaged_file_is_as_none_and_is_replaced(tmp_path: Path) -> None:
    found = first(tmp_path)
    (file,) = kept(tmp_path)
    whole = file.read_bytes()
    damages = [b"", whole[:10], whole[:-1], whole + b"\0", b"bbmsim symbols 0\n" + whole[17:]]
    damages += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in (0, 20, 28, 36, 44, 100, len(whole) - 1)]
    for damaged in damages:
        file.write_bytes(damaged)
        read = symbols_of(table_of("6.12"), SIZE, tmp_path)
        assert read is not None and read.names == found.names and read.addresses == found.addresses
        assert file.read_bytes() == whole and kept(tmp_path) == [file]


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "cache"
    blocked.write_text("a file where the folder should be")
    first(blocked)
    first(Path("/proc/self"))
    assert blocked.read_text().startswith("a file")


def test_the_file_is_readable_by_others_as_the_umask_says(tmp_path: Path) -> None:
    old = os.umask(0o022)
    try:
        first(tmp_path)
    finally:
        os.umask(old)
    assert stat.S_IMODE(kept(tmp_path)[0].stat().st_mode) == 0o644


def test_mapping_symbols_are_left_out() -> None:
    text = ["$x", "start", "$d.12", "a$x", "end_$d"]
    whole = KernelSymbols(0x1000, "\n".join(text), "ttttT", array("Q", range(5)), array("Q", [8] * 5))
    named = whole.named()
    assert (named.names, named.kinds, list(named.addresses)) == (["start", "a$x"], "tt", [1, 3])
    assert named.named() is named or named.named() == named


def test_columns_are_rows_to_those_who_ask() -> None:
    columns = Symbols("a\nb", array("Q", [0xFFFF_8000_0000_0000, 0xFFFF_8000_0000_0010]), array("Q", [16, 8]), 0x8000_4000_0000)
    rows = [("a", 0xFFFF_8000_0000_0000, 16, 0x4000_0000), ("b", 0xFFFF_8000_0000_0010, 8, 0x4000_0010)]
    assert list(columns) == rows and columns[1] == rows[1] and len(columns) == 2 and not Symbols()
