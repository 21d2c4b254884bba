# SPDX-License-Identifier: Apache-2.0
"""Litmus tests in herd7's AArch64 format with page-table variables, run under exploration: docs/manual/litmus.md."""

from __future__ import annotations

from .explore import Exploration, explore
from .output import finding_lines, herd_lines, to_dict
from .test import LitmusTest, load_litmus

__all__ = ["Exploration", "LitmusTest", "explore", "finding_lines", "herd_lines", "load_litmus", "to_dict"]
