"""Both engines side by side: the same million in one batch, each a whole process with its start.

``python -m benchmarks.engines`` prints a table, and whether Silver is the same in every cell.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa

from benchmarks.events import million
from vitalake.domain.tables import Table
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.silver.tables import SILVER_ALERTS, SILVER_OBSERVATIONS, SILVER_VITAL_WINDOWS

ENGINES = ("embedded", "spark")
TABLES = (SILVER_OBSERVATIONS, SILVER_VITAL_WINDOWS, SILVER_ALERTS)
OF_ARRIVAL = {"ingest_time", "updated_batch", "revision"}
"""When rows were written, and in how many steps an alert was told, differs from run to run."""


def seconds(events: Path, engine: str, lake: Path) -> float:
    """Run the road and tell how long it took."""
    arguments = ("run", events, "--lake", lake, "--engine", engine, "--batch-rows", 1_000_000)
    start = time.perf_counter()
    command = [sys.executable, "-m", "vitalake", *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def cells(lake: Path, table: Table) -> pa.Table:
    """Yield what a table says, in the order of its key."""
    engine = EmbeddedLake(lake)
    engine.open(table)
    columns = [column.name for column in table.columns if column.name not in OF_ARRIVAL]
    order = ", ".join(f'"{name}"' for name in table.key)
    return engine.rows(f"select * from {table.name} order by {order}").select(columns)


def main() -> None:
    """Measure both and print it."""
    argparse.ArgumentParser("python -m benchmarks.engines", description=__doc__).parse_args()
    events = million()
    with tempfile.TemporaryDirectory(dir=events.parent) as folder:
        lakes = {engine: Path(folder) / engine for engine in ENGINES}
        print("| engine | seconds |\n|---|---|")
        for engine, lake in lakes.items():
            print(f"| {engine} | {seconds(events, engine, lake):.0f} |", flush=True)
        for table in TABLES:
            one, other = (cells(lake, table) for lake in lakes.values())
            told = "the same in every cell" if one.equals(other) else "DIFFERENT"
            print(f"{table.name}: {one.num_rows:,} rows, {told}", flush=True)


if __name__ == "__main__":
    main()
