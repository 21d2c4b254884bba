# SPDX-License-Identifier: Apache-2.0
"""The machine as data: frozen dataclasses with the field names of the C++ structs (tests/python/test_config.py holds
the two side by side). Every figure of a core preset can be overridden.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, TypeVar, get_type_hints

from . import _core
from .errors import ConfigError, did_you_mean
from .units import format_size, parse_size

T = TypeVar("T")


@dataclass(frozen=True)
class Tlb:
    """One TLB: `entries` 0 means absent, `ways` equal to `entries` fully associative."""

    entries: int = 48
    ways: int = 48
    policy: str = "lru"  #: fifo, random, nru, plru, lru
    hit_cycles: int = 0  #: added to an access that this structure answers
    max_block_shift: int = 48  #: larger translations are held as splinters of 2^n bytes


@dataclass(frozen=True)
class Nasty:
    """Powers of the nasty TLB: what the architecture permits and hardware rarely does. See nasty()."""

    speculate: bool = False  #: walks of any reachable entry, data and fetch, at any time
    retain: bool = False  #: entries leave the L2 TLB and the walk cache by TLBI only; L1 entries leave for no reason
    splinter: bool = False  #: blocks are held in L1 as smaller pieces of any size
    late_tlbi: bool = False  #: a TLBI takes effect when its DSB completes, not before
    late_walk: bool = False  #: walks may read a descriptor's former value until its writer's DSB, or for window_ns
    conflicts: bool = False  #: several matches: an abort, any of them, or a mixture, drawn each time
    coalesce: bool = False  #: neighbouring pages or blocks of consecutive addresses and equal attributes are one entry
    access_flags: bool = False  #: walks that no instruction asked for set the Access flag, if TCR.HA=1
    interval_ns: int = 500  #: mean time between disturbances
    window_ns: int = 2000  #: longest delay of late_tlbi and late_walk


@dataclass(frozen=True)
class Mmu:
    """Translation, TLBs and conflict behaviour of a core."""

    l1i_tlb: Tlb = Tlb(48, 48, "lru", 0, 48)
    l1d_tlb: Tlb = Tlb(48, 48, "lru", 0, 48)
    l2_tlb: Tlb = Tlb(1024, 4, "plru", 5, 48)
    walk_cache: Tlb = Tlb(64, 4, "lru", 0, 48)
    walk_read_cycles: int = 10
    walk_start_cycles: int = 4
    bbml: int = 0  #: FEAT_BBM level, ID_AA64MMFR2_EL1.BBM
    conflict_free: bool = False  #: never a TLB conflict abort for what level 2 permits
    conflict: str = "abort"  #: abort, first, last, random, amalgamate
    conflict_on: str = "both"  #: fetch, data, both
    conflict_across_structures: bool = False
    nt_faults: bool = True
    invalidation: str = "typical"  #: minimal, typical
    tlbi_empties_l1: bool = False
    pa_bits: int = 40
    asid_bits: int = 16
    granule_4k: bool = True
    granule_16k: bool = True
    granule_64k: bool = True
    hafdbs_af: bool = True
    hafdbs_dirty: bool = True
    tlbirange: bool = True
    nasty: Nasty = Nasty()


@dataclass(frozen=True)
class Timing:
    """Cycles per instruction class; fractions stand for superscalar issue."""

    alu: float = 0.5
    multiply: float = 1.0
    divide: float = 8.0
    branch: float = 1.0
    load: float = 1.0
    store: float = 1.0
    atomic: float = 6.0
    system: float = 4.0
    barrier: float = 8.0
    exception: float = 20.0


@dataclass(frozen=True)
class Cache:
    """Data caches as latencies; 0 bytes: the level is absent."""

    l1d_bytes: int = 65536
    l1d_ways: int = 4
    l2_bytes: int = 524288
    l2_ways: int = 8
    l2_cycles: int = 10  #: added when L1D misses and L2 hits
    l3_cycles: int = 26  #: added when both miss and L3 answers
    memory_cycles: int = 160  #: added when memory answers
    store_buffer_lines: int = 24  #: lines that stores may wait for at once; 0: a store waits for its own
    store_line_cycles: int = 8  #: between two lines that leave the store buffer
    write_stream_lines: int = 4  #: whole lines stored in a row after which none is read first; 0: all are read
    walks_fill_l2: bool = True  #: lines that walks read are kept in L2


@dataclass(frozen=True)
class Maintenance:
    """The core's part of TLB maintenance over the interconnect."""

    tlbi_issue_cycles: int = 15
    tlbi_receive_cycles: int = 30
    wfe_wake_cycles: int = 20


