"""The Parquet files of one Delta table: written here, named in its log by delta-rs."""

from __future__ import annotations

import json
import math
import uuid
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake.transaction import AddAction

from vitalake import clock
from vitalake.domain.tables import Table
from vitalake.silver.threads import CORES, map_threads

_STATISTICS: Final = ("batch", "updated_batch", "seq", "event_time")
"""Columns whose range goes to the log, so that readers skip files."""
_ROW_GROUP: Final = 122_880
_FEW: Final = 20_000
"""In files of fewer rows a dictionary of numbers takes more time than it saves bytes."""
_FILE_ROWS: Final = 4 * _ROW_GROUP
"""A part of more rows becomes several files, written at once."""
_WORTH_A_THREAD: Final = 40_000
"""From so many rows a file on, they are also cut to keep every core busy."""


@dataclass(frozen=True)
class Part:
    """The rows of one partition and the folder they belong to."""

    folder: str
    values: dict[str, str | None]
    rows: pa.Table


def write_files(root: Path, table: Table, rows: pa.Table) -> list[AddAction]:
    """Write ``rows`` as Parquet, one file a partition or a few; yield the log's add actions for them."""
    parts = [piece for part in split_by_partition(table, rows) for piece in _pieces(part)]
    return map_threads(lambda part: write_part(root, part), parts)


def _pieces(part: Part) -> list[Part]:
    rows = part.rows.num_rows
    files = max(math.ceil(rows / _FILE_ROWS), min(rows // _WORTH_A_THREAD, CORES), 1)
    each = math.ceil(rows / files)
    return [replace(part, rows=part.rows.slice(start, each)) for start in range(0, rows, each)]


def split_by_partition(table: Table, rows: pa.Table) -> list[Part]:
    """Yield the rows by value of the (single) partition column, that column left out as Delta does."""
    if not rows.num_rows:
        return []
    if not table.partition_by:
        return [Part("", {}, rows)]
    (name,) = table.partition_by
    column = rows[name].combine_chunks()
    rest = rows.drop_columns([name])
    values = pc.unique(column)
    if len(values) == 1:
        return [_part(name, values[0].as_py(), rest)]
    codes = pc.index_in(column, values).to_numpy()
    order = np.argsort(codes, kind="stable")
    bounds = np.searchsorted(codes[order], np.arange(len(values) + 1))
    sorted_rows = rest.take(pa.array(order))
    return [
        _part(name, value.as_py(), sorted_rows.slice(int(lo), int(hi - lo)))
        for value, lo, hi in zip(values, bounds[:-1], bounds[1:], strict=True)
    ]


def _part(name: str, value: object, rows: pa.Table) -> Part:
    return Part(f"{name}={value}/", {name: str(value)}, rows)


def write_part(root: Path, part: Part) -> AddAction:
    """Write the rows as one Parquet file; yield the log's add action for it."""
    path = f"{part.folder}{uuid.uuid4()}.parquet"
    target = root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        part.rows,
        target,
        compression="snappy",
        row_group_size=_ROW_GROUP,
        use_dictionary=True if part.rows.num_rows > _FEW else _texts(part.rows.schema),
    )
    size = target.stat().st_size
    return AddAction(path, size, part.values, clock.now_ms(), True, _statistics(part.rows))


def _texts(schema: pa.Schema) -> list[str]:
    return [field.name for field in schema if pa.types.is_string(field.type)]


def _statistics(rows: pa.Table) -> str:
    low: dict[str, Any] = {}
    high: dict[str, Any] = {}
    nulls: dict[str, int] = {}
    for name in _STATISTICS:
        if name not in rows.column_names or rows[name].null_count == rows.num_rows:
            continue
        bounds = pc.min_max(rows[name])
        nulls[name] = rows[name].null_count
        low[name], high[name] = (_bound(bounds["min"], up=False), _bound(bounds["max"], up=True))
    return json.dumps({"numRecords": rows.num_rows, "minValues": low, "maxValues": high, "nullCount": nulls})


def _bound(value: pa.Scalar[Any], *, up: bool) -> Any:
    """Yield a bound as the log writes it: times to the millisecond, outward."""
    if not pa.types.is_timestamp(value.type):
        return value.as_py()
    ms = value.cast(pa.int64()).as_py()
    ms = -(-ms // 1000) if up else ms // 1000
    return str(np.datetime64(ms, "ms")) + "Z"
