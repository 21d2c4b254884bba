# SPDX-License-Identifier: Apache-2.0
"""Faults to order: `sim.inject(TlbConflict(core=1, va=0xffff_0000_4000_0000, after=symbol("repaint_map")))`.

Each kind is a dataclass; what they share says whom, where and when. The simulator's side is sim/inject/, a file each.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar

from .errors import ConfigError, did_you_mean
from .units import parse_size, parse_time

_ON = {"read": 1, "write": 2, "data": 3, "fetch": 4, "both": 7}
_STRUCTURES = ("l1d", "l1i", "l2")
_PSCI_ERRORS = {"invalid-parameters": 2, "denied": 3, "already-on": 4, "on-pending": 5, "internal-failure": 6, "invalid-address": 9}
_TOP, _MOST = (1 << 64) - 1, (1 << 63) - 1


@dataclass(frozen=True)
class Symbol:
    """A name of the workload's symbol table; "name:return" for the return from a function."""

    name: str


def symbol(name: str) -> Symbol:
    return Symbol(name)


@dataclass(frozen=True, kw_only=True)
class Injection:
    """What every kind has. `after` and `after_time` arm it; from then on its occasions are counted."""

    kind: ClassVar[str] = ""
    title: ClassVar[str] = ""

    core: int  #: whom it befalls
    after: Symbol | str | None = None  #: armed once any core has executed this symbol, or "NAME:return" returned from it
    after_time: str | None = None  #: armed from this simulated time on, such as "20us"
    nth: int = 1  #: the first occasion that fires, counted from arming
    probability: float = 1.0  #: of each occasion from the n-th on, drawn from the run's seed
    times: int = 1  #: how often it fires; 0: without end

    def __post_init__(self) -> None:
        _check_types(self)
        if not 0.0 <= self.probability <= 1.0:
            raise ConfigError(f"probability={self.probability}: between 0 and 1", "probability")
        for name, value, least in (("core", self.core, 0), ("nth", self.nth, 1), ("times", self.times, 0)):
            if value < least:
                raise ConfigError(f"{name}={value}: {least} or more", name)
            if value > _MOST:
                raise ConfigError(f"{name}={value}: at most {_MOST}", name)
        if self.after_time is not None:
            parse_time(self.after_time, "after_time")

    def symbols(self) -> list[tuple[str, str]]:
        """Field and name of the symbols that it needs."""
        return [("after", _name(self.after))] if self.after is not None else []

    def words(self) -> dict[str, str]:
        """The kind's own settings that are words, as the simulator takes them."""
        return {}

    def numbers(self) -> dict[str, int]:
        """Likewise those that are numbers."""
        return {}

    def spec(self) -> dict[str, Any]:
        """For the simulator."""
        return {
            "kind": self.kind,
            "core": self.core,
            "after": _name(self.after),
            "after_ps": None if self.after_time is None else parse_time(self.after_time, "after_time"),
            "nth": self.nth,
            "probability": self.probability,
            "times": self.times,
            "words": self.words(),
            "numbers": self.numbers(),
        }


@dataclass(frozen=True, kw_only=True)
class _AtVa(Injection):
    va: int | None = None  #: first address; without: any
    size: int = 4096  #: bytes from `va` on

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_range("va", self.va, "size", self.size)

    def spec(self) -> dict[str, Any]:
        return {**super().spec(), "va": _range(self.va, self.size)}


@dataclass(frozen=True, kw_only=True)
class _AtAddress(_AtVa):
    pa: int | None = None  #: first physical address: of what is accessed, or of a descriptor that the walk reads
    pa_size: int = 4096  #: bytes from `pa` on

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_range("pa", self.pa, "pa_size", self.pa_size)

    def spec(self) -> dict[str, Any]:
        return {**super().spec(), "pa": _range(self.pa, self.pa_size)}


