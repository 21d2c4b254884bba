# SPDX-License-Identifier: Apache-2.0
"""Findings that a team has accepted: a file that keeps CI quiet about them, says what it silenced, and which of its
entries no longer match anything.

    [[known]]
    rule = "BBM-NO-DSB-AFTER-TLBI"   # or a hazard's kind: "stale", "conflict", "lost-update"; of an exploration also
                                     # "conflict-abort", or how the guest ended: "panic", "deadlock", ...
    symbol = "__pi_map_range"        # without offset; * and ? as in file names; default: any
    kind = "violation"               # or "hazard", "effect", "outcome"; default: any
    reason = "reported upstream"     # shown where it is applied
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Protocol

from . import _core
from .errors import ConfigError, did_you_mean
from .files import check_writable, write_whole
from .findings import Hazard, Violation
from .hazards import CONFLICT_ABORT, HAZARDS
from .outcomes import OUTCOMES

_FIELDS = ("rule", "symbol", "kind", "reason")
#: what has which kind
_RULES = {"hazard": tuple(HAZARDS), "effect": (CONFLICT_ABORT,), "outcome": tuple(OUTCOMES)}


class Other(Protocol):
    """What an exploration finds beside violations and hazards."""

    @property
    def rule(self) -> str: ...
    @property
    def symbol(self) -> str: ...
    @property
    def kind(self) -> str: ...


@dataclass(frozen=True)
class Known:
    """One entry. `rule` is a rule's id, a hazard's kind, "conflict-abort" or an outcome, `symbol` a pattern for the symbol
    without its offset."""

    rule: str
    symbol: str = "*"
    kind: str = ""  #: "violation", "hazard", "effect", "outcome" or "": any
    reason: str = ""

    def matches(self, rule: str, symbol: str, kind: str) -> bool:
        return rule == self.rule and self.kind in ("", kind) and fnmatchcase(_bare(symbol), self.symbol)

    def __str__(self) -> str:
        kind = f"{self.kind} " if self.kind else ""
        return f"{kind}{self.rule} at {self.symbol}" + (f" ({self.reason})" if self.reason else "")


@dataclass(frozen=True)
class Judged:
    """What a baseline made of a run's findings."""

    violations: tuple[tuple[int, Known], ...]  #: silenced: index, and the first entry that matched
    hazards: tuple[tuple[int, Known], ...]
    others: tuple[tuple[int, Known], ...]  #: of an exploration: its effects
    unmatched: tuple[Known, ...]  #: entries that silenced nothing

    def to_dict(self, path: str) -> dict[str, Any]:
        """For the record of a run."""
        return {
            "path": path,
            "violations": [i for i, _ in self.violations],
            "hazards": [i for i, _ in self.hazards],
            "silenced": sorted({str(k) for _, k in (*self.violations, *self.hazards, *self.others)}),
            "unmatched": [str(k) for k in self.unmatched],
        }


@dataclass(frozen=True)
class Baseline:
    path: str
    known: tuple[Known, ...]

    @classmethod
    def load(cls, path: str | Path) -> Baseline:
        """Raises ConfigError that names the file, the entry and the field."""
        try:
            values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise ConfigError(f"baseline={path}: can't be read ({error.strerror})", "baseline") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"baseline={path}: not TOML: {error}", "baseline") from None
        entries = values.pop("known", [])
        if values or not isinstance(entries, list) or not all(isinstance(e, dict) for e in entries):
            wrong = f"{next(iter(values))}: unknown" if values else "known: not a list of tables"
            raise ConfigError(f"baseline={path}: {wrong}; write [[known]] tables", "baseline")
        return cls(str(path), tuple(_entry(path, i, e) for i, e in enumerate(entries)))

    @classmethod
    def of(cls, violations: Sequence[Violation], hazards: Sequence[Hazard], others: Sequence[Other] = ()) -> Baseline:
        """One that accepts just these."""
        found = {Known(v.rule, _escape(v.symbol), "violation") for v in violations}
        found |= {Known(h.kind, _escape(h.symbol), "hazard") for h in hazards}
        found |= {Known(o.rule, _escape(o.symbol) or "*", o.kind) for o in others}
        return cls("", tuple(sorted(found, key=str)))

    def save(self, path: str | Path) -> None:
        text = "# Accepted findings: see the manual, docs/manual/findings.md.\n"
        for k in self.known:
            text += f'\n[[known]]\nrule = "{k.rule}"\nsymbol = "{k.symbol}"\nkind = "{k.kind}"\nreason = "{k.reason}"\n'
        write_whole(check_writable(path, "write-baseline"), text, "write-baseline")

    def judge(self, violations: Sequence[Violation], hazards: Sequence[Hazard], others: Sequence[Other] = ()) -> Judged:
        def silenced(found: Iterable[tuple[str, str, str]]) -> tuple[tuple[int, Known], ...]:
            matches = ((i, next((k for k in self.known if k.matches(*one)), None)) for i, one in enumerate(found))
            return tuple((i, k) for i, k in matches if k is not None)

        v = silenced((x.rule, x.symbol, "violation") for x in violations)
        h = silenced((x.kind, x.symbol, "hazard") for x in hazards)
        o = silenced((x.rule, x.symbol, x.kind) for x in others)
        used = {k for _, k in (*v, *h, *o)}
        return Judged(v, h, o, tuple(k for k in self.known if k not in used))


def _bare(symbol: str) -> str:
    return symbol.rsplit("+0x", 1)[0]


def _escape(symbol: str) -> str:
    """The symbol as a pattern that only it matches."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in _bare(symbol))


def _entry(path: str | Path, index: int, values: dict[str, Any]) -> Known:
    where = f"baseline={path}: known[{index}]"
    for name, value in values.items():
        if name not in _FIELDS:
            raise ConfigError(f"{where}.{name}: unknown; one of {', '.join(_FIELDS)}", "baseline")
        if not isinstance(value, str):
            raise ConfigError(f"{where}.{name}={value}: not a text", "baseline")
    rules = {"violation": tuple(r["id"] for r in _core.rules()), **_RULES}
    kind, rule = values.get("kind", ""), values.get("rule", "")
    if kind and kind not in rules:
        raise ConfigError(f"{where}.kind={kind}: one of {', '.join(rules)}", "baseline")
    allowed = rules[kind] if kind else tuple(name for names in rules.values() for name in names)
    if rule not in allowed:
        near = did_you_mean(rule, allowed) if rule else ""
        what = f"{kind} has no rule of this name" if kind else "a rule (`bbmsim list rules`), a hazard's kind, conflict-abort or an outcome"
        raise ConfigError(f"{where}.rule={rule}: {'is missing; ' if not rule else ''}{what}{near}", "baseline")
    return Known(**values)
