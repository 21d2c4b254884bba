# SPDX-License-Identifier: Apache-2.0
"""Packages of the distribution for arm64, through a private apt state in the user's cache folder: nothing is installed,
the machine's own lists stay as they are. The mirror is the one that the machine's apt sources name; apt verifies the
signatures.
"""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ..errors import BbmsimError

SUITES = ("bookworm", "bookworm-backports", "trixie", "trixie-backports")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_LISTS_LAST_S = 7 * 24 * 3600
Say = Callable[[str], None]


def cache_folder() -> Path:
    """XDG_CACHE_HOME/bbmsim."""
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if given.startswith("/") else Path.home() / ".cache"
    return base / "bbmsim"


def _run(command: list[str], what: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "LC_ALL": "C"})
    except OSError as error:
        raise BbmsimError(f"{what}: {command[0]} can't be started ({error.strerror})") from None
    if done.returncode != 0:
        errors = [line for line in done.stderr.splitlines() if line.startswith("E:")] or done.stderr.splitlines()
        raise BbmsimError(f"{what}: {errors[0].removeprefix('E: ') if errors else f'{command[0]} failed'}")
    return done.stdout


def mirror() -> str:
    """The machine's own: the archive of its first plain suite."""
    wanted = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)"
    out = _run(["apt-get", "indextargets", "--format", wanted, "Created-By: Packages"], "apt sources")
    for line in out.splitlines():
        uri, release, component, origin = line.split("|", 3)
        if component == "main" and "-" not in release and "/" not in release and origin in ("Debian", "$(ORIGIN)", ""):
            return uri
    raise BbmsimError("apt sources: none of this machine's is an archive of Debian; give a kernel as a file")


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise BbmsimError(f"cache: {folder} can't be written to ({error.strerror}); set XDG_CACHE_HOME") from None
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Packages:
    """What the suites have for arm64."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = cache_folder() if folder is None else folder
        self._apt = self.folder / "apt"

    def names(self, say: Say, *, fresh: bool = False) -> list[str]:
        """Names of all packages; the lists are fetched if they are old, or if `fresh`."""
        with _locked(self.folder):
            self._update(say, fresh)
            return self._names()

    def known_names(self) -> list[str]:
        """The same without network: nothing if the lists were never fetched."""
        return self._names() if (self._apt / "stamp").exists() else []

    def version(self, package: str, say: Say) -> str:
        """The newest that the suites have; the lists are fetched if they are old. Raises BbmsimError if there is none."""
        with _locked(self.folder):
            self._update(say, fresh=False)
            shown = _run(["apt-cache", *self._options(), "show", "--no-all-versions", package], package)
        found = re.search(r"^Version: (\S+)$", shown, re.MULTILINE)
        if not found:
            raise BbmsimError(f"{package}: the distribution has none for arm64")
        return found[1]

    def fetch(self, package: str, files: Mapping[str, Path], say: Say) -> None:
        """Puts the files of `package` whose paths match the keys (globs) where the values say, all that are not there."""
        with _locked(self.folder):
            missing = {member: target for member, target in files.items() if not target.exists()}
            if not missing:
                return
            with tempfile.TemporaryDirectory(dir=self.folder, prefix=".fetch-") as scratch:
                say(f"fetching {package} for arm64 from {mirror()}")
                self._get(["download", package], scratch)
                (file,) = Path(scratch).glob("*.deb")
                tree = Path(scratch) / "tree"
                _run(["dpkg", "-x", str(file), str(tree)], package)
                found = {member: sorted(tree.glob(member)) for member in missing}
                for member, paths in found.items():
                    if not paths:
                        raise BbmsimError(f"{package}: has no {member}")
                for member, target in missing.items():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    os.replace(found[member][0], target)

    def _names(self) -> list[str]:
        return _run(["apt-cache", *self._options(), "pkgnames", "linux-"], "kernels").split()

    def _update(self, say: Say, fresh: bool) -> None:
        stamp, sources = self._apt / "stamp", self._apt / "sources.list"
        lines = "".join(f"deb [arch=arm64 signed-by={KEYRING}] {mirror()} {suite} main\n" for suite in SUITES)
        same = stamp.exists() and sources.exists() and sources.read_text() == lines
        if same and not fresh and time.time() - stamp.stat().st_mtime < _LISTS_LAST_S:
            return
        if not KEYRING.exists():
            raise BbmsimError(f"kernels: {KEYRING} is missing; install debian-archive-keyring")
        for name in ("state/lists/partial", "cache/archives/partial"):
            (self._apt / name).mkdir(parents=True, exist_ok=True)
        sources.write_text(lines)
        say("fetching the arm64 package lists")
        self._get(["-o", "APT::Update::Error-Mode=any", "update"], str(self._apt))
        stamp.touch()

    def _get(self, arguments: list[str], folder: str) -> None:
        command = ["env", "-C", folder, "apt-get", *self._options(), "-q", *arguments]
        _run(command, "kernels")

    def _options(self) -> list[str]:
        values = {
            "Dir::State": self._apt / "state",
            "Dir::State::status": "/dev/null",
            "Dir::Cache": self._apt / "cache",
            "Dir::Etc::sourcelist": self._apt / "sources.list",
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": "/dev/null",
            "APT::Architecture": "arm64",
            "APT::Architectures::": "arm64",
            "APT::Sandbox::User": "root",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Acquire::Retries::Delay::Maximum": "2",
        }
        return [word for key, value in values.items() for word in ("-o", f"{key}={value}")]
