"""What Spark's Python workers get: Arrow batches, cut anywhere. Whole patients of them, structs to rows and back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

ROWS: Final = 50_000
"""So many rows are worth a call of the kernels."""


def whole_patients(batches: Iterable[pa.RecordBatch], rows: int = ROWS) -> Iterator[pa.Table]:
    """Yield tables of at least ``rows`` rows (the last may be smaller), none of which cuts a patient."""
    for table, _ in pieces(batches, lambda _: 0, rows):
        yield table


def pieces(
    batches: Iterable[pa.RecordBatch], cut: Callable[[pa.Table], int], rows: int = ROWS
) -> Iterator[tuple[pa.Table, bool]]:
    """Yield tables of at least ``rows`` rows (the last may be smaller), and whether the last patient goes on.

    The batches of a partition come sorted by ``patient_id``; Spark cuts them at 10,000 rows.  A patient that fills a
    table alone goes on in the next, from the row where ``cut`` says that he can be cut (0: not yet).
    """
    waiting: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        waiting.append(batch)
        count += batch.num_rows
        if count < rows:
            continue
        table = pa.Table.from_batches(waiting)
        last = _last_patient(table)
        end = last or cut(table)
        if end:
            yield table.slice(0, end), not last
        waiting, count = table.slice(end).to_batches(), table.num_rows - end
    if count:
        yield pa.Table.from_batches(waiting), False


def _last_patient(table: pa.Table) -> int:
    """Yield the row at which the last patient begins."""
    last = table["patient_id"][table.num_rows - 1]
    return int(pc.index(table["patient_id"], last).as_py())


def unfold(table: pa.Table, name: str, schema: pa.Schema) -> pa.Table:
    """Yield the structs of a column as rows, those that are null left out; ``schema`` names their fields."""
    structs: Any = table[name].combine_chunks()
    structs = structs.filter(structs.is_valid())
    columns = dict(zip((field.name for field in structs.type), structs.flatten(), strict=True))
    return pa.Table.from_arrays(
        [columns[field.name].cast(field.type) for field in schema], schema=nullable(schema)
    )


def fold_up(rows: dict[str, pa.Table]) -> pa.RecordBatch:
    """Yield rows of several kinds as one batch: a column of structs a kind, null in the rows of the others."""
    total = sum(table.num_rows for table in rows.values())
    columns, first = {}, 0
    for name, table in rows.items():
        structs = table.cast(nullable(table.schema)).to_struct_array()
        before = pa.nulls(first, structs.type)
        after = pa.nulls(total - first - table.num_rows, structs.type)
        columns[name] = pa.concat_arrays([before, *structs.chunks, after])
        first += table.num_rows
    return pa.RecordBatch.from_pydict(columns)


def nullable(schema: pa.Schema) -> pa.Schema:
    """Yield the schema without its columns' duties and descriptions: what Spark hands over."""
    return pa.schema([pa.field(field.name, field.type) for field in schema])