@dataclass(frozen=True, kw_only=True)
class TlbConflict(_AtAddress):
    """A TLB conflict abort (FSC 0b110000) on the core's accesses to a range."""

    kind: ClassVar[str] = "tlb-conflict"
    title: ClassVar[str] = "an access takes a TLB conflict abort, once or until a TLBI of everything"

    on: str = "data"  #: fetch, data, both, read, write
    el: int | None = None  #: only at this Exception level, 0 or 1
    sticky: bool = False  #: having fired, on every access of the range until the core's TLBs are emptied by a TLBI

    def __post_init__(self) -> None:
        super().__post_init__()
        _need_address(self)
        _check_choice("on", self.on, tuple(_ON))
        if self.el not in (None, 0, 1):
            raise ConfigError(f"el={self.el}: 0 or 1", "el")

    def numbers(self) -> dict[str, int]:
        return {"on": _ON[self.on], "sticky": int(self.sticky), **_given(el=self.el)}


@dataclass(frozen=True, kw_only=True)
class LostTlbi(_AtVa):
    """A TLBI, its own or another core's, that the core acknowledges and does not perform."""

    kind: ClassVar[str] = "lost-tlbi"
    title: ClassVar[str] = "the core acknowledges a TLBI and does not perform it"


@dataclass(frozen=True, kw_only=True)
class LateTlbi(_AtVa):
    """A TLBI that the core acknowledges at once and performs later: after the issuer's DSB (CVE-2025-10263)."""

    kind: ClassVar[str] = "late-tlbi"
    title: ClassVar[str] = "the core acknowledges a TLBI and performs it later, after the DSB"

    delay: str  #: "10us"

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_time(self.delay, "delay")

    def numbers(self) -> dict[str, int]:
        return {"delay_ps": parse_time(self.delay, "delay")}


@dataclass(frozen=True, kw_only=True)
class StaleEntry(Injection):
    """A TLB entry put in by force: a translation of earlier, or one to another output address."""

    kind: ClassVar[str] = "stale-entry"
    title: ClassVar[str] = "a TLB entry is put in: the translation of an earlier time, or to another output address"

    va: int
    taken: Symbol | str | None = None  #: the translation as it was when any core executed this; without: as it is
    oa: int | None = None  #: another output address
    structure: str = "l1d"  #: l1d, l1i, l2
    at: Symbol | str | None = None  #: when this core executes it; without: as soon as it is armed

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_range("va", self.va, "size", 1)
        _check_choice("structure", self.structure, _STRUCTURES)
        _check_range("oa", self.oa, "size", 1)

    def symbols(self) -> list[tuple[str, str]]:
        own = [(n, _name(s)) for n, s in (("taken", self.taken), ("at", self.at)) if s is not None]
        return super().symbols() + own

    def words(self) -> dict[str, str]:
        return {"structure": self.structure, **({"taken": _name(self.taken)} if self.taken is not None else {})}

    def numbers(self) -> dict[str, int]:
        return _given(oa=self.oa)

    def spec(self) -> dict[str, Any]:
        return {**super().spec(), "va": _range(self.va, 1), "at": _name(self.at)}


@dataclass(frozen=True, kw_only=True)
class _Walk(_AtAddress):
    level: int | None = None  #: that is reported; without: where the walk ends

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_level(self.level)

    def numbers(self) -> dict[str, int]:
        return _given(level=self.level)


@dataclass(frozen=True, kw_only=True)
class WalkAbort(_Walk):
    """A synchronous External abort on a table walk."""

    kind: ClassVar[str] = "walk-abort"
    title: ClassVar[str] = "a table walk takes an External abort"


@dataclass(frozen=True, kw_only=True)
class WalkFault(_Walk):
    """A Translation fault of a walk that would have found a translation."""

    kind: ClassVar[str] = "walk-fault"
    title: ClassVar[str] = "a table walk gives a Translation fault though memory holds a translation"


@dataclass(frozen=True, kw_only=True)
class DescriptorFlip(_AtAddress):
    """A bit of a descriptor turns over in memory, just before a walk of the core reads it."""

    kind: ClassVar[str] = "descriptor-flip"
    title: ClassVar[str] = "a bit of a descriptor turns over in memory before a walk reads it"

    bit: int  #: 0 to 63
    level: int | None = None  #: of the descriptor; without: the last that the walk reads

    def __post_init__(self) -> None:
        super().__post_init__()
        _need_address(self)
        _check_level(self.level)
        _check_bit(self.bit, 0, 63)

    def numbers(self) -> dict[str, int]:
        return {"bit": self.bit, **_given(level=self.level)}


