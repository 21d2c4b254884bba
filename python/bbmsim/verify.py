# SPDX-License-Identifier: Apache-2.0
"""Did the cores read the right data? The host computes what workloads/bare/verify/verify.h defines, from what RAM
held before the run, and holds it against what each core reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .catalog import number
from .config import Board
from .workload import Workload

_CHUNK = 1 << 15  # its arrays stay in a host cache
_U64 = np.uint64


def pattern(pa: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """What unwritten RAM reads as: RamView::pattern() of 8-aligned physical addresses."""
    return (pa * _U64(0x9E37_79B9_7F4A_7C15)) ^ (pa >> _U64(29))


def checksum(begin: int, first: int, units: int, stride: int, zero_fill: bool) -> int:
    """The sum over the units k = first, first + 1, ... of rotl64(contents of begin + k * stride, k & 63), modulo 2^64."""
    if zero_fill:
        return 0
    total = 0
    steps = np.arange(min(_CHUNK, units), dtype=_U64)
    for done in range(0, units, _CHUNK):
        step = steps[: units - done]
        value = pattern(_U64(begin + (first + done) * stride) + step * _U64(stride))
        left = (step + _U64((first + done) & 63)) & _U64(63)
        right = (_U64(64) - left) & _U64(63)
        total += int(np.add.reduce((value << left) | (value >> right), dtype=_U64))
    return total & ((1 << 64) - 1)


def check(
    workload: Workload,
    board: Board,
    guest_results: Sequence[tuple[str, int]],
    host_writes: Sequence[tuple[int, int]] = (),
) -> dict[str, Any] | None:
    """Per core what is expected and what it read; None if the guest did not verify, or if the host itself wrote to
    the verified range (`host_writes`: address, bytes) during the run.
    """
    results = dict(guest_results)
    if workload.kind != "bare" or "verify.begin" not in results:
        return None
    begin, end, stride = results["verify.begin"], results["verify.end"], results["verify.stride"]
    if any(pa < end and pa + size > begin for pa, size in host_writes):
        return None
    cores = min(number(workload.parameters.get("cpus", str(len(board.cores)))), len(board.cores))
    total = (end - begin) // stride
    rows: list[dict[str, Any]] = []
    everything = workload.parameters.get("verify_by") == "every-core"
    whole = checksum(begin, 0, total, stride, board.zero_fill) if everything else 0
    for core in range(cores):
        first, after = (0, total) if everything else (total * core // cores, total * (core + 1) // cores)
        expected = whole if everything else checksum(begin, first, after - first, stride, board.zero_fill)
        actual = results.get(f"checksum.core{core}")
        places = results.get(f"places.core{core}")
        ok = actual == expected and places == after - first
        rows.append({"core": core, "places": after - first, "expected": expected, "actual": actual, "ok": ok})
    return {"ok": all(r["ok"] for r in rows), "range": [begin, end], "stride": stride, "cores": rows}


def explain(verified: dict[str, Any]) -> str:
    """One line for a failed check."""
    wrong = [str(r["core"]) for r in verified["cores"] if not r["ok"]]
    return f"core{'s' * (len(wrong) > 1)} {', '.join(wrong)} read wrong data through the map"
