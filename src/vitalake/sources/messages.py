"""What every source yields: batches of raw messages with their positions, before ingest stamps them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol, TypeAlias

import numpy as np
import pyarrow as pa

from vitalake.bronze.tables import BRONZE_EVENTS

STAMPED_BY_INGEST: Final = ("ingest_time", "ingest_date", "batch")

MESSAGES: Final = pa.schema([c.arrow for c in BRONZE_EVENTS.columns if c.name not in STAMPED_BY_INGEST])
"""Columns of a batch of messages: bronze's, without what ingest adds."""

Position: TypeAlias = tuple[str, int]
"""A source and its partition: what has an offset of its own."""

Offsets: TypeAlias = Mapping[Position, int]


@dataclass(frozen=True)
class Batch:
    """Some messages of a source, in the order of their positions.

    ``messages`` has the schema :data:`MESSAGES`.  ``next_offsets`` gives, for each position that this batch
    moved, the offset from which reading goes on after it.  ``at_end`` tells that with this batch every end
    was reached which the source showed when the read began.
    """

    messages: pa.Table
    next_offsets: dict[Position, int]
    at_end: bool


class Source(Protocol):
    """Where raw messages come from."""

    def read(self, offsets: Offsets, max_rows: int) -> Iterator[Batch]:
        """Yield what lies after ``offsets`` (else from the beginning), at most ``max_rows`` a batch.

        The last batch of a read that does not fail is ``at_end``; where there is nothing new it is the only
        one, and empty.
        """


class Feed(Protocol):
    """A source that is read for ever; after an error the next fetch begins where the last batch ended."""

    def fetch(self, max_rows: int, linger_ms: float = 0) -> Batch:
        """Yield the next messages, at most ``max_rows``; the batch may be empty.

        Where there is nothing new the first message is waited for, at most ``linger_ms``.
        """

    def close(self) -> None:
        """Let go of what it holds."""


class Nothing:
    """A source without messages (implements :class:`Source`): all that there is was brought otherwise."""

    def read(self, offsets: Offsets, max_rows: int) -> Iterator[Batch]:  # noqa: ARG002 - the protocol's
        """Yield that this is the end."""
        yield Batch(MESSAGES.empty_table(), {}, at_end=True)


def plain_messages(sources: pa.Array, offsets: pa.ChunkedArray, payloads: pa.ChunkedArray) -> pa.Table:
    """Yield the messages of a source that knows neither partitions, keys, headers nor times."""
    rows = len(payloads)
    known = {
        "source": sources,
        "partition": pa.array(np.zeros(rows, np.int32)),
        "offset": offsets,
        "payload": payloads,
    }
    return pa.Table.from_arrays(
        [known.get(field.name, pa.nulls(rows, field.type)) for field in MESSAGES], schema=MESSAGES
    )


def next_offset(source: str, offset: int, length: int) -> int:
    """Yield the offset after a message of ``length`` bytes: Kafka counts messages, a file counts bytes.

    In a file what is left of the line's end is a blank line, which is no message.
    """
    return offset + (1 if source.startswith("kafka://") else length)