@dataclass(frozen=True)
class Features:
    """What the ID registers advertise; each is implemented if True."""

    lse: bool = True
    crc32: bool = True
    rcpc: bool = True
    rcpc2: bool = True
    flagm: bool = True
    flagm2: bool = True
    rdm: bool = True
    pauth: bool = True
    bti: bool = True
    dit: bool = True
    ssbs: bool = True
    sb: bool = True
    pan: bool = True
    uao: bool = True
    dpb: bool = True
    dpb2: bool = True
    e0pd: bool = True
    ets2: bool = False
    csv3: bool = True
    specres: bool = False
    lor: bool = False
    ttcnp: bool = True
    ttl: bool = True
    xs: bool = False
    tlbios: bool = True
    pmu: bool = True
    ras: bool = True
    fp: bool = True
    fp16: bool = True
    fhm: bool = False
    jscvt: bool = True
    fcma: bool = False
    frintts: bool = True
    dotprod: bool = True
    aes: bool = True
    pmull: bool = True
    sha1: bool = True
    sha256: bool = True
    sha512: bool = True
    sha3: bool = True


@dataclass(frozen=True)
class Core:
    """One PE. Make it with `core("cortex-x4", bbml=2)`."""

    name: str = "generic"
    source: str = ""
    midr: int = 0x000F0000
    freq_mhz: float = 2000.0
    cache_line_shift: int = 6
    features: Features = Features()
    timing: Timing = Timing()
    cache: Cache = Cache()
    maintenance: Maintenance = Maintenance()
    mmu: Mmu = Mmu()


@dataclass(frozen=True)
class Interconnect:
    """Latencies between the PEs, in nanoseconds of board time."""

    hop_ns: int = 20
    dvm_outstanding: int = 16
    dvm_target_ns: int = 1  #: the node's work for each core that a message goes to; not in detail fast
    mmio_ns: int = 50
    event_ns: int = 20
    psci_on_ns: int = 2000
    interrupt_ns: int = 100  #: a pending interrupt to the core's seeing it; not in detail fast


@dataclass(frozen=True)
class Shared:
    """What the cores' caches share: the L3, lines that move between cores, memory. Not in detail fast."""

    l3_bytes: int = 8 << 20  #: 0: no L3
    l3_ways: int = 16
    transfer_ns: int = 40  #: a line that another core's cache answers for
    bandwidth_mb_s: int = 40_000  #: of memory, reads and writes together; detail full
    dram_row_bytes: int = 8192
    dram_banks: int = 16
    dram_row_ns: int = 15  #: added when a bank has another row open; detail full


@dataclass(frozen=True)
class Disk:
    """A virtio disk, and a virtio console beside it; an empty `path` means neither. What the guest writes stays in
    memory unless the disk is `writable`.
    """

    path: str = ""  #: a raw image: a file or a block device of the host
    writable: bool = False
    latency_ns: int = 20000  #: from a request to its being served

    @property
    def bytes(self) -> int:
        """Size of the image as it is now; raises ConfigError."""
        try:
            with open(self.path, "rb") as file:
                return file.seek(0, os.SEEK_END)
        except OSError as error:
            raise ConfigError(f"disk={self.path}: can't be read ({error.strerror})", "disk") from None


def parse_disk(text: str) -> Disk:
    """PATH, or PATH,rw for a disk that the guest may write to."""
    path, comma, mode = text.rpartition(",")
    if comma and mode == "rw":
        return Disk(path, writable=True)
    if comma and mode == "snapshot":
        return Disk(path)
    return Disk(text)


@dataclass(frozen=True)
class Schedule:
    """Which core gets ahead of which: cores are held for a time now and then, as the architecture permits at any time.
    Seeded by the run's seed.
    """

    name: str = "default"  #: default (by their clocks), random, pct, targeted
    depth: int = 3  #: pct: how often priorities change
    length_us: int = 0  #: pct: over which stretch of board time; 0: drawn, 64 us to 64 ms
    hold_ns: int = 50000  #: the longest that a core is held

    def __str__(self) -> str:
        default = Schedule(self.name)
        given = [f"{f.name}={getattr(self, f.name)}" for f in dataclasses.fields(self) if getattr(self, f.name) != getattr(default, f.name)]
        return ",".join([self.name, *given])


DETAILS = ("fast", "typical", "full")

SCHEDULES = ("default", "random", "pct", "targeted")


def parse_schedule(text: str) -> Schedule:
    """NAME, or NAME,depth=4,length_us=800,hold_ns=20000."""
    name, *settings = text.split(",")
    if name not in SCHEDULES:
        raise ConfigError(f"schedule={name}: one of {', '.join(SCHEDULES)}", "schedule")
    values: dict[str, int] = {}
    for setting in settings:
        key, equals, value = setting.partition("=")
        if not equals or key not in ("depth", "length_us", "hold_ns") or not value.isdecimal():
            raise ConfigError(f"schedule={text}: '{setting}' is not depth=N, length_us=N or hold_ns=N", "schedule")
        values[key] = int(value)
    return Schedule(name, **values)


