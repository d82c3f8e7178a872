"""Replacing rows of a Delta table by key: only the files that have such rows are written again.

Of a file that keeps many rows beside the new ones, the kept rows become a file of their own, so that what is replaced
often (the hour that is going on) does not drag along what is not (the day's earlier hours).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pyarrow.parquet as pq

from vitalake.domain.tables import Table
from vitalake.engines.embedded.faults import told_plainly
from vitalake.engines.embedded.files import write_files
from vitalake.engines.embedded.log import DeltaFolder
from vitalake.engines.embedded.read import declared, parquet

if TYPE_CHECKING:
    from vitalake.engines.embedded.lake import EmbeddedLake

STAMPS: Final = ("updated_at", "batch", "updated_batch")
"""Columns that say when a row was written: by them alone no row differs."""

_MANY: Final = 50_000
"""A file that keeps more rows than this, and more than are new, is not merged with them."""
_COMPARED: Final = 2_000
"""More rows than this are written rather than compared, which would cost as much."""


@dataclass(frozen=True)
class _Hit:
    """A file with rows to be replaced, and how many it keeps."""

    path: str
    kept: int


def replace_rows(lake: EmbeddedLake, table: Table, rows: str, touched: str, batch: int) -> None:
    """Delete the rows whose columns equal a row of ``touched``, insert the view ``rows``: one commit, or none."""
    folder = lake.folder(table)
    keys = lake.duckdb.sql(f'select * from "{touched}" limit 0').columns
    on = " and ".join(f't."{key}" = k."{key}"' for key in keys)
    (new,) = lake.rows(f'select count(*) as n from "{rows}"')["n"].to_pylist()
    hits, gone = _find_hits(lake, _candidates(lake, folder, touched, keys), touched, on, table)
    paths = [hit.path for hit in hits]
    if gone == new <= _COMPARED and (not new or _is_same(lake, table, rows, touched, on, paths)):
        return
    merged = [hit.path for hit in hits if hit.kept <= max(new, _MANY)]
    columns = ", ".join(declared(column) for column in table.columns)
    order = ", ".join(f'"{name}"' for name in table.key)
    select = f'select {columns} from "{rows}"'
    if merged:
        select += f" union all {_kept(table, merged, columns, touched, on)}"
    parts = [f"select * from ({select}) order by {order}"]
    parts += [_kept(table, [hit.path], columns, touched, on) for hit in hits if hit.path not in merged]
    adds = []
    for part in parts:
        written = lake.rows(part).cast(table.schema)
        with told_plainly(f"Can't write {folder.path}"):
            adds += write_files(folder.path, table, written)
    removes = [folder.relative(hit.path) for hit in hits]
    folder.commit(adds, removes, app=f"vitalake.{table.name}.replace", version=batch)


def _candidates(lake: EmbeddedLake, folder: DeltaFolder, touched: str, keys: list[str]) -> list[str]:
    """Yield the files of the touched partitions, or all where ``touched`` does not name them."""
    files = folder.files()
    parts = [name for name in folder.table.partition_by if name in keys]
    for part in parts:
        values = lake.rows(f'select distinct "{part}" as part from "{touched}"')["part"].to_pylist()
        folders = {f"{part}={value}" for value in values}
        files = [path for path in files if folders.intersection(path.split("/"))]
    return files


def _find_hits(
    lake: EmbeddedLake, files: list[str], touched: str, on: str, table: Table
) -> tuple[list[_Hit], int]:
    """Yield the files that have touched rows, and how many such rows there are."""
    if not files:
        return [], 0
    source = parquet(table, files, filename=True)
    gone = lake.rows(
        f'select filename, count(*) as n from {source} t semi join "{touched}" k on {on} group by filename'
    )
    if not gone.num_rows:
        return [], 0
    counts = dict(zip(gone["filename"].to_pylist(), gone["n"].to_pylist(), strict=True))
    with told_plainly(f"Can't read {lake.folder(table).path}"):
        hits = [_Hit(path, pq.read_metadata(path).num_rows - n) for path, n in counts.items()]
    return hits, sum(counts.values())


def _is_same(lake: EmbeddedLake, table: Table, rows: str, touched: str, on: str, files: list[str]) -> bool:
    """Tell whether as many stored rows are the new ones, but for when they were written."""
    names = ", ".join(f'"{name}"' for name in table.names if name not in STAMPS)
    stored = f'select {names} from {parquet(table, files)} t semi join "{touched}" k on {on}'
    differing = lake.rows(f'select 1 from (select {names} from "{rows}" except all {stored}) limit 1')
    return not differing.num_rows


def _kept(table: Table, files: list[str], columns: str, touched: str, on: str) -> str:
    return f'select {columns} from {parquet(table, files)} t anti join "{touched}" k on {on}'
