# SPDX-License-Identifier: Apache-2.0
"""The checker over a recorded trace of descriptor writes, barriers, TLBIs and base-register writes, from any source: no
simulated CPU. docs/manual/traces.md has the format.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import _core
from .errors import ConfigError
from .findings import Hazard, Note, Violation, hazard, note, violation

_LARGEST = 1 << 30  # bytes; a trace is held in memory


@dataclass(frozen=True)
class TraceResult:
    """What the checker found in a trace. Line numbers are the findings' `first_ps`; `pc` is the trace's, or the line."""

    path: str
    events: int
    violations: tuple[Violation, ...]
    hazards: tuple[Hazard, ...]
    notes: tuple[Note, ...]
    checker: dict[str, Any]  #: descriptor_writes, fills, live_tables, ...

    @property
    def exit_status(self) -> int:
        return 1 if self.violations or self.hazards else 0

    def lines(self) -> list[str]:
        """As compilers write: FILE:LINE: RULE (Arm's rule): what happened."""
        out = []
        for v in self.violations:
            times = f" [{v.count} times]" if v.count > 1 else ""
            out.append(f"{self.path}:{v.first_ps}: {v.rule} ({v.arm_rule}): {v.text}{times}")
        out += [f"{self.path}:{h.first_ps}: hazard, {h.kind}: {h.text}" for h in self.hazards]
        return out

    def to_dict(self) -> dict[str, Any]:
        def plain(values: Any, drop: tuple[str, ...]) -> dict[str, Any]:
            fields = {k: v for k, v in vars(values).items() if k not in drop}
            if "holders" in fields:
                fields["holders"] = [vars(h) for h in fields["holders"]]
            return {"line": fields.pop("first_ps"), **fields} if "first_ps" in fields else fields

        drop = ("symbol", "instruction", "last_ps")
        return {
            "schema": "bbmsim.trace-check/1",
            "trace": self.path,
            "events": self.events,
            "violations": [plain(v, drop) for v in self.violations],
            "hazards": [plain(h, drop) for h in self.hazards],
            "notes": [plain(n, drop) for n in self.notes],
            "checker": self.checker,
        }


def check_trace(path: str | os.PathLike[str]) -> TraceResult:
    """Reads a trace and judges it. Raises ConfigError that names file and line, and says what was expected."""
    name = os.fspath(path)
    try:
        if Path(name).stat().st_size > _LARGEST:
            raise ConfigError(f"trace={name}: larger than {_LARGEST >> 30} GiB", "trace")
        text = Path(name).read_text(encoding="ascii")
    except OSError as error:
        raise ConfigError(f"trace={name}: can't be read ({error.strerror})", "trace") from None
    except UnicodeDecodeError as error:
        raise ConfigError(f"trace={name}: byte {error.start} is not ASCII; a trace is text", "trace") from None
    found = _core.check_trace(text)
    if "error" in found:
        line, message = found["error"]
        raise ConfigError(f"{name}:{line}: {message}", "trace")
    named = {"symbol": "", "instruction": None}
    return TraceResult(
        name,
        found["events"],
        tuple(violation({**v, **named}) for v in found["violations"]),
        tuple(hazard({**h, **named}) for h in found["hazards"]),
        tuple(note({**n, "symbol": ""}) for n in found["notes"]),
        found["checker"],
    )
