# SPDX-License-Identifier: Apache-2.0
"""Files appear whole or not at all, and a place that can't be written to is found before a run begins."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from .errors import ConfigError


def check_writable(path: str | Path, field: str) -> Path:
    """The path, if a file can be made there; else a ConfigError that names `field`."""
    target = Path(path)
    if target.is_dir():
        raise ConfigError(f"{field}={target}: is a folder", field)
    if target.exists() and not target.is_file():  # /dev/stdout, a pipe
        return target
    folder = target.parent
    if not folder.is_dir():
        raise ConfigError(f"{field}={target}: there is no folder {folder}", field)
    if target.exists() and not os.access(target, os.W_OK):
        raise ConfigError(f"{field}={target}: is write-protected", field)
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigError(f"{field}={target}: {folder} can't be written to ({error.strerror})", field) from None
    return target


def write_whole(path: str | Path, data: str | bytes, field: str = "path") -> None:
    """Writes beside the target, then renames: readers see the old file or the new one."""
    target = Path(path)
    temporary: str | None = None
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as device:
                device.write(data.encode() if isinstance(data, str) else data)
            return
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(handle, "wb") as out:
            out.write(data.encode() if isinstance(data, str) else data)
            out.flush()
            os.fsync(out.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
        temporary = None
    except OSError as error:
        raise ConfigError(f"{field}={target}: can't be written ({error.strerror})", field) from None
    finally:
        if temporary is not None:
            os.unlink(temporary)


def check_distinct(outputs: Mapping[str, str | Path | None]) -> None:
    """Raises ConfigError if two of the files, by their options' names, are one and would overwrite each other."""
    seen: dict[Path, str] = {}
    for name, path in outputs.items():
        if path is None or (Path(path).exists() and not Path(path).is_file()):
            continue
        place = Path(os.path.realpath(path))
        if place in seen:
            raise ConfigError(f"{name}={path}: is the file of --{seen[place]} too", name)
        seen[place] = name


class Writer:
    """Writes files one after another. What can't be written is kept back, so that results are still said, and the other
    files written."""

    def __init__(self) -> None:
        self.written: list[tuple[str, Path]] = []
        self._failed: list[ConfigError] = []

    def write(self, name: str, path: Path, make: Callable[[Path], None]) -> bool:
        try:
            make(path)
        except ConfigError as error:
            self._failed.append(error)
            return False
        self.written.append((name, path))
        return True

    def finish(self) -> None:
        """Raises ConfigError for what could not be written."""
        if self._failed:
            raise ConfigError("; ".join(map(str, self._failed)), self._failed[0].field)


def plot_format(path: Path) -> str:
    """ "png" or "svg"; raises ConfigError for another ending."""
    kind = path.suffix.lower().removeprefix(".")
    if kind not in ("png", "svg"):
        raise ConfigError(f"plot={path}: the file's name must end in .png or .svg", "plot")
    return kind
