# SPDX-License-Identifier: Apache-2.0
"""Whatever users type or feed is taken, or refused by one line that says what and why: seeded garbage for every parser. The
parsers in C++ have libFuzzer besides (test_fuzz.py); messages for particular mistakes are tested where their feature is.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random

import bbmsim as bs
import pytest
from bbmsim.config import parse_disk, parse_schedule
from bbmsim.inject import parse_injection
from bbmsim.maps import parse_map_at
from bbmsim.poke import parse_poke
from bbmsim.units import parse_size, parse_time
from conftest import ROOT

PIECES = ["=", ":", ",", "*", "+", "-", " ", "0x", "0", "1", "7", "9" * 30, "\x00", "\n", "é", "'", '"', "[", "%s", "{}", "nan", "1e9", "core", "va"]

PARSERS: dict[str, tuple[Callable[[str], object], list[str]]] = {
    "injection": (
        parse_injection,
        [
            "stall:core=1,duration=1us", "tlb-conflict:core=1,va=0xffff000000000000,el=1,sticky=1", "lost-tlbi:core=0,va=0..0x1000,nth=2",
            "descriptor-flip:core=1,va=0,bit=3", "late-tlbi:core=1,delay=2us,probability=0.5", "walk-abort:core=1,level=3,at=main+4",
        ],
    ),
    "cores": (bs.parse_cores, ["cortex-x4,cortex-a720*3", "cortex-x4:bbml=2:pauth=0*2", "cortex-a520:mmu.l2_tlb.entries=512"]),
    "poke": (parse_poke, ["linear_map_split_to_ptes+0x10=0xd503201f", "main=0", "a+4=1"]),
    "size": (parse_size, ["4GiB", "64MiB", "0x1000", "1.5GiB"]),
    "time": (parse_time, ["1us", "2.5ms", "10s", "7ps"]),
    "schedule": (parse_schedule, ["random", "pct:3", "targeted"]),
    "map": (parse_map_at, ["end", "1ms", "main", "main:return"]),
    "disk": (parse_disk, ["root.img,rw", "root.img"]),
}  # fmt: skip


def spoilt(text: str, r: Random) -> str:
    """The text with a few pieces put in, taken out, doubled or turned over."""
    for _ in range(r.randrange(1, 5)):
        at = r.randrange(len(text) + 1)
        kind = r.randrange(4)
        if kind == 0:
            text = text[:at] + r.choice(PIECES) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + r.randrange(1, 6) :]
        elif kind == 2:
            text = text[:at] + text[at : at + 8] * 2 + text[at + 8 :]
        else:
            text = text[:at] + chr(r.randrange(1, 256)) + text[at + 1 :]
    return text


@pytest.mark.parametrize("name", PARSERS)
def test_arguments(name: str) -> None:
    parse, good = PARSERS[name]
    r = Random(name)
    refused = 0
    for _ in range(1500):
        text = spoilt(r.choice(good), r)
        try:
            parse(text)
        except bs.ConfigError as error:
            refused += 1
            message = str(error)
            assert "\n" not in message and len(message.strip()) > 10, (text, message)
            assert error.field, (text, message)
        except Exception as error:
            pytest.fail(f"{name}: {text!r} raised {error!r}")
    assert refused > 300 or name == "disk"


def test_traces(tmp_path: Path) -> None:
    r = Random(1)
    texts = [path.read_text() for path in sorted((ROOT / "tests/oracle/cases").glob("*.trace"))]
    path = tmp_path / "bad.trace"
    refused = 0
    for _ in range(600):
        path.write_bytes(spoilt(r.choice(texts), r).encode("latin-1", "replace"))
        try:
            bs.check_trace(path)
        except bs.ConfigError as error:
            refused += 1
            message = str(error)
            where = re.match(re.escape(str(path)) + r":(\d+): .{10,}", message)
            assert (where and int(where[1]) > 0) or "not ASCII" in message, message
            assert "expected" in message or "must" in message or "not" in message or "only" in message or "more than" in message or "declared" in message, message
    assert refused > 200
