"""Work that libraries do outside Python's lock, on all cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

CORES: Final = os.cpu_count() or 1


def map_threads(make: Callable[[Item], Made], items: Sequence[Item]) -> list[Made]:
    """Yield ``make`` of each item, in order."""
    workers = min(len(items), CORES)
    if workers <= 1:
        return [make(item) for item in items]
    with ThreadPoolExecutor(workers) as threads:
        return list(threads.map(make, items))
