# SPDX-License-Identifier: Apache-2.0
"""Kernels by series: which one is meant, what is cached, and what is said when there is none."""

from __future__ import annotations

import lzma
from collections.abc import Mapping
from pathlib import Path

import pytest
from bbmsim.errors import BbmsimError, ConfigError
from bbmsim.linux import apt, kernels, userspace
from bbmsim.linux.initramfs import Node, pack
from conftest import ROOT, Bbmsim

NAMES = [
    "linux-modules-7.3.4+deb13-cloud-arm64",
    "linux-image-6.1.0-47-cloud-arm64",
    "linux-image-6.1.0-50-cloud-arm64",
    "linux-image-6.12.94+deb13-cloud-arm64",
    "linux-image-6.12.107+deb13-cloud-arm64",
    "linux-image-6.18.9+deb13-cloud-arm64",
    "linux-image-6.18.15+deb13-cloud-arm64",
    "linux-image-6.18.15+deb13-cloud-arm64-dbg",
    "linux-image-7.3.4+deb13-cloud-arm64",
    "linux-binary-7.3.4+deb13-cloud-arm64",
    "linux-binary-unsigned-7.3.4+deb13-cloud-arm64",
    "linux-image-6.18.15+deb13-arm64",
    "linux-headers-6.18.15+deb13-cloud-arm64",
]


