# SPDX-License-Identifier: Apache-2.0
"""Sweeps: a grid over any field of board, workload and faults, from a TOML file, resumable, on this host or on many."""

from .study import Study
from .sweep import Sweep, load_sweep, sweep

__all__ = ["Study", "Sweep", "load_sweep", "sweep"]