@dataclass(frozen=True)
class Board:
    """The machine. `memory` begins at 1 GiB of the physical address space; raises ConfigError if unsound."""

    cores: Sequence[Core] = ()
    memory: str | int = "1GiB"
    quantum_ns: int = 1000  #: how far a PE may run ahead of board time
    counter_hz: int = 62_500_000
    checker: bool = True
    filter: bool = True  #: the exact fast-path filter; False only to prove it exact
    zero_fill: bool = False  #: unwritten RAM reads zero instead of the pattern
    detail: str = "typical"  #: fast, typical, full: how much of the memory side is modelled
    interconnect: Interconnect = field(default_factory=Interconnect)
    shared: Shared = field(default_factory=Shared)
    disk: Disk = field(default_factory=Disk)
    schedule: Schedule = field(default_factory=Schedule)

    def __post_init__(self) -> None:
        object.__setattr__(self, "cores", tuple(self.cores))
        for i, entry in enumerate(self.cores):
            if not isinstance(entry, Core):
                raise ConfigError(f"cores[{i}]={entry!r}: a core, such as core('cortex-x4')", f"cores[{i}]")
        if not isinstance(self.disk, Disk):
            raise ConfigError(f"disk={self.disk!r}: a disk, such as Disk('root.img')", "disk")
        if not isinstance(self.schedule, Schedule):
            raise ConfigError(f"schedule={self.schedule!r}: a schedule, such as Schedule('pct')", "schedule")
        try:
            problems = _core.validate(self.to_dict())
        except ValueError as error:
            raise ConfigError(str(error)) from None
        if problems:
            more = f" (and {len(problems) - 3} more problems)" if len(problems) > 3 else ""
            raise ConfigError("; ".join(problems[:3]) + more)

    @property
    def memory_bytes(self) -> int:
        return parse_size(self.memory)

    def to_dict(self) -> dict[str, Any]:
        """With the C++ side's field names: plain values, `memory_bytes` for `memory`."""
        out: dict[str, Any] = {}
        for f in dataclasses.fields(self):
            value = getattr(self, f.name)
            if f.name == "memory":
                out["memory_bytes"] = self.memory_bytes
            elif f.name == "cores":
                out["cores"] = [dataclasses.asdict(c) for c in value]
            else:
                out[f.name] = dataclasses.asdict(value) if dataclasses.is_dataclass(value) else value
        return out

    def __str__(self) -> str:
        return f"{describe_cores(self.cores)}, {format_size(self.memory_bytes)}"


def describe_cores(cores: Sequence[Core]) -> str:
    """ "cortex-x4 + 3 x cortex-a720"."""
    runs: list[tuple[str, int]] = []
    for entry in cores:
        if runs and runs[-1][0] == entry.name:
            runs[-1] = (entry.name, runs[-1][1] + 1)
        else:
            runs.append((entry.name, 1))
    return " + ".join(name if n == 1 else f"{n} x {name}" for name, n in runs)


@lru_cache(maxsize=None)
def _hints(cls: type[Any]) -> dict[str, Any]:
    return get_type_hints(cls)


def from_dict(cls: type[T], values: Mapping[str, Any]) -> T:
    """A configuration class of what dataclasses.asdict() made of it."""
    hashable: Any = cls  # mypy does not know that classes are
    hints = _hints(hashable)
    built = {k: from_dict(hints[k], v) if dataclasses.is_dataclass(hints[k]) else v for k, v in values.items()}
    return cls(**built)


@lru_cache(maxsize=None)
def presets() -> dict[str, Core]:
    """Every core type that there is, by name, in listing order."""
    return {values["name"]: from_dict(Core, values) for values in _core.presets()}


def core(name: str, /, **overrides: Any) -> Core:
    """A preset, changed: core("cortex-a520", bbml=2, l2_tlb=Tlb(512, 4), **{"walk_cache.entries": 32}).

    A field is named by any part of its path that ends it and is unique ("bbml", "l2_tlb.entries", "mmu.l2_tlb.entries").
    """
    found = presets().get(name)
    if found is None:
        raise ConfigError(f"cores={name}: no such core{did_you_mean(name, presets())}", "cores")
    for path, value in overrides.items():
        found = set_field(found, path, value)
    return found


def field_paths(cls: type[Any], prefix: str = "") -> dict[str, type[Any]]:
    """Every field of a configuration class, structs included, by dotted path."""
    out: dict[str, type[Any]] = {}
    for name, kind in get_type_hints(cls).items():
        out[prefix + name] = kind
        if dataclasses.is_dataclass(kind):
            out.update(field_paths(kind, f"{prefix}{name}."))
    return out