class Archive:
    """What the distribution has, without the network."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, names: list[str], fails: str = "") -> None:
        self.fetched: list[str] = []

        def give(_: apt.Packages, say: apt.Say, *, fresh: bool = False) -> list[str]:
            if fails:
                raise BbmsimError(fails)
            return names

        def fetch(_: apt.Packages, package: str, files: Mapping[str, Path], say: apt.Say) -> None:
            self.fetched.append(package)
            for target in files.values():
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(b"kernel" if target.name == "vmlinuz" else lzma.compress(b"module"))

        def version(_: apt.Packages, package: str, say: apt.Say) -> str:
            if fails:
                raise BbmsimError(fails)
            return "1:1.37.0-6"

        monkeypatch.setattr(apt.Packages, "names", give)
        monkeypatch.setattr(apt.Packages, "known_names", lambda _: names)
        monkeypatch.setattr(apt.Packages, "version", version)
        monkeypatch.setattr(apt.Packages, "fetch", fetch)


@pytest.mark.parametrize(
    ("version", "release"),
    [
        ("6.1", "6.1.0-50-cloud-arm64"),
        ("6.12", "6.12.107+deb13-cloud-arm64"),
        ("6.12.94", "6.12.94+deb13-cloud-arm64"),
        ("6.18", "6.18.15+deb13-cloud-arm64"),
        ("6.18.9+deb13-cloud-arm64", "6.18.9+deb13-cloud-arm64"),
        ("7.3", "7.3.4+deb13-cloud-arm64"),
    ],
)
def test_the_newest_of_a_series_is_fetched_once(
    version: str, release: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(monkeypatch, NAMES)
    first, second = kernels.get(version, folder=tmp_path), kernels.get(version, folder=tmp_path)
    assert first == second and first.release == release and first.path.read_bytes() == b"kernel" and not first.stands_in
    kind = "linux-binary" if version == "7.3" else "linux-image"
    assert archive.fetched == [f"{kind}-{release}"]


@pytest.mark.parametrize(
    ("version", "packages"),
    [
        ("6.18", ["linux-image-6.18.15+deb13-cloud-arm64"]),
        ("7.3", ["linux-binary-7.3.4+deb13-cloud-arm64", "linux-modules-7.3.4+deb13-cloud-arm64"]),
    ],
)
def test_busybox_comes_with_the_kernels_own_module(
    version: str, packages: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = Archive(monkeypatch, NAMES)
    found = kernels.get(version, folder=tmp_path)
    (tmp_path / "vmlinuz").write_bytes(b"of the user")
    for _ in range(2):  # the second time from the cache
        disk = userspace.choose("", found.path, True, say=print, folder=tmp_path)
        assert disk.title == "busybox-static-1.37.0-6,dummy" and b"lib/dummy.ko\0" in disk.data and b"module" in disk.data
    assert sorted(archive.fetched) == sorted([*packages, "busybox-static"])
    own = userspace.choose("", tmp_path / "vmlinuz", True, say=print, folder=tmp_path)
    assert own.title == "busybox-static-1.37.0-6" and b"dummy.ko\0" not in own.data


def test_the_small_user_space_needs_neither_fp_nor_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = Archive(monkeypatch, [], fails="no route to host")
    path = tmp_path / "vmlinuz"
    for wanted, has_fp in (("", False), ("", True), ("small", True)):
        assert userspace.choose(wanted, path, has_fp, say=print, folder=tmp_path).title == "small"
    assert not archive.fetched
    with pytest.raises(BbmsimError, match="no route to host"):
        userspace.choose("busybox", path, True, say=print, folder=tmp_path)


def test_what_is_cached_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Archive(monkeypatch, [], fails="no route to host")
    for release in ("6.18.9+deb13-cloud-arm64", "6.18.15+deb13-cloud-arm64"):
        path = tmp_path / "kernels" / release / "vmlinuz"
        path.parent.mkdir(parents=True)
        path.write_bytes(b"x")
    assert kernels.get("6.18", folder=tmp_path).release == "6.18.15+deb13-cloud-arm64"
    with pytest.raises(BbmsimError, match="kernel=6.12: nothing cached, and none can be fetched .no route to host.; give the"):
        kernels.get("6.12", folder=tmp_path)
    rows = dict(kernels.listing(folder=tmp_path))
    assert "cached 6.18.9+deb13-cloud-arm64, 6.18.15+deb13-cloud-arm64" in rows["6.18"] and "no route to host" in rows["7.3"]


def test_the_newest_with_the_merged_code_stands_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Archive(monkeypatch, [n for n in NAMES if "6.18" not in n])
    said: list[str] = []
    found = kernels.get("6.18", folder=tmp_path, say=said.append)
    assert found.release == "7.3.4+deb13-cloud-arm64" and found.stands_in
    assert any("7.3.4+deb13-cloud-arm64 stands in" in line for line in said)
    with pytest.raises(ConfigError, match="kernel=6.16: the distribution has none"):  # nothing newer is like it
        kernels.get("6.16", folder=tmp_path)


def test_without_network_and_cache_there_is_one_line(bbmsim: Bbmsim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "empty"))
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    done = bbmsim("boot", "--kernel", "6.18", "-q")
    assert done.returncode == 2 and len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "nothing cached, and none can be fetched" in done.stderr and "--kernel PATH" in done.stderr


def test_no_host_of_a_mirror_is_written_anywhere() -> None:
    for file in (ROOT / "python" / "bbmsim" / "linux").glob("*.py"):
        assert "://" not in file.read_text(), file


def test_an_initial_ram_disk_is_what_cpio_reads(tmp_path: Path) -> None:
    data = pack([Node("dev", 0o040755), Node("dev/console", 0o020600, device=(5, 1)), Node("init", 0o100755, b"hello")])
    assert data == pack([Node("dev", 0o040755), Node("dev/console", 0o020600, device=(5, 1)), Node("init", 0o100755, b"hello")])
    at, seen = 0, {}
    while not seen.get("TRAILER!!!"):
        assert data[at : at + 6] == b"070701"
        fields = [int(data[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        size, name_size = fields[6], fields[11]
        name = data[at + 110 : at + 110 + name_size - 1].decode()
        body = (at + 110 + name_size + 3) & ~3
        seen[name] = [fields[1], fields[9:11], data[body : body + size]]
        at = (body + size + 3) & ~3
    assert seen["init"] == [0o100755, [0, 0], b"hello"] and seen["dev/console"][:2] == [0o020600, [5, 1]] and at == len(data)
