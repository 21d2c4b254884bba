# SPDX-License-Identifier: Apache-2.0
"""arm64 Linux kernels: their file formats, their symbols, where a distribution keeps them, how they are started."""
