# SPDX-License-Identifier: Apache-2.0
"""Finished cells in SQLite, one transaction each: whatever happens to the process, they are there when it starts again.
A cell is found again by its settings and the version of bbmsim, so a study that has grown keeps what it shares.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import sqlite3
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import _core
from ..errors import ConfigError
from .study import Cell

_SCHEMA = "bbmsim.sweep/1"


def cell_id(cell: Cell, phase: str) -> str:
    """The same for equal runs of equal versions."""
    text = json.dumps([_core.version, phase, dict(cell.settings)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


class Store:
    """Raises ConfigError if the file is something else, can't be written, or another sweep is at work in it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._lock = os.open(path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, 0o644)
        except OSError as error:
            raise ConfigError(f"out={path.parent}: can't be written ({error.strerror})", "out") from None
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise ConfigError(f"out={path.parent}: another sweep is at work there", "out") from None
        try:
            self._base = sqlite3.connect(path)
            self._base.execute("CREATE TABLE IF NOT EXISTS cells (id TEXT PRIMARY KEY, row TEXT NOT NULL)")
            self._base.execute("CREATE TABLE IF NOT EXISTS details (id TEXT PRIMARY KEY, record BLOB NOT NULL)")
            self._base.execute(f"PRAGMA user_version = {1}")
            self._base.commit()
        except sqlite3.Error as error:
            self._release()
            raise ConfigError(f"out={path}: {error}", "out") from None

    def finished(self) -> dict[str, dict[str, Any]]:
        """Rows by the cell's id."""
        try:
            rows = {key: json.loads(row) for key, row in self._base.execute("SELECT id, row FROM cells")}
            if not all(isinstance(row, dict) and "outcome" in row for row in rows.values()):
                raise ValueError("a row is no cell")
            return rows
        except (sqlite3.Error, ValueError) as error:
            raise ConfigError(f"out={self.path}: damaged ({error})", "out") from None

    def add(self, key: str, row: Mapping[str, Any], detail: Mapping[str, Any] | None) -> None:
        try:
            with self._base:
                self._base.execute("INSERT OR REPLACE INTO cells VALUES (?, ?)", (key, json.dumps(row)))
                if detail is not None:
                    packed = zlib.compress(json.dumps(detail).encode(), 6)
                    self._base.execute("INSERT OR REPLACE INTO details VALUES (?, ?)", (key, packed))
        except sqlite3.Error as error:
            raise ConfigError(f"out={self.path}: can't be written ({error}); finished cells are kept", "out") from None

    def close(self) -> None:
        self._base.close()
        self._release()

    def _release(self) -> None:
        os.close(self._lock)


def stored_details(path: Path) -> dict[str, dict[str, Any]]:
    """By the cell's id, what measure.detail_of() made of the cells in the file; empty if there are none."""
    try:
        with contextlib.closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
            return {key: json.loads(zlib.decompress(packed)) for key, packed in base.execute("SELECT id, record FROM details")}
    except (sqlite3.Error, ValueError, zlib.error):
        return {}


def as_database(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """The rows as an SQLite file of one table, `results`, with a column for each figure."""
    columns = list(dict.fromkeys(key for row in rows for key in row))
    names = ", ".join('"' + c.replace('"', '""') + '"' for c in columns)
    base = sqlite3.connect(":memory:")
    base.execute(f"CREATE TABLE results ({names})")
    marks = ", ".join("?" * len(columns))
    base.executemany(f"INSERT INTO results VALUES ({marks})", [[row.get(c) for c in columns] for row in rows])
    base.commit()
    contents = base.serialize()
    base.close()
    return contents
