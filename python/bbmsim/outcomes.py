# SPDX-License-Identifier: Apache-2.0
"""What a run may end with."""

#: in the words of the record, and what that means
OUTCOMES = {
    "poweroff": "the guest powered the board off",
    "reset": "the guest asked for a reset",
    "stopped": "stopped by the caller",
    "timeout": "the limit of simulated time ran out",
    "deadlock": "every core waits and nothing can wake one",
    "abort-loop": "a core takes exceptions without retiring an instruction",
    "guest-failed": "the guest reported a failure",
    "panic": "the kernel panicked",
    "wrong-data": "a core read wrong data through its translations",
    "internal-error": "the simulator failed",
}
