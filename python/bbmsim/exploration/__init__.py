# SPDX-License-Identifier: Apache-2.0
"""A workload under many schedules and TLB powers: bs.explore()."""

from .coverage import Coverage
from .exploration import Exploration, Found
from .plan import RunSpec
from .search import Progress, explore

__all__ = ["Coverage", "Exploration", "Found", "Progress", "RunSpec", "explore"]
