# SPDX-License-Identifier: Apache-2.0
"""Faults to order: `sim.inject(TlbConflict(core=1, va=0xffff_0000_4000_0000, after=symbol("repaint_map")))`."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import ConfigError, did_you_mean
from .units import parse_size, parse_time


@dataclass(frozen=True)
class Symbol:
    """A name of the workload's symbol table."""

    name: str


def symbol(name: str) -> Symbol:
    return Symbol(name)


@dataclass(frozen=True)
class TlbConflict:
    """A TLB conflict abort (FSC 0b110000) on one core's accesses to a VA range."""

    core: int
    va: int  #: first address
    size: int = 4096  #: bytes from `va` on
    after: Symbol | str | None = None  #: armed once any core has executed this symbol
    after_time: str | None = None  #: armed from this simulated time on, such as "20us"
    nth: int = 1  #: the first hit that fires, counted from arming
    probability: float = 1.0  #: of each hit from the n-th on, drawn from the run's seed
    times: int = 1  #: how often it fires; 0: without end
    on: str = "data"  #: fetch, data, both

    def __post_init__(self) -> None:
        if self.on not in ("fetch", "data", "both"):
            raise ConfigError(f"on={self.on}: one of fetch, data, both", "on")
        if not 0.0 <= self.probability <= 1.0:
            raise ConfigError(f"probability={self.probability}: between 0 and 1", "probability")
        for name, value, least in (("core", self.core, 0), ("nth", self.nth, 1), ("times", self.times, 0), ("size", self.size, 1)):
            if value < least:
                raise ConfigError(f"{name}={value}: {least} or more", name)
        if not 0 <= self.va < 1 << 64:
            raise ConfigError(f"va={self.va:#x}: a 64-bit address", "va")
        if self.after_time is not None:
            parse_time(self.after_time, "after_time")

    @property
    def after_symbol(self) -> str:
        return self.after.name if isinstance(self.after, Symbol) else self.after or ""


def parse_injection(text: str) -> TlbConflict:
    """The CLI's form: tlb-conflict:core=1,va=0xffff...,size=2M,after=SYMBOL,nth=3,on=data."""
    kind, colon, settings = text.partition(":")
    if kind != "tlb-conflict" or not colon:
        raise ConfigError(f"inject={text}: write tlb-conflict:core=N,va=ADDRESS[,size=,after=,nth=,probability=,times=,on=]", "inject")
    values: dict[str, str] = {}
    known = ("core", "va", "size", "after", "after_time", "nth", "probability", "times", "on")
    for setting in settings.split(","):
        name, equals, value = setting.partition("=")
        if name not in known:
            raise ConfigError(f"inject: no such setting '{name}'{did_you_mean(name, known)}", "inject")
        if not equals or not value:
            raise ConfigError(f"inject: {name} needs a value", "inject")
        values[name] = value
    for name in ("core", "va"):
        if name not in values:
            raise ConfigError(f"inject={text}: {name}= is missing", "inject")
    try:
        return TlbConflict(
            core=int(values["core"], 0),
            va=int(values["va"], 0),
            size=parse_size(values.get("size", "4096"), "size"),
            after=values.get("after"),
            after_time=values.get("after_time"),
            nth=int(values.get("nth", "1"), 0),
            probability=float(values.get("probability", "1")),
            times=int(values.get("times", "1"), 0),
            on=values.get("on", "data"),
        )
    except ValueError:
        raise ConfigError(f"inject={text}: core, va, nth and times are whole numbers, probability a number", "inject") from None
