# SPDX-License-Identifier: Apache-2.0
"""bbmsim: a cycle-approximate AArch64 MMU and TLB simulator that finds break-before-make violations.

    import bbmsim as bs

    board = bs.Board(cores=[bs.core("cortex-x4"), *3 * [bs.core("cortex-a720")]], memory="4GiB")
    sim = bs.Simulation(board, bs.bare("repaint", strategy="rfc-range"), seed=7)
    result = sim.run()
    print(result.outcome, result.violations, result.phases["repaint"].total_cycles)
"""

import os as _os

if _os.environ.get("BBMSIM_CORE"):  # the extension of another build than release: <build>/python_ext
    __path__.insert(0, _os.environ["BBMSIM_CORE"])

from ._core import version as __version__
from .comparison import Comparison, compare
from .config import (
    Board,
    Cache,
    Core,
    Disk,
    Features,
    Interconnect,
    Maintenance,
    Mmu,
    Nasty,
    Schedule,
    Shared,
    Timing,
    Tlb,
    core,
    nasty,
    parse_cores,
    presets,
)
from .errors import BbmsimError, ConfigError, InternalError
from .events import (
    ConflictEvent,
    ConsoleLine,
    ExceptionEvent,
    InjectedEvent,
    PhaseBegin,
    PhaseEnd,
    Progress,
    TlbiEvent,
)
from .exploration import Exploration, explore
from .findings import Hazard, Holder, Note, Violation
from .inject import (
    CpuOnFailure,
    DelayedSev,
    DescriptorFlip,
    Injection,
    LateTlbi,
    LostTlbi,
    SpuriousWake,
    StaleEntry,
    Stall,
    Symbol,
    TlbConflict,
    TlbFlip,
    WalkAbort,
    WalkFault,
    symbol,
)
from .inspection import CoreView, Memory, Registers, TlbEntry, TlbView, Walk
from .linux.workload import LinuxWorkload, linux
from .maps import BlockRun, Census, MapRow, TakenMap
from .poke import Poke
from .profile import FunctionFigures, Profile, Sample
from .result import Phase, PhaseCore, Result
from .simulation import Simulation, resume
from .sweeps import Study, Sweep, load_sweep, sweep
from .traces import TraceResult, check_trace
from .workload import Workload, bare, elf, image

__all__ = [
    "BbmsimError",
    "BlockRun",
    "Board",
    "Cache",
    "Census",
    "Comparison",
    "ConfigError",
    "ConflictEvent",
    "ConsoleLine",
    "Core",
    "CoreView",
    "CpuOnFailure",
    "DelayedSev",
    "DescriptorFlip",
    "Disk",
    "ExceptionEvent",
    "Exploration",
    "Features",
    "FunctionFigures",
    "Hazard",
    "Holder",
    "InjectedEvent",
    "Injection",
    "Interconnect",
    "InternalError",
    "LateTlbi",
    "LinuxWorkload",
    "LostTlbi",
    "Maintenance",
    "MapRow",
    "Memory",
    "Mmu",
    "Nasty",
    "Note",
    "Phase",
    "PhaseBegin",
    "PhaseCore",
    "PhaseEnd",
    "Poke",
    "Profile",
    "Progress",
    "Registers",
    "Result",
    "Sample",
    "Schedule",
    "Shared",
    "Simulation",
    "SpuriousWake",
    "StaleEntry",
    "Stall",
    "Study",
    "Sweep",
    "Symbol",
    "TakenMap",
    "Timing",
    "Tlb",
    "TlbConflict",
    "TlbEntry",
    "TlbFlip",
    "TlbView",
    "TlbiEvent",
    "TraceResult",
    "Violation",
    "Walk",
    "WalkAbort",
    "WalkFault",
    "Workload",
    "__version__",
    "bare",
    "check_trace",
    "compare",
    "core",
    "elf",
    "explore",
    "image",
    "linux",
    "load_sweep",
    "nasty",
    "parse_cores",
    "presets",
    "resume",
    "sweep",
    "symbol",
]
