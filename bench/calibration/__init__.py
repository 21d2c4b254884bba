# SPDX-License-Identifier: Apache-2.0
"""Figures that others have measured on hardware, beside the same in simulation: what scripts/calibrate runs."""
