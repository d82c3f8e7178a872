"""Reading ahead: the next batch comes in while the caller works on this one."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from vitalake.sources.messages import Batch


def read_ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Yield the batches in order; one more than the caller has asked for is read by a thread."""
    with ThreadPoolExecutor(1, "read-ahead") as thread:
        following = thread.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = thread.submit(next, batches, None)
            yield batch
