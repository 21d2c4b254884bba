# SPDX-License-Identifier: Apache-2.0
"""The house keeps its own rules: arrows between rooms, licence lines, pages that exist."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {".cpp", ".hpp", ".h", ".c", ".S", ".py", ".pyi", ".inc", ".ld"}

# room -> prefixes that it may include (repository-rooted includes only)
MAY_INCLUDE = {
    "models/mmu": ("models/mmu/",),
    "models/memory": ("models/memory/", "models/mmu/"),
    "models/cpu": ("models/cpu/", "models/memory/", "models/mmu/"),
    "models/litmus": ("models/litmus/", "models/mmu/types.hpp"),
    "models/board": ("models/board/", "models/mmu/"),
    "sim": ("sim/", "models/", "workloads/bare/guest_abi.h"),
    "python/bindings": ("python/bindings/", "sim/", "models/"),
}


def tracked() -> list[Path]:
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True)
    return [ROOT / line for line in out.stdout.splitlines() if (ROOT / line).is_file()]


def includes(path: Path) -> list[str]:
    return re.findall(r'^\s*#\s*include\s+[<"]([^>"]+)[>"]', path.read_text(), re.MULTILINE)


@pytest.mark.parametrize("room", MAY_INCLUDE)
def test_arrows_point_one_way(room: str) -> None:
    rooted = re.compile(r"^(models|sim|python|workloads)/")
    wrong = [
        f"{path.relative_to(ROOT)} includes {name}"
        for path in tracked()
        if path.is_relative_to(ROOT / room) and path.suffix in {".cpp", ".hpp", ".inc"}
        for name in includes(path)
        if rooted.match(name) and not name.startswith(MAY_INCLUDE[room])
    ]
    assert not wrong


def test_only_sim_knows_systemc() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in tracked()
        if path.suffix in {".cpp", ".hpp"} and not path.is_relative_to(ROOT / "sim")
        for name in includes(path)
        if re.match(r"(systemc|sysc/|tlm)", name)
    ]
    assert not wrong


def test_every_source_names_its_licence() -> None:
    missing = [
        str(p.relative_to(ROOT))
        for p in tracked()
        if p.suffix in SOURCES and p.stat().st_size and "SPDX-License-Identifier: Apache-2.0" not in p.read_text()[:300]
    ]
    assert not missing


def test_links_in_documents_lead_somewhere() -> None:
    broken = []
    for page in (p for p in tracked() if p.suffix == ".md"):
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
            if not re.match(r"[a-z]+:", target) and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)} -> {target}")
    assert not broken


def test_files_do_one_thing() -> None:
    """Over 600 lines wants a reason; the reasons stand here."""
    reasons: dict[str, str] = {}
    long = {
        str(p.relative_to(ROOT)): lines
        for p in tracked()
        if p.suffix in SOURCES and (lines := len(p.read_text().splitlines())) > 600
    }
    assert not {name: lines for name, lines in long.items() if name not in reasons}
