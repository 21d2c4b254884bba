# SPDX-License-Identifier: Apache-2.0
"""The small guest programs of workloads/bare/rules and bugs: what the comment at the head of each file says of it.

Its first line is `NAME: title`; then `Key: text`, where text may go on in the next lines. Of both kinds:

    Cores    the board, as --cores takes it (default cortex-a720*2)
    Levels   FEAT_BBM levels at which the wrong variant is found under its rule (default all of 0 to 3); a rule's is right at the others
    Writer   the functions in which the reported writes are
    Holders  the cores for which it matters
    Set      further parameters, NAME=VALUE
    Also     rules that are unavoidably found as well

Of bugs: Project, Commit, Rule (or a hazard's kind, where no rule is broken), What happened, Hardware (what it could do), Fix, and Inject where the fault is the machine's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from . import _core
from .errors import BbmsimError
from .hazards import HAZARDS

WRONG = {"rules": "violating", "bugs": "bug"}
RIGHT = {"rules": "correct", "bugs": "fix"}
_KEYS = {"Cores", "Levels", "Writer", "Holders", "Set", "Also", "Project", "Commit", "Rule", "What happened", "Hardware", "Fix", "Inject"}


@dataclass(frozen=True)
class Lesson:
    """A program with a wrong and a right variant (`--set variant=`)."""

    name: str  #: as a workload: "rules/BBM-OA"
    title: str
    rule: str  #: under which the wrong variant is found
    cores: str
    levels: frozenset[int]
    writers: tuple[str, ...]
    holders: tuple[int, ...]
    also: tuple[str, ...]
    set: Mapping[str, str]
    inject: str  #: a fault that both variants run with; empty: none
    facts: Mapping[str, str] = field(default_factory=dict)  #: all keys of the header

    @property
    def kind(self) -> str:
        return self.name.split("/")[0]

    @property
    def by_effect(self) -> bool:
        """No rule is broken, since the machine is at fault: a hazard of this kind is found."""
        return self.rule in HAZARDS

    @property
    def wrong(self) -> str:
        return WRONG[self.kind]

    @property
    def right(self) -> str:
        return RIGHT[self.kind]

    @property
    def source(self) -> Path:
        return Path(_core.source_dir) / "workloads" / "bare" / f"{self.name}.c"

    @property
    def elf(self) -> Path:
        return Path(_core.build_dir) / "workloads" / "bare" / f"{self.name}.elf"

    def program(self) -> str:
        """The source behind its header and includes."""
        body = self.source.read_text(encoding="utf-8").split("*/", 1)[1]
        return re.sub(r'^#include "lab/lab.h"\n', "", body.strip() + "\n", flags=re.MULTILINE).strip() + "\n"


def parse(name: str, text: str) -> Lesson:
    """From a file's text. Raises BbmsimError that names the file and what is wrong."""

    def wrong(what: str) -> BbmsimError:
        return BbmsimError(f"workloads/bare/{name}.c: {what}")

    head = re.match(r"/\* SPDX[^\n]*\n(.*?)\*/", text, re.DOTALL)
    if not head:
        raise wrong("does not begin with a comment that describes it")
    lines = [line.strip().removeprefix("*").strip() for line in head[1].splitlines()]
    title = re.fullmatch(r"(\S+): (.+)", lines[0])
    if not title or title[1] != name.split("/")[1]:
        raise wrong(f"the comment's second line is not '{name.split('/')[1]}: title'")
    facts: dict[str, str] = {}
    key = ""
    for line in lines[1:]:
        found = re.fullmatch(r"([A-Z][a-z ]+):\s*(.*)", line)
        if found and found[1] in _KEYS:
            key = found[1]
            facts[key] = found[2]
        elif line and not key:
            raise wrong(f"'{line}' is not 'Key: text' with a key of {', '.join(sorted(_KEYS))}")
        elif line:
            facts[key] += f" {line}"
        else:
            key = ""
    rules = name.startswith("rules/")
    for required in ("Writer", "Holders", *(() if rules else ("Project", "Commit", "Rule", "What happened", "Hardware", "Fix"))):
        if not facts.get(required):
            raise wrong(f"'{required}:' is missing")
    numbers = {k: [int(word) for word in facts.get(k, "").split() if word.isdecimal()] for k in ("Levels", "Holders")}
    return Lesson(
        name,
        title[2],
        facts.get("Rule", title[1]),
        facts.get("Cores", "cortex-a720*2"),
        frozenset(numbers["Levels"]) or frozenset(range(4)),
        tuple(facts["Writer"].split()),
        tuple(numbers["Holders"]),
        tuple(facts.get("Also", "").split()),
        dict(pair.split("=", 1) for pair in facts.get("Set", "").split() if "=" in pair),
        facts.get("Inject", ""),
        facts,
    )


@lru_cache(maxsize=1)
def load() -> dict[str, Lesson]:
    """All of them, by name: rules in the order of their ids, then bugs."""
    folder = Path(_core.source_dir) / "workloads" / "bare"
    lessons: dict[str, Lesson] = {}
    for kind in WRONG:
        for path in sorted((folder / kind).glob("*.c")):
            name = f"{kind}/{path.stem}"
            lessons[name] = parse(name, path.read_text(encoding="utf-8"))
    return lessons
