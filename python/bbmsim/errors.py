# SPDX-License-Identifier: Apache-2.0
"""What the package raises."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BbmsimError(Exception):
    """Anything that this package reports on purpose: one line that says what is wrong."""


class ConfigError(BbmsimError):
    """Wrong input. The message names the field, the value and what would be right; `field` is the field's name."""

    def __init__(self, message: str, field: str | None = None) -> None:
        message = "".join(c if c.isprintable() else repr(c)[1:-1] for c in message)  # one line, whatever was typed
        super().__init__(message)
        self.field = field if field is not None else message.split("=", 1)[0].split(":", 1)[0].strip()


class InternalError(BbmsimError):
    """The simulator itself failed. Please report it."""


_FEW, _MANY = 4, 24


def did_you_mean(name: str, choices: Iterable[str]) -> str:
    """" (did you mean 'x'?)" or what there is, for the end of a message about an unknown name. A dotted name is also known
    by its last part."""
    known = list(choices)
    ends = {k.rpartition(".")[2]: k for k in known}
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5) or [ends[e] for e in difflib.get_close_matches(name, ends, n=1, cutoff=0.5)]
    if close and len(known) > _FEW:
        return f" (did you mean '{close[0]}'?)"
    return f" (there are: {', '.join(known)})" if len(known) <= _MANY else ""
