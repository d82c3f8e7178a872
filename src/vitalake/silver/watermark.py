"""The lake's watermark: how far event time has come for sure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Watermark:
    """``newest`` is the greatest event time of the lake, no event counting for later than its receipt.

    ``reached`` is the watermark: ``newest`` as it was at the last batch that reached the end of its sources.
    """

    newest: datetime | None = None
    reached: datetime | None = None

    def seen(self, event_time: pa.ChunkedArray, receipt: pa.ChunkedArray, *, at_end: bool) -> Watermark:
        """Yield the watermark after a batch with these observations."""
        newest = self.newest
        if len(event_time):
            times, receipts = (column.cast(pa.int64()).to_numpy() for column in (event_time, receipt))
            greatest = _EPOCH + timedelta(microseconds=int(np.minimum(times, receipts).max()))
            newest = greatest if newest is None else max(newest, greatest)
        return Watermark(newest, newest if at_end else self.reached)

    def time_us(self, grace_us: int) -> int | None:
        """Yield how far time alone has come for every patient: the watermark less the grace."""
        return (
            None if self.reached is None else (self.reached - _EPOCH) // timedelta(microseconds=1) - grace_us
        )


def receipts(source_time: pa.ChunkedArray, ingest_time: pa.ChunkedArray) -> pa.ChunkedArray:
    """Yield when messages were received: by the source where it says so, else by the lake."""
    return pc.coalesce(source_time, ingest_time)
