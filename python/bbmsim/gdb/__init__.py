# SPDX-License-Identifier: Apache-2.0
"""A server of GDB's remote serial protocol (manual of GDB, appendix E): one thread per core, all-stop."""
