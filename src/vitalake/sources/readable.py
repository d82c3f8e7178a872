"""A source whose mistakes wait until what could be read of it is done."""

from __future__ import annotations

from collections.abc import Iterator

from vitalake.errors import UserError
from vitalake.sources.messages import Batch, Offsets, Source


class Readable:
    """What can be read of a source; ``error`` tells what can't."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.error: UserError | None = None

    def read(self, offsets: Offsets, max_rows: int) -> Iterator[Batch]:
        """Yield the source's batches, up to its mistake."""
        try:
            yield from self._source.read(offsets, max_rows)
        except UserError as error:
            self.error = error
