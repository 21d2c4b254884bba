# SPDX-License-Identifier: Apache-2.0
"""Options for CI: findings that are accepted, and files that CI systems read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..baseline import Baseline
from ..files import Writer, check_writable, write_whole
from ..result import Result

if TYPE_CHECKING:
    from ..exploration import Exploration

_META = "bbmsim.ci"


def ci_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """They are kept beside the command's own parameters; requested() finds them."""

    def keep(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
        if value is not None:
            context.meta.setdefault(_META, {})[parameter.name] = value

    for name, text in (
        ("--junit", "Write the findings as a JUnit test report."),
        ("--sarif", "Write the findings as SARIF 2.1.0, for code scanning."),
        ("--write-baseline", "Write a baseline that accepts just what this run found."),
        ("--baseline", "Accept the findings that this file lists (see the manual, findings)."),
    ):
        function = click.option(name, type=click.Path(), metavar="FILE", help=text, expose_value=False, callback=keep)(function)
    return function


class Ci:
    """What was asked for; every file is looked at before the run begins."""

    def __init__(self, context: click.Context) -> None:
        asked: dict[str, str] = context.meta.get(_META, {})
        self.baseline = Baseline.load(asked["baseline"]) if "baseline" in asked else None
        self._outputs: dict[str, Path] = {
            name.replace("_", "-"): check_writable(path, name.replace("_", "-"))
            for name, path in asked.items()
            if name != "baseline"
        }

    @property
    def outputs(self) -> Mapping[str, Path]:
        return self._outputs

    def write(self, result: Result | Exploration, writer: Writer) -> None:
        """Applies the baseline and writes the files."""
        if self.baseline is not None:
            result.accept(self.baseline)
        if not self._outputs:
            return
        from ..report.ci import junit, sarif  # costs what few runs need

        makers: dict[str, Callable[[Path], None]] = {
            "write-baseline": lambda path: Baseline.of(result.violations, result.hazards, getattr(result, "effects", ())).save(path),
            "sarif": lambda path: write_whole(path, sarif(result), "sarif"),
            "junit": lambda path: write_whole(path, junit(result), "junit"),
        }
        for name, path in self._outputs.items():
            writer.write(name, path, makers[name])

    def say(self, say: Callable[[str], None], result: Result | Exploration) -> None:
        """What the baseline did."""
        known = result.record.get("baseline")
        if known is not None:
            count = len(known["violations"]) + len(known["hazards"]) + len(known.get("effects", ()))
            say(f"baseline   {count} finding{'s' * (count != 1)} accepted by {known['path']}")
            for line in known["silenced"]:
                say(f"  accepted     {line}")
            for line in known["unmatched"]:
                say(f"  matches nothing any more: {line}")
