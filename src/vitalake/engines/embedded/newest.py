"""Rows of observations that are made again and again, of which the last one of each event holds."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

_FEW: Final = 100_000
"""So many rows may be superseded ones."""


class Newest:
    """Observations by event (source, partition, offset): superseded ones are dropped before they are many."""

    def __init__(self) -> None:
        self._tables: list[pa.Table] = []
        self._rows = 0
        self._tidy_at = _FEW

    def __len__(self) -> int:
        """How many rows are in memory."""
        return self._rows

    def add(self, rows: pa.Table) -> None:
        """Take rows, which supersede earlier ones of the same events."""
        self._tables.append(rows)
        self._rows += rows.num_rows
        if self._rows > self._tidy_at:
            self._tidy()

    def take(self) -> pa.Table | None:
        """Yield the rows that hold, one an event, and keep them no longer; None where there are none."""
        self._tidy()
        taken = self._tables[0] if self._rows else None
        self._tables, self._rows, self._tidy_at = [], 0, _FEW
        return taken

    def _tidy(self) -> None:
        if not self._rows:
            return
        joined = pa.concat_tables(self._tables).combine_chunks()
        source = pc.dictionary_encode(joined["source"].combine_chunks()).indices.to_numpy()
        keys = (joined["offset"].to_numpy(), joined["partition"].to_numpy(), source)
        order = np.lexsort(keys)
        last = np.append(np.any([key[order[1:]] != key[order[:-1]] for key in keys], axis=0), True)
        kept = joined if last.all() else joined.take(pa.array(order[last]))
        self._tables, self._rows, self._tidy_at = [kept], kept.num_rows, 2 * kept.num_rows + _FEW
