# SPDX-License-Identifier: Apache-2.0
"""What a bare-metal workload can't do on a board, said before anything runs: the guest would find out too, but late."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from . import catalog
from .config import Board, Core
from .errors import ConfigError

_LEAST_FOOTPRINT, _MOST_PASSES = 64 << 10, 1_000_000  # of workloads/bare/measure/chase.c
MOST_CORES = 64  #: MAX_CPUS of workloads/bare/lib/types.h
_GRANULES: Mapping[str, Callable[[Core], bool]] = {
    "4k": lambda core: core.mmu.granule_4k,
    "16k": lambda core: core.mmu.granule_16k,
    "64k": lambda core: core.mmu.granule_64k,
}
_OF_THE_RENDEZVOUS = ("no-rendezvous", "secondaries-in-map", "release-before-split")
_TLBI: Mapping[str, tuple[str, Callable[[Core], bool]]] = {
    "range": ("FEAT_TLBIRANGE", lambda core: core.mmu.tlbirange),
    "level": ("FEAT_TTL", lambda core: core.features.ttl),
}


def check(name: str, parameters: Mapping[str, str], board: Board) -> None:
    """Raises ConfigError that names the parameter, the core that can't, and what is possible on this board."""
    used = catalog.number(parameters["cpus"]) if "cpus" in parameters else len(board.cores)
    if used == 0:
        raise ConfigError(f"cpus={parameters['cpus']}: 1 or more", "cpus")
    cores = list(board.cores)[:used]
    if len(cores) > MOST_CORES:
        raise ConfigError(f"cores: {len(cores)} of them; {name} knows at most {MOST_CORES} (cpus={MOST_CORES} uses the first {MOST_CORES})", "cores")
    if name == "handover" and len(cores) < 2:
        raise ConfigError("cores: 1 of them; handover needs two", "cores")
    _check_strategy(parameters)
    _check_measuring(parameters, board)
    stride = catalog.number(parameters.get("verify_stride", "512"))
    if not _is_stride(stride):
        raise ConfigError(f"verify_stride={parameters['verify_stride']}: a power of two from 8 to 4096, or a multiple of 4096", "verify_stride")
    if name.startswith(("rules/", "bugs/")) and "granule" not in parameters:
        return  # the program's own granule, which its page names
    _check("granule", parameters.get("granule", "4k"), cores, {k: (f"{k.upper()} granule", has) for k, has in _GRANULES.items()}, ())
    _check("tlbi", parameters.get("tlbi", "auto"), cores, _TLBI, ("auto", "page", "all"))


def _check_strategy(parameters: Mapping[str, str]) -> None:
    """Options that mean nothing to the strategy."""
    strategies = catalog.load().strategies
    strategy = strategies.get(parameters.get("strategy", ""))
    if strategy is None:
        return
    sabotage = parameters.get("sabotage", "none")
    key = "secondaries" if parameters.get("secondaries", "parked") != "parked" else "sabotage"
    if not strategy.parks and (key == "secondaries" or sabotage in _OF_THE_RENDEZVOUS):
        parking = ", ".join(s.name for s in strategies.values() if s.parks and s.name != "page-from-boot")
        raise ConfigError(f"{key}={parameters[key]}: strategy={strategy.name} parks nobody; possible with {parking}", key)
    if not strategy.flushes and sabotage not in ("none", *_OF_THE_RENDEZVOUS):
        flushing = ", ".join(s.name for s in strategies.values() if s.flushes and s.name != "page-from-boot")
        raise ConfigError(f"sabotage={sabotage}: strategy={strategy.name} has not the flush that it leaves out; possible with {flushing}", "sabotage")


def _check_measuring(parameters: Mapping[str, str], board: Board) -> None:
    """What after= goes over, and how often."""
    after = parameters.get("after", "none")
    for key, of in (("footprint", ("chase", "stream", "both")), ("passes", ("chase", "both"))):
        if key in parameters and after not in of:
            raise ConfigError(f"{key}={parameters[key]}: only with after={'|'.join(of)}", key)
    if "passes" in parameters and not 1 <= catalog.number(parameters["passes"]) <= _MOST_PASSES:
        raise ConfigError(f"passes={parameters['passes']}: from 1 to {_MOST_PASSES}", "passes")
    if "footprint" in parameters:
        size = catalog.number(parameters["footprint"])
        if size < _LEAST_FOOTPRINT or not _is_power(size):
            raise ConfigError(f"footprint={parameters['footprint']}: a power of two, 64K or more", "footprint")
        if size > board.memory_bytes:
            raise ConfigError(f"footprint={parameters['footprint']}: larger than the memory", "footprint")


def _is_power(n: int) -> bool:
    return n > 0 and n & (n - 1) == 0


def _is_stride(n: int) -> bool:
    return (8 <= n <= 4096 and _is_power(n)) or (n > 0 and n % 4096 == 0)


def _check(
    key: str, value: str, cores: list[Core], needs: Mapping[str, tuple[str, Callable[[Core], bool]]], others: tuple[str, ...]
) -> None:
    """As an operating system does it: used only if every core has it."""
    if value not in needs:
        return
    what, has = needs[value]
    lacking = next((i for i, core in enumerate(cores) if not has(core)), None)
    if lacking is None:
        return
    good = [*others, *(v for v, (_, known) in needs.items() if all(map(known, cores)))]
    possible = f"possible with these cores: {', '.join(good)}" if good else "these cores have none in common"
    raise ConfigError(f"{key}={value}: core {lacking} ({cores[lacking].name}) has no {what}; {possible}", key)
