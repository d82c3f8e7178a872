"""On Spark a patient's events come in Arrow batches, cut anywhere: what is folded is as if they came at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies.histories import as_payloads
from strategies.hypotheses import histories
from strategies.wire import bronze_rows

from vitalake.domain.rules import Rules
from vitalake.engines.spark.arrow import ROWS, fold_up, nullable, unfold
from vitalake.engines.spark.folding import FOLDED, STATE, STORED, TOLD, FoldPatients
from vitalake.silver.parse import parse
from vitalake.silver.refine import Fold

INGESTED: Final = datetime(2027, 1, 1, tzinfo=UTC)
TIME_US: Final = int(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000_000
KINDS: Final = {
    name: nullable(pa.schema([column.arrow for column in columns]))
    for name, columns in {"state": STATE, "told": TOLD, "event": STORED}.items()
}

Rows = dict[str, pa.Table]


def events_of(history: list[dict[str, Any]]) -> pa.Table:
    """Yield the events as they go into the fold, no key twice, by time."""
    parsed = parse(bronze_rows(as_payloads(history), INGESTED)).observations
    keys = zip(*(parsed[name].to_pylist() for name in ("patient_id", "event_time", "event_id")), strict=True)
    events = Fold(Rules()).type_alarms(parsed.take(sorted({key: n for n, key in enumerate(keys)}.values())))
    columns = [
        events[field.name] if field.name in events.column_names else pa.nulls(len(events), field.type)
        for field in KINDS["event"]
    ]
    return pa.Table.from_arrays(columns, schema=KINDS["event"]).sort_by("event_time")


def gathered(events: pa.Table, before: Rows | None) -> pa.Table:
    """Yield what goes into the fold, as Spark sorts it: each patient's newest state, what was told, his events."""
    rows = {name: schema.empty_table() for name, schema in KINDS.items()} | {"event": events}
    if before is not None:
        hours = before["hour"].sort_by("hour")
        newest = {name: n for n, name in enumerate(hours["patient_id"].to_pylist())}
        latest = {name: n for n, name in enumerate(before["change"]["alert_id"].to_pylist())}
        rows["state"] = hours.take(pa.array(newest.values(), pa.int64())).select(KINDS["state"].names)
        rows["told"] = (
            before["change"].take(pa.array(latest.values(), pa.int64())).select(KINDS["told"].names)
        )
    patients = [name for each in rows.values() for name in each["patient_id"].to_pylist()]
    table = pa.Table.from_batches([fold_up(rows)]).append_column("patient_id", [patients])
    return table.take(
        np.argsort(np.unique(np.array([*patients, ""]), return_inverse=True)[1][:-1], kind="stable")
    )


def folded(table: pa.Table, batch: int, rows: int, size: int) -> Rows:
    """Yield what a partition folds to that comes in Arrow batches of ``size`` rows, as it is written."""
    fold = FoldPatients(Rules().to_json(), batch, TIME_US, rows)
    tables = [
        pa.Table.from_batches([out]) for out in fold(table.combine_chunks().to_batches(max_chunksize=size))
    ]
    order = {"observation": ("event_time", "event_id"), "hour": ("hour",), "change": ("seq",)}
    return {
        name: pa.concat_tables(
            [nullable(kind.schema).empty_table(), *(unfold(each, name, kind.schema) for each in tables)]
        ).sort_by([(column, "ascending") for column in ("patient_id", *order[name])])
        for name, kind in FOLDED.items()
    }


@settings(max_examples=20)
@given(
    history=histories(patients=2, events=30),
    earlier=st.integers(0, 30),
    rows=st.sampled_from([1, 2, 3, 7]),
    size=st.sampled_from([1, 2, 5]),
)
def test_a_patient_who_is_cut_is_folded_as_one_who_is_not(
    history: list[dict[str, Any]], earlier: int, rows: int, size: int
) -> None:
    events = events_of(history)
    before = folded(gathered(events.slice(0, earlier), None), 1, ROWS, ROWS) if earlier else None
    table = gathered(events.slice(earlier), before)
    whole, cut = folded(table, 2, ROWS, ROWS), folded(table, 2, rows, size)
    for name, expected in whole.items():
        kept = [column for column in expected.column_names if column != "seq"]  # counts a table's changes
        assert cut[name].select(kept).equals(expected.select(kept)), name
