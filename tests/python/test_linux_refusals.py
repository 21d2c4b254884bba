# SPDX-License-Identifier: Apache-2.0
"""Why a kernel turned a secondary away, from ID registers and console lines. Real boots are in test_linux_boot.py."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bbmsim as bs
from bbmsim.linux import refusals

CONFIGS = bs.parse_cores("neoverse-v3,neoverse-n1*2")


class View:
    def __init__(self, **registers: int) -> None:
        self.registers = registers

    def sysreg(self, name: str) -> int:
        return self.registers.get(name, 0)


def find(views: list[View], entered: Iterable[int] = (), console: str = "") -> list[dict[str, Any]]:
    return refusals.find(views, CONFIGS, entered, console)


def test_nothing_is_said_where_nothing_happened() -> None:
    assert find([View(ID_AA64ISAR1_EL1=0x10), View(), View()], console="CPU1: Booted secondary processor") == []


def test_a_panic_names_the_core_and_the_field_the_option() -> None:
    console = "[    0.1] Kernel panic - not syncing: CPU2 detected unsupported configuration\r\n"
    (entry,) = find([View(ID_AA64PFR1_EL1=0x200), View(), View()], console=console)
    assert entry["core"] == 2
    assert entry["console"] == ["Kernel panic - not syncing: CPU2 detected unsupported configuration"]
    assert entry["fields"] == [{"register": "ID_AA64PFR1_EL1", "field": "MTE", "value": 0, "boot_value": 2}]
    assert entry["advice"][-1] == "--append arm64.nomte" and "MTE is 0, the boot core's 2" in entry["text"]


def test_one_core_is_one_entry_whoever_saw_it() -> None:
    console = "CPU features: CPU1: Detected conflict for capability 5 ((null)), System: 1, CPU: 0\nCPU1: will not boot\n"
    views = [View(ID_AA64ISAR1_EL1=0x10, ID_AA64PFR1_EL1=1), View(), View()]
    first, second = find(views, entered=[2, 1], console=console)
    assert (first["core"], len(first["console"])) == (1, 2) and (second["core"], second["console"]) == (2, [])
    for entry in (first, second):  # BTI differs too, but is not what it was about
        assert [f["field"] for f in entry["fields"]] == ["APA"]
        assert entry["advice"] == ["neoverse-v3:pauth=0", "--append arm64.nopauth"]


def test_a_cause_that_no_field_explains_is_the_kernels_own_words() -> None:
    """A secondary may have pointer authentication where the boot core has not: that is no cause."""
    (entry,) = find([View(), View(ID_AA64ISAR1_EL1=0x10), View()], console="CPU1: does not support 4K granule\n")
    assert not entry["fields"] and not entry["advice"]
    assert entry["text"] == "core 1 (neoverse-n1): the kernel does not take it: CPU1: does not support 4K granule"


def test_a_console_names_no_core_that_the_board_lacks() -> None:
    assert find([View(), View(), View()], console="CPU7: will not boot\nCPU0: will not boot\n") == []
