# SPDX-License-Identifier: Apache-2.0
"""Kinds of hazard, and what each says."""

#: no hazard, but an effect that explorations list: taken where the architecture permits it
CONFLICT_ABORT = "conflict-abort"

HAZARDS = {
    "stale": "an access was answered by a stale translation",
    "conflict": "an access met conflicting translations",
    "lost-update": "a store undid what hardware had set in a descriptor",
}
