# SPDX-License-Identifier: Apache-2.0
"""python3 -m bbmsim: the command line."""

import sys

from .cli import main

sys.exit(main())
