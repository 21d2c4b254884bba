#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Host time and memory of a repaint, by strategy and size, each in a process of its own, one after another.

    scripts/build && /usr/bin/python3 bench/scale.py --memory 64GiB,1TiB --csv scale.csv
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "python"))

import bbmsim as bs
from bbmsim import catalog
from bbmsim.config import parse_cores

MIB = 1 << 20
COLUMNS = ("strategy", "memory", "cores", "verify", "detail", "outcome", "cpu_s", "wall_s", "paint_cpu_s", "repaint_cpu_s", "verify_cpu_s", "check_s", "repaint_ms", "peak_mib", "guest_mib", "instructions", "load")


def once(strategy: str, memory: str, cores: str, verify: str, detail: str) -> dict[str, object]:
    result = bs.Simulation(bs.Board(cores=parse_cores(cores), memory=memory, detail=detail), bs.bare("repaint", strategy=strategy, verify=verify)).run()
    host = result.record["host"]
    phases = {f"{name}_cpu_s": round(host["phases"].get(name, {}).get("cpu_s", 0.0), 1) for name in ("paint", "repaint", "verify")}
    return {
        "outcome": result.outcome, "cpu_s": round(host["cpu_s"], 1), "wall_s": round(host["wall_s"], 1), **phases, "check_s": round(host["check_s"], 1),
        "repaint_ms": round(result.phases["repaint"].duration_ps / 1e9, 3) if "repaint" in result.phases else 0.0,
        "peak_mib": host["peak_rss_bytes"] // MIB, "guest_mib": host["guest_ram_bytes"] // MIB,
        "instructions": sum(c["instructions"] for c in result.record["cores"]), "load": round(os.getloadavg()[0], 1),
    }  # fmt: skip


@click.command()
@click.option("--memory", default="64GiB", show_default=True, metavar="LIST")
@click.option("--strategies", default=",".join(catalog.load().strategies), metavar="LIST", help="Default: all.")
@click.option("--cores", default="neoverse-v3,neoverse-n1*3", show_default=True, help="With 48-bit physical addresses for 1 TiB; lazy needs all at level 2 and gets so many of the first.")
@click.option("--verify", default="none", show_default=True)
@click.option("--detail", default="typical", show_default=True)
@click.option("--csv", "path", type=click.Path(), metavar="FILE")
@click.option("--once", "one", is_flag=True, hidden=True)
def main(memory: str, strategies: str, cores: str, verify: str, detail: str, path: str | None, one: bool) -> None:
    if one:
        print(json.dumps(once(strategies, memory, cores, verify, detail)))
        return
    rows = []
    for size in memory.split(","):
        for strategy in strategies.split(","):
            mix = f"{cores.split(',')[0]}*{len(parse_cores(cores))}" if strategy == "lazy" else cores
            command = [sys.executable, __file__, "--once", "--memory", size, "--strategies", strategy, "--cores", mix, "--verify", verify, "--detail", detail]
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            row = {"strategy": strategy, "memory": size, "cores": mix, "verify": verify, "detail": detail, **found}
            rows.append(row)
            print(" ".join(f"{key}={row[key]}" for key in COLUMNS), flush=True)
            if path is not None:
                with open(path, "w", newline="") as file:
                    writer = csv.DictWriter(file, COLUMNS)
                    writer.writeheader()
                    writer.writerows(rows)


if __name__ == "__main__":
    main()
