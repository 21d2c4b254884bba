# SPDX-License-Identifier: Apache-2.0
"""Kernels by series: the newest of each that the distribution has, kept in the user's cache folder once fetched."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import BbmsimError, ConfigError
from .apt import Packages, Say, cache_folder

#: what each is for; the newest point release is taken
SERIES = {
    "6.1": "the linear map in pages when rodata=full",
    "6.12": "the linear map in pages when rodata=full",
    "6.16": "the last before the merged series: no block-mapped linear map with rodata=full",
    "6.18": "repaints a block-mapped linear map; trusts BBML2 by a list of MIDRs",
    "7.3": "BBML3 by ID register or a list of MIDRs",
}
_MERGED = (6, 18)  # from here on a kernel can repaint
MODULE = "dummy.ko"  #: a network device that drops all; needs no other module
_MODULE = "**/kernel/drivers/net/dummy.ko*"
#: what a kernel of the distribution needs to find the board's disk; the rest is built in
DISK_MODULES = {
    "virtio_mmio.ko": "**/kernel/drivers/virtio/virtio_mmio.ko*",
    "virtio_blk.ko": "**/kernel/drivers/block/virtio_blk.ko*",
}
_PACKAGE = re.compile(r"linux-(binary|image)-(\d+\.\d+[^/]*-cloud-arm64)")
_VERSION = re.compile(r"\d+\.\d+(\.\d+)?([-+].*)?")


@dataclass(frozen=True)
class Kernel:
    release: str  #: "6.18.15+deb13-cloud-arm64"
    path: Path  #: the kernel's file
    stands_in: bool = False  #: for a series that can't be had any more


def _quiet(_: str) -> None:
    pass


def order(release: str) -> tuple[int, ...]:
    """By age: 6.9.1 < 6.12.43 < 6.12.107."""
    return tuple(int(n) for n in re.findall(r"\d+", release.removesuffix("-cloud-arm64")))


def of_series(releases: Iterable[str], version: str) -> list[str]:
    """Those of a series ("6.18"), a version ("6.18.12") or a release, oldest first."""
    matching = [r for r in releases if r == version or re.match(rf"{re.escape(version)}(?![0-9])", r)]
    return sorted(matching, key=order)


def cached(folder: Path | None = None) -> dict[str, Path]:
    """Releases that need no network."""
    root = (cache_folder() if folder is None else folder) / "kernels"
    return {p.parent.name: p for p in sorted(root.glob("*/vmlinuz"))} if root.is_dir() else {}


def packages(names: Iterable[str]) -> dict[str, str]:
    """Release to the package that holds its kernel: linux-binary-* where there is one, else linux-image-*."""
    found: dict[str, str] = {}
    for name in sorted(names, reverse=True):  # image before binary: the latter stays
        match = _PACKAGE.fullmatch(name)
        if match:
            found[match[2]] = name
    return found


def get(version: str, *, say: Say = _quiet, folder: Path | None = None) -> Kernel:
    """The newest cached kernel of the series, else the newest that the distribution has, fetched now.

    Raises ConfigError for what is no version, BbmsimError if there is none and none can be had.
    """
    if not _VERSION.fullmatch(version):
        raise ConfigError(f"kernel={version}: neither a file nor a version (series: {', '.join(SERIES)})", "kernel")
    here = cached(folder)
    ready = of_series(here, version)
    if ready:
        return Kernel(ready[-1], here[ready[-1]])
    archive = Packages(folder)
    advice = "give the kernel as a file: --kernel PATH"
    try:
        there = packages(archive.names(say))
        if not of_series(there, version):
            there = packages(archive.names(say, fresh=True))
        releases = of_series(there, version)
        stands_in = not releases
        if stands_in:
            releases = [r for r in sorted(there, key=order) if order(r)[:2] >= _MERGED] if order(version)[:2] >= _MERGED else []
            releases = releases if version in SERIES else []
        if releases:
            release = releases[-1]
            if stands_in:
                say(f"there is no {version} any more; {release} stands in")
            target = archive.folder / "kernels" / release / "vmlinuz"
            archive.fetch(there[release], _files(there[release], target.parent), say)
            return Kernel(release, target, stands_in)
    except BbmsimError as error:
        raise BbmsimError(f"kernel={version}: nothing cached, and none can be fetched ({error}); {advice}") from None
    raise ConfigError(f"kernel={version}: the distribution has none (series: {', '.join(SERIES)}); {advice}", "kernel")


def _files(package: str, folder: Path) -> dict[str, Path]:
    """What is kept of a package: the kernel, and the module where the same package has it."""
    if package.startswith("linux-binary-"):
        return {"usr/lib/modules/*/vmlinuz": folder / "vmlinuz"}
    files = {_MODULE: folder / MODULE}
    return files if package.startswith("linux-modules-") else {**files, "boot/vmlinuz-*": folder / "vmlinuz"}


def module(kernel: Path, *, folder: Path | None = None) -> Path | None:
    """The file of the module "dummy" for a cached kernel, fetched if it can be had, else None."""
    found = _modules(kernel, {MODULE: _MODULE}, folder)
    return found[0] if found else None


def disk_modules(kernel: Path, *, folder: Path | None = None) -> list[Path]:
    """The files of the modules by which a cached kernel finds a virtio disk, in the order in which they are loaded;
    fetched if they can be had, else none.
    """
    return _modules(kernel, DISK_MODULES, folder)


def _modules(kernel: Path, wanted: Mapping[str, str], folder: Path | None) -> list[Path]:
    """All of them (name to glob in the package), or nothing."""
    if kernel.parent.parent != (cache_folder() if folder is None else folder) / "kernels":
        return []
    files, archive = {member: kernel.parent / name for name, member in wanted.items()}, Packages(folder)
    paths = list(files.values())
    try:
        names = [] if all(p.exists() for p in paths) else archive.known_names()
        for package in (f"linux-{kind}-{kernel.parent.name}" for kind in ("modules", "image")):
            if package in names:
                archive.fetch(package, {**_files(package, kernel.parent), **files}, _quiet)
                break
    except BbmsimError:
        return []
    return paths if all(p.exists() for p in paths) else []


def listing(*, say: Say = _quiet, folder: Path | None = None) -> list[tuple[str, str]]:
    """One line for each series, and for each cached kernel of another."""
    here, archive = cached(folder), Packages(folder)
    try:
        there, why = packages(archive.names(say)), ""
    except BbmsimError as error:
        there, why = packages(archive.known_names()), f"can't be asked for ({error})"
    rows = []
    shown: set[str] = set()
    for series, title in SERIES.items():
        mine, theirs = of_series(here, series), of_series(there, series)
        shown.update(mine)
        facts = [f"cached {', '.join(mine)}"] if mine else []
        facts.append(f"available {theirs[-1]} ({there[theirs[-1]]})" if theirs else why or "not in the suites any more")
        rows.append((series, f"{title}; {'; '.join(facts)}"))
    rows += [(release, "cached") for release in sorted(here, key=order) if release not in shown]
    return rows