@dataclass(frozen=True, kw_only=True)
class TlbFlip(_AtAddress):
    """A bit of a TLB entry turns over, just before an access that the entry answers."""

    kind: ClassVar[str] = "tlb-flip"
    title: ClassVar[str] = "a bit of a TLB entry turns over before an access that it answers"

    bit: int  #: 12 to 47, of the output address
    tag: bool = False  #: of the address that the entry answers instead
    structure: str = "l1d"  #: l1d, l1i, l2

    def __post_init__(self) -> None:
        super().__post_init__()
        _need_address(self)
        _check_choice("structure", self.structure, _STRUCTURES)
        _check_bit(self.bit, 12, 47)

    def words(self) -> dict[str, str]:
        return {"structure": self.structure}

    def numbers(self) -> dict[str, int]:
        return {"bit": self.bit, "tag": int(self.tag)}


@dataclass(frozen=True, kw_only=True)
class DelayedSev(Injection):
    """An event (SEV, or a cleared exclusives monitor) reaches the core later than the interconnect takes."""

    kind: ClassVar[str] = "delayed-sev"
    title: ClassVar[str] = "an event reaches the core late"

    delay: str  #: "10us"

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_time(self.delay, "delay")

    def numbers(self) -> dict[str, int]:
        return {"delay_ps": parse_time(self.delay, "delay")}


@dataclass(frozen=True, kw_only=True)
class SpuriousWake(Injection):
    """A WFE of the core ends without an event."""

    kind: ClassVar[str] = "spurious-wake"
    title: ClassVar[str] = "a WFE ends without an event"

    delay: str | None = None  #: after waiting so long; without: at once

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.delay is not None:
            parse_time(self.delay, "delay")

    def numbers(self) -> dict[str, int]:
        return {"delay_ps": 0 if self.delay is None else parse_time(self.delay, "delay")}


@dataclass(frozen=True, kw_only=True)
class Stall(Injection):
    """The core executes nothing for a time, as one that firmware or a hypervisor took away."""

    kind: ClassVar[str] = "stall"
    title: ClassVar[str] = "the core executes nothing for a time"

    duration: str  #: "10us"
    at: Symbol | str | None = None  #: when this core executes it; without: as soon as it is armed

    def __post_init__(self) -> None:
        super().__post_init__()
        parse_time(self.duration, "duration")

    def symbols(self) -> list[tuple[str, str]]:
        return super().symbols() + ([("at", _name(self.at))] if self.at is not None else [])

    def numbers(self) -> dict[str, int]:
        return {"duration_ps": parse_time(self.duration, "duration")}

    def spec(self) -> dict[str, Any]:
        return {**super().spec(), "at": _name(self.at)}


@dataclass(frozen=True, kw_only=True)
class CpuOnFailure(Injection):
    """PSCI CPU_ON for the core fails, and it stays off."""

    kind: ClassVar[str] = "cpu-on-failure"
    title: ClassVar[str] = "PSCI CPU_ON for the core fails"

    error: str = "internal-failure"  #: denied, on-pending, ...: PSCI's names

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_choice("error", self.error, tuple(_PSCI_ERRORS))

    def numbers(self) -> dict[str, int]:
        return {"error": _PSCI_ERRORS[self.error]}


_ALL: tuple[type[Injection], ...] = (
    TlbConflict, LostTlbi, LateTlbi, StaleEntry, WalkAbort, WalkFault, DescriptorFlip, TlbFlip, DelayedSev, SpuriousWake, Stall,
    CpuOnFailure,
)  # fmt: skip
KINDS = {kind.kind: kind for kind in _ALL}


def settings_of(kind: type[Injection]) -> list[str]:
    """Its settings for people: those that must be given first, the others in brackets."""
    must = [f.name for f in dataclasses.fields(kind) if f.default is dataclasses.MISSING]
    may = [f"[{f.name}]" for f in dataclasses.fields(kind) if f.default is not dataclasses.MISSING]
    return must + may


