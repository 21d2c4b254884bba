# SPDX-License-Identifier: Apache-2.0
"""The rules that the checker knows: models/mmu/checker/rules/ says all of each, this hands it to people."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from . import _core, lessons
from .errors import ConfigError, did_you_mean
from .lessons import Lesson

LEVELS = range(4)  #: of FEAT_BBM


@dataclass(frozen=True)
class Rule:
    """Whole sentences, but for id, sources and title."""

    id: str  #: "BBM-SIZE"
    arm_rule: str  #: the first of its sources
    sources: tuple[str, ...]  #: rule ids of DDI 0487, or registers
    holds_at: frozenset[int]  #: FEAT_BBM levels at which the guest program's violating variant breaks it
    values: str  #: what a finding's old and new value are: "descriptor", "tables" (an address), "register"
    title: str
    text: str  #: what is required
    levels: str  #: when it applies at which level
    hardware: str  #: what hardware may do if it is broken
    mend: str  #: what would be right
    silent: str  #: what looks like it and is none

    @property
    def lesson(self) -> Lesson:
        """The guest program that breaks it, and does it right."""
        return lessons.load()[f"rules/{self.id}"]

    @property
    def more(self) -> list[Lesson]:
        """Other programs about it: workloads/bare/rules/<id>.<what>.c."""
        return [lesson for name, lesson in lessons.load().items() if name.startswith(f"rules/{self.id}.")]

    @property
    def right(self) -> str:
        """What would be right, as a sentence of its own."""
        text = self.mend.removeprefix("Correct: ")
        return text[0].upper() + text[1:]

    @property
    def page(self) -> str:
        """In the repository."""
        return f"docs/manual/rules/{self.id}.md"

    @property
    def code(self) -> Path:
        """In the repository: where it is judged, or described."""
        return Path("models/mmu/checker/rules") / (self.id.removeprefix("BBM-").lower().replace("-", "_") + ".cpp")

    def lines(self, width: int = 110) -> list[str]:
        """For a terminal: the page without the program's finding."""
        out = [f"{self.id}: {self.title} ({', '.join(self.sources)}; DDI 0487)", ""]
        parts = {"": self.text, "Levels. ": self.levels, "Hardware. ": self.hardware, "Right. ": self.right, "Silent. ": self.silent}
        for heading, text in parts.items():
            out += [*textwrap.wrap(heading + text, width, break_on_hyphens=False), ""]
        for lesson in (self.lesson, *self.more):
            out.append(f"bbmsim run {lesson.name} --cores {lesson.cores} --set variant={lesson.wrong}|{lesson.right}")
            out += ["", *(f"    {line}".rstrip() for line in lesson.program().splitlines()), ""]
        return out[:-1]


@lru_cache(maxsize=1)
def load() -> dict[str, Rule]:
    """By id, in the checker's order."""
    return {
        r["id"]: Rule(
            **{k: v for k, v in r.items() if k not in ("sources", "holds_at")},
            sources=tuple(r["sources"].split(", ")),
            holds_at=frozenset(level for level in LEVELS if r["holds_at"] >> level & 1),
        )
        for r in _core.rules()
    }


def find(name: str) -> Rule:
    """By id, in any case, with or without "BBM-". Raises ConfigError."""
    upper = name.upper()
    for id_ in (upper, f"BBM-{upper}"):
        if id_ in load():
            return load()[id_]
    raise ConfigError(f"rule={name}: no such rule{did_you_mean(upper, load())}", "rule")
