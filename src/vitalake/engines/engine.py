"""What an engine can do: the stages speak to this protocol, the two engines implement it.

SQL given to an engine is the portable subset that DuckDB and Spark read alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from vitalake.domain.rules import Rules
from vitalake.domain.tables import Table
from vitalake.silver.watermark import Watermark


class Engine(Protocol):
    """One lake on one engine."""

    name: str

    def exists(self, table: Table) -> bool:
        """Tell whether the table is in the lake."""

    def lock(self, stage: str) -> AbstractContextManager[object]:
        """Hold a stage of the lake: one writer a stage. Raises LakeBusy where another process has it."""

    def require_room(self) -> None:
        """Raise a UserError where a new lake has no room: its folder holds other things."""

    def create(self, table: Table, properties: Mapping[str, str]) -> None:
        """Create the empty table with Delta properties, unless it is there."""

    def properties(self, table: Table) -> Mapping[str, str]:
        """Yield the table's Delta properties; none where there is no table."""

    def set_properties(self, table: Table, properties: Mapping[str, str]) -> None:
        """Set Delta properties of a table."""

    def beside(self, name: str) -> Engine:
        """Yield a second lake that belongs to this one: its own tables, the same Bronze."""

    def discard(self) -> None:
        """Delete the lake; only of one that is beside another."""

    def read(self, table: Table) -> pa.Table:
        """Yield all rows of a table."""

    def committed(self, table: Table) -> int:
        """Yield the last batch that was appended to the table, 0 for none."""

    def refiner(self, rules: Rules, *, watermark: Watermark, settled: int) -> Refiner:
        """Start refining from the states settled up to a batch."""

    def open(self, table: Table, where: str = "true") -> None:
        """Register the temporary view ``table.name`` over its rows that satisfy ``where`` (empty if there is none)."""

    def pinned(self, versions: Mapping[str, int], batch: int) -> AbstractContextManager[object]:
        """Let ``open`` and ``version`` show the tables named as of a version while the block runs, whoever writes on.

        Of those that have a column ``batch``, only rows of batches up to ``batch``.
        """

    def view(self, name: str, select: str) -> None:
        """Register a temporary view."""

    def materialise(self, name: str, select: str) -> None:
        """Compute ``select`` once and register its rows as the temporary view ``name``."""

    def register(self, name: str, rows: pa.Table) -> None:
        """Register rows in memory as the temporary view ``name``."""

    def rows(self, select: str) -> pa.Table:
        """Yield what ``select`` returns."""

    def append(self, table: Table, rows: pa.Table, batch: int) -> None:
        """Append rows in one commit, once a batch (a repeated batch is skipped)."""

    def log(self, table: Table, rows: pa.Table) -> None:
        """Append rows in one commit, every time: a history, which no repetition may thin."""

    def replace(self, table: Table, rows: str, touched: str, batch: int) -> None:
        """Delete the rows of ``table`` whose columns equal a row of the view ``touched`` and insert the view ``rows``.

        ``touched`` has some or all of the table's key columns. One commit, written only where something differs.
        """

    def overwrite(self, table: Table, rows: str, batch: int) -> None:
        """Replace the whole table by the view ``rows`` in one commit."""

    def version(self, table: Table) -> int | None:
        """Yield the table's Delta version, None if there is no such table."""


@dataclass(frozen=True)
class Counts:
    """How many messages a batch had and where they went: the first is the sum of the next three."""

    messages: int
    observations: int
    quarantined: int
    duplicates: int
    changes: int = 0


class Refiner(Protocol):
    """What an engine does for the refine stage."""

    watermark: Watermark

    def listen(self, heard: Callable[[pa.Table], None]) -> None:
        """Hand rows of silver_alert_changes to ``heard`` as soon as they are committed, from now on.

        An engine that has them nowhere at hand hands over none: they are read from the lake.
        """

    def expect(self, messages: pa.Table) -> None:
        """Hear which messages are refined next: work on nothing but them may begin, beside their commit to Bronze."""

    def refine(self, batch: int, messages: pa.Table | None, *, at_end: bool) -> Counts:
        """Turn the messages of one bronze batch (None: read them from Bronze) into rows of Silver."""

    def catch_up(self, batch: int) -> None:
        """Tell what changed by events a little out of order, where that is quick; the rest waits for settling."""

    def told(self) -> int:
        """Yield how many alert changes were told beside batches, since it was last asked or a batch was counted."""

    def settling(self, batch: int) -> Callable[[], Mapping[str, int]]:
        """Do what must come between two batches (repairs, what is due); yield the rest of settling.

        The rest brings states, windows and alerts up to the observations, and yields the versions of Silver's tables
        that then belong together.  Another process may be sent it and call it, while further batches are refined.
        """