def resolve_field(path: str) -> str:
    """The full path of a core's field from a path that may leave out its beginning."""
    paths = field_paths(Core)
    for full in (path, f"mmu.{path}", f"features.{path}"):
        if full in paths:
            return full
    matches = [p for p in paths if p.endswith("." + path)]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise ConfigError(f"{path}: ambiguous, one of {', '.join(matches)}", path)
    leaves = {p.rsplit(".", 1)[-1] for p in paths} | {p.split(".", 1)[1] for p in paths if "." in p} | set(paths)
    close = did_you_mean(path, sorted(leaves))
    raise ConfigError(f"{path}: a core has no such field{close}", path)


def set_field(target: Core, path: str, value: Any) -> Core:
    """A copy of the core with one field, named as in core(), changed. Text is converted to the field's type."""
    full = resolve_field(path)
    changed: Core = replace_field(target, full.split("."), convert_value(path, field_paths(Core)[full], value))
    return changed


def convert_value(path: str, kind: type[Any], value: Any) -> Any:
    """The value as a field's type has it; text is read. Raises ConfigError that names the path."""
    converted = _convert(path, kind, value) if isinstance(value, str) else value
    if kind is float and type(converted) is int:
        converted = float(converted)
    if type(converted) is not kind:
        raise ConfigError(f"{path}={value!r}: must be {_KINDS.get(kind, kind.__name__)}", path)
    return converted


_KINDS: dict[type[Any], str] = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}


def _convert(path: str, kind: type[Any], text: str) -> Any:
    if kind is str:
        return text
    if kind is bool:
        known = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
        if text.lower() in known:
            return known[text.lower()]
        raise ConfigError(f"{path}={text}: must be 0 or 1", path)
    try:
        if kind is int:
            return parse_size(text, path) if path.endswith("_bytes") and not text.isdigit() else int(text, 0)
        if kind is float:
            return float(text)
    except ValueError:
        raise ConfigError(f"{path}={text}: must be {_KINDS[kind]}", path) from None
    raise ConfigError(f"{path}={text}: names a group of fields; write {path}.FIELD=VALUE", path)


def replace_field(target: Any, path: list[str], value: Any) -> Any:
    """A copy of a dataclass with one field of it, or of one inside, changed."""
    inner = value if len(path) == 1 else replace_field(getattr(target, path[0]), path[1:], value)
    return dataclasses.replace(target, **{path[0]: inner})


POWERS = tuple(name for name, default in dataclasses.asdict(Nasty()).items() if default is False)


def nasty(cores: Sequence[Core], *powers: str) -> list[Core]:
    """The cores with the nasty TLB, or with these of its powers only (POWERS; "minimal": TLBIs remove just what they
    must). Seeded by the run's seed, and never outside of what the architecture permits."""
    chosen = powers or (*POWERS, "minimal")
    for power in chosen:
        if power not in (*POWERS, "minimal"):
            raise ConfigError(f"tlb={power}: typical, nasty, or some of {', '.join((*POWERS, 'minimal'))}", "tlb")
    out = []
    for entry in cores:
        powers_on = dataclasses.replace(entry.mmu.nasty, **{p: True for p in chosen if p != "minimal"})
        mmu = dataclasses.replace(entry.mmu, nasty=powers_on)
        if "minimal" in chosen:
            mmu = dataclasses.replace(mmu, invalidation="minimal")
        out.append(dataclasses.replace(entry, mmu=mmu))
    return out


def tlb_mode(cores: Sequence[Core], mode: str) -> list[Core]:
    """What `--tlb` means: "typical" (as the presets), "nasty", or powers separated by commas."""
    if mode == "typical":
        return list(cores)
    return nasty(cores) if mode == "nasty" else nasty(cores, *(word.strip().replace("-", "_") for word in mode.split(",")))


def parse_cores(text: str) -> list[Core]:
    """The CLI's grammar: "cortex-x4:bbml=2,cortex-a520:l2_tlb.entries=512:pauth=0*3"."""
    out: list[Core] = []
    for item in text.split(","):
        spec, star, times = item.strip().rpartition("*")
        if not star:
            spec, times = item.strip(), "1"
        if not times.isascii() or not times.strip().isdigit() or not 1 <= int(times) <= 64:
            raise ConfigError(f"cores={item.strip()}: behind '*' goes how many, 1 to 64", "cores")
        name, *settings = spec.split(":")
        built = core(name.strip())
        for setting in settings:
            path, equals, value = setting.partition("=")
            if not equals or not path or not value:
                raise ConfigError(f"cores={spec}: '{setting}' is not FIELD=VALUE", "cores")
            built = set_field(built, path.strip(), value.strip())
        out += [built] * int(times)
    return out