def parse_injection(text: str) -> Injection:
    """The CLI's form: KIND:key=value,... such as tlb-conflict:core=1,va=0xffff...,size=2M,after=SYMBOL,nth=3,on=data. Raises
    ConfigError that names the whole of it and the setting."""
    name, colon, settings = text.partition(":")
    kind = KINDS.get(name)
    if kind is None:
        raise ConfigError(f"inject={text}: no such kind '{name}'{did_you_mean(name, KINDS)}", "inject")
    if not colon:
        raise ConfigError(f"inject={text}: write {name}:KEY=VALUE,... with {', '.join(settings_of(kind))}", "inject")
    try:
        return _of_settings(kind, settings)
    except ConfigError as error:
        raise ConfigError(f"inject={text}: {error}", error.field) from None


def _of_settings(kind: type[Injection], settings: str) -> Injection:
    known = {f.name: f for f in dataclasses.fields(kind)}
    values: dict[str, Any] = {}
    for setting in settings.split(","):
        key, equals, value = setting.partition("=")
        if key not in known:
            raise ConfigError(f"{kind.kind} has no setting '{key}'{did_you_mean(key, known)}", "inject")
        if not equals or not value:
            raise ConfigError(f"{key} needs a value", "inject")
        if key in values:
            raise ConfigError(f"{key} is given twice", key)
        values[key] = _parse(key, value)
    for key, field in known.items():
        if field.default is dataclasses.MISSING and key not in values:
            raise ConfigError(f"{key}= is missing", "inject")
    return kind(**values)


def _parse(key: str, value: str) -> Any:
    if key in ("size", "pa_size"):
        return parse_size(value, key)
    try:
        if key in ("core", "va", "pa", "oa", "nth", "times", "level", "bit", "el"):
            return int(value, 0)
        if key == "probability":
            return float(value)
    except ValueError:
        raise ConfigError(f"{key}={value}: not a number", key) from None
    if key in ("sticky", "tag"):
        if value not in ("0", "1"):
            raise ConfigError(f"{key}={value}: 0 or 1", key)
        return value == "1"
    return value


#: what a field's type is called for people, and what it takes; a bool is no number
_TYPES: dict[str, tuple[str, tuple[type, ...]]] = {
    "int": ("a whole number", (int,)),
    "int | None": ("a whole number", (int, type(None))),
    "float": ("a number", (int, float)),
    "bool": ("True or False", (bool,)),
    "str": ("text", (str,)),
    "str | None": ("text", (str, type(None))),
    "Symbol | str | None": ("a symbol or its name", (Symbol, str, type(None))),
}


def _check_types(injection: Injection) -> None:
    for field in dataclasses.fields(injection):
        value = getattr(injection, field.name)
        words, types = _TYPES[str(field.type)]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise ConfigError(f"{field.name}={value!r}: {words}", field.name)


def _name(of: Symbol | str | None) -> str:
    return of.name if isinstance(of, Symbol) else of or ""


def _range(first: int | None, size: int) -> tuple[int, int]:
    return (0, _TOP) if first is None else (first, min(first + size, _TOP))


def _given(**values: int | None) -> dict[str, int]:
    return {name: value for name, value in values.items() if value is not None}


def _check_range(name: str, first: int | None, size_name: str, size: int) -> None:
    if first is not None and not 0 <= first < _TOP:
        raise ConfigError(f"{name}={first:#x}: a 64-bit address", name)
    if size < 1:
        raise ConfigError(f"{size_name}={size}: 1 or more", size_name)


def _need_address(injection: _AtAddress) -> None:
    if injection.va is None and injection.pa is None:
        raise ConfigError("va= is missing (or pa=)", "va")


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ConfigError(f"{name}={value}: one of {', '.join(choices)}", name)


def _check_level(level: int | None) -> None:
    if level is not None and not 0 <= level <= 3:
        raise ConfigError(f"level={level}: 0 to 3", "level")


def _check_bit(bit: int, least: int, most: int) -> None:
    if not least <= bit <= most:
        raise ConfigError(f"bit={bit}: {least} to {most}", "bit")
