"""What a curate reads: the configuration, and of Silver the rows that its touched keys need, or all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pyarrow as pa

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.domain.policy_file import preset, read_policy
from vitalake.domain.rules import Rules
from vitalake.engines.engine import Engine
from vitalake.gold.bounds import BOUNDS, HOURS, SOURCES, Bounds
from vitalake.gold.changed import CHANGED
from vitalake.gold.definitions import Scope, Shared, gold_table, mentions, shared_results
from vitalake.gold.inputs import inputs
from vitalake.gold.touched import TOUCHED, TOUCHED_PATIENT, recent_days, recent_us
from vitalake.silver.tables import (
    SILVER_ALERT_CHANGES,
    SILVER_ALERTS,
    SILVER_DUPLICATES,
    SILVER_HELD_TIME,
    SILVER_OBSERVATIONS,
    SILVER_PRESENCE,
    SILVER_QUARANTINE,
)
from vitalake.stages.lake import read_info

SNAPSHOT: Final = gold_table("gold_patient_risk_snapshot").table
_CONSERVED: Final = (BRONZE_EVENTS, SILVER_OBSERVATIONS, SILVER_QUARANTINE, SILVER_DUPLICATES)
_CHANGED: Final = {
    SILVER_OBSERVATIONS: "updated_batch > {last}",
    SILVER_PRESENCE: "updated_batch > {last}",
    SILVER_HELD_TIME: "updated_batch > {last}",
    SILVER_DUPLICATES: "batch > {last}",
    SILVER_QUARANTINE: "batch > {last}",
    SILVER_ALERT_CHANGES: "true",
    SILVER_ALERTS: "true",
    SNAPSHOT: "true",
}
"""Where changes are looked for."""


class GoldSources:
    """What Gold's SQL runs over, registered by name, since the batch ``last`` (0: all of Silver)."""

    def __init__(self, engine: Engine, *, last: int) -> None:
        self._engine = engine
        self._last = last
        self.whole = last == 0
        self.bounds = Bounds()
        self._opened: dict[str, str] = {}
        self._computed: dict[str, dict[str, str]] = {}

    def register(self, batch: int) -> int:
        """Register the inputs, count the new rows, find the touched keys; yield how many messages are new."""
        info = read_info(self._engine)
        rules = info.parsed_rules if info else Rules()
        policy = preset() if rules.policy is None else read_policy(rules.policy)
        for name, rows in inputs(rules, policy).items():
            self._engine.register(name, rows)
        messages = self._count_new_rows(batch)
        if not self.whole:
            self._find_touched(rules)
        return messages

    def _count_new_rows(self, batch: int) -> int:
        """Register how many rows the batches brought to each table; yield how many messages they were."""
        for table in _CONSERVED:
            self._engine.open(table, f"batch > {self._last} and batch <= {batch}")
        counts = count_rows(self._engine, [table.name for table in _CONSERVED])
        self._engine.register(
            "new_rows", pa.table({"table_name": list(counts), "row_count": [*counts.values()]})
        )
        return counts[BRONZE_EVENTS.name]

    def _find_touched(self, rules: Rules) -> None:
        """Materialise the touched keys of every scope."""
        for table, where in _CHANGED.items():
            self._engine.open(table, where.format(last=self._last))
        for name, select in (*CHANGED, *TOUCHED, ("recent_days", recent_days(rules))):
            self._engine.materialise(name, select.replace("{last}", str(self._last)))
        self._engine.view("touched_patient", TOUCHED_PATIENT)
        (bounds,) = self._engine.rows(BOUNDS.format(recent_us=recent_us(rules))).to_pylist()
        hours = self._engine.rows(HOURS)["hour_us"].to_pylist()
        self.bounds = Bounds(**bounds, hours_us=tuple(hours))

    def open(self, sql: str, scope: Scope) -> None:
        """Register the sources that a Gold table's SELECT names, restricted to what its scope reads."""
        self._restrict(sql, scope)
        for shared in shared_results():
            if mentions(sql, shared.name):
                self._compute(shared, self._restrict(shared.sql, scope))

    def _restrict(self, sql: str, scope: Scope) -> dict[str, str]:
        """Open Silver's tables that a SELECT names; yield the condition on each."""
        named = [table for table in SOURCES if mentions(sql, table.name)]
        wheres = {each.name: "true" if self.whole else self.bounds.of_source(each, scope) for each in named}
        for table in named:
            if self._opened.get(table.name) != wheres[table.name]:
                self._engine.open(table, wheres[table.name])
        self._opened |= wheres
        return wheres

    def _compute(self, shared: Shared, over: dict[str, str]) -> None:
        """Materialise what is shared, unless it is there over the same rows."""
        if self._computed.get(shared.name) != over:
            self._engine.materialise(shared.name, shared.sql)
            self._computed[shared.name] = over


def count_rows(engine: Engine, names: Sequence[str]) -> dict[str, int]:
    """Yield how many rows each of some views has."""
    counts = (f"select '{name}' as name, count(*) as n from {name}" for name in names)
    found = {row["name"]: int(row["n"]) for row in engine.rows(" union all ".join(counts)).to_pylist()}
    return {name: found[name] for name in names}
