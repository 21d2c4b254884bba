# SPDX-License-Identifier: Apache-2.0
"""What runs behind the kernel if the user gives no initial RAM disk: the distribution's busybox with a script of
this project (one of two), or a small program of this project that needs neither a package nor FP.
"""

from __future__ import annotations

import lzma
from dataclasses import dataclass
from pathlib import Path

from .. import _core
from ..errors import BbmsimError
from . import kernels
from .apt import Packages, Say, cache_folder
from .initramfs import CHARACTER_DEVICE, DIRECTORY, FILE, Node, pack

PACKAGE = "busybox-static"
CHOICES = ("busybox", "small", "work")
_XZ = b"\xfd7zXZ\0"


@dataclass(frozen=True)
class UserSpace:
    title: str  #: one word for the run record: "small", "busybox-static-1.37.0-6+b9,dummy"
    data: bytes  #: cpio


def choose(
    wanted: str, kernel: Path, has_fp: bool, *, disk: bool = False, say: Say, folder: Path | None = None
) -> UserSpace:
    """`wanted` is one of CHOICES, or "": busybox where the cores have FP and its package can be had.

    With a `disk`, busybox brings the modules for it and hands over to a root file system there. "work" is busybox with
    another script, whose stretches of work use the kernel's linear map. Raises BbmsimError if what is wanted can't be had.
    """
    if wanted == "small" or (not wanted and not has_fp):
        return small()
    try:
        return busybox(kernel, script="work.sh" if wanted == "work" else "init.sh", disk=disk, say=say, folder=folder)
    except BbmsimError:
        if wanted:
            raise
        return small()


def small() -> UserSpace:
    return UserSpace("small", pack([*_base(), Node("init", FILE | 0o755, _built("init"))]))


def busybox(kernel: Path, *, script: str = "init.sh", disk: bool = False, say: Say, folder: Path | None = None) -> UserSpace:
    version, program = _busybox(say, folder)
    nodes = [
        *_base(),
        Node("proc", DIRECTORY | 0o755),
        Node("bin", DIRECTORY | 0o755),
        Node("bin/busybox", FILE | 0o755, _read(program)),
        Node("bin/exercise", FILE | 0o755, _built("exercise")),
        Node("init", FILE | 0o755, _built(script)),
    ]
    title = f"{PACKAGE}-{version}" + (",work" if script == "work.sh" else "")
    dummy = kernels.module(kernel, folder=folder)
    modules = [dummy] if dummy is not None else []
    if disk:
        modules += kernels.disk_modules(kernel, folder=folder)
        nodes.append(Node("mnt", DIRECTORY | 0o755))
    if modules:
        nodes.append(Node("lib", DIRECTORY | 0o755))
    for module in modules:
        nodes.append(Node(f"lib/{module.name}", FILE | 0o644, _module(module)))
        title += f",{module.name.removesuffix('.ko')}"
    return UserSpace(title, pack(nodes))


def _base() -> list[Node]:
    """The console that the kernel opens for its first program."""
    return [Node("dev", DIRECTORY | 0o755), Node("dev/console", CHARACTER_DEVICE | 0o600, device=(5, 1))]


def _built(name: str) -> bytes:
    path = Path(_core.build_dir) / "workloads" / "linux" / name
    try:
        return path.read_bytes()
    except OSError as error:
        raise BbmsimError(f"initrd: {path} can't be read ({error.strerror}); build the project with scripts/build") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BbmsimError(f"initrd: {path} can't be read ({error.strerror})") from None


def _busybox(say: Say, folder: Path | None) -> tuple[str, Path]:
    """Version and file; once cached it needs no network and isn't replaced by a newer one."""
    root = (cache_folder() if folder is None else folder) / "packages" / PACKAGE
    ready = sorted(root.glob("*/busybox"))
    if ready:
        return ready[-1].parent.name, ready[-1]
    archive = Packages(folder)
    version = archive.version(PACKAGE, say).split(":", 1)[-1]
    target = root / version / "busybox"
    archive.fetch(PACKAGE, {"**/bin/busybox": target}, say)
    return version, target


def _module(path: Path) -> bytes:
    """Unpacked: a kernel need not be able to."""
    data = _read(path)
    try:
        return lzma.decompress(data) if data.startswith(_XZ) else data
    except lzma.LZMAError as error:
        raise BbmsimError(f"initrd: {path} is damaged ({error}); remove it, it is fetched again") from None
