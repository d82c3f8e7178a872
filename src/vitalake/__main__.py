"""``python -m vitalake`` is the command ``vitalake``."""

from __future__ import annotations

import sys

from vitalake.cli import main

if __name__ == "__main__":
    sys.exit(main())
