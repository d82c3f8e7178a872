"""The rows of Gold that a curate computes: each table's touched keys, whole, over sources and the tables before it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from vitalake.engines.engine import Engine
from vitalake.gold.definitions import GoldTable, Scope, gold_tables, mentions
from vitalake.stages.gold_sources import SNAPSHOT, GoldSources, count_rows

_KEYS: Final[dict[Scope, tuple[str, ...]]] = {
    "patient_hour": ("patient_id", "hour", "event_date"),
    "patient": ("patient_id",),
    "patient_day": ("patient_id", "day"),
    "hour": ("hour", "event_date"),
    "day": ("day",),
}
"""The columns of the touched keys of each scope."""


class GoldRows:
    """What one curate makes of Gold: computed into views, then merged by ``merge``."""

    def __init__(self, engine: Engine, sources: GoldSources, *, batch: int, started: datetime) -> None:
        self._engine = engine
        self._sources = sources
        self._batch = batch
        started_us = int(started.timestamp()) * 1_000_000 + started.microsecond
        self._stamps = f"timestamp_micros({started_us}) as updated_at, cast({batch} as bigint) as batch"

    def compute(self) -> dict[str, int]:
        """Compute all tables; yield how many rows each.

        After that the views named as the tables have the computed rows alone: what the gate judges.
        """
        for gold in gold_tables():
            self._compute(gold)
        for gold in gold_tables():
            self._engine.view(gold.name, f"select {', '.join(gold.table.names)} from {gold.name}_rows")
        return count_rows(self._engine, [gold.name for gold in gold_tables()])

    def _compute(self, gold: GoldTable) -> None:
        """Materialise the table's touched rows."""
        self._sources.open(gold.sql, gold.scope)
        select = gold.select
        if not self._sources.whole:
            select = f"select computed.* from ({select}) as computed semi join {_touched('computed', gold)}"
        self._engine.materialise(
            f"{gold.name}_rows", f"select stamped.*, {self._stamps} from ({select}) as stamped"
        )
        if any(mentions(later.sql, gold.name) for later in gold_tables()):
            self._register_as_merged(gold)

    def _register_as_merged(self, gold: GoldTable) -> None:
        """Register the table as the merge would leave it, as far as later tables read it."""
        names = ", ".join(gold.table.names)
        merged = f"select {names} from {gold.name}_rows"
        if not self._sources.whole:
            self._engine.open(gold.table, self._sources.bounds.of_gold(gold.table))
            kept = f"select stored.* from {gold.name} as stored anti join {_touched('stored', gold)}"
            self._engine.materialise(f"{gold.name}_kept", kept)
            merged = f"select {names} from {gold.name}_kept union all {merged}"
        self._engine.view(gold.name, merged)

    def merge(self) -> None:
        """Write what was computed, the risk snapshot last."""
        for gold in sorted(gold_tables(), key=lambda each: each.table == SNAPSHOT):
            if self._sources.whole:
                self._engine.overwrite(gold.table, f"{gold.name}_rows", self._batch)
            else:
                self._engine.replace(gold.table, f"{gold.name}_rows", f"touched_{gold.scope}", self._batch)


def _touched(side: str, gold: GoldTable) -> str:
    """Yield the touched keys of a table's scope, and the condition that a row has one of them."""
    on = " and ".join(f"{side}.{key} = touched.{key}" for key in _KEYS[gold.scope])
    return f"touched_{gold.scope} as touched on {on}"
