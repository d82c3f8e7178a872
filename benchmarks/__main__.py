"""Measure the road beside its floor, each figure in a process of its own; prints a table.

Some minutes' work.  ``python -m benchmarks.kafka_latency`` measures from Kafka to Kafka,
``python -m benchmarks.engines`` both engines side by side.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

from benchmarks.events import million

BATCHES = (1_000_000, 100_000, 10_000, 1_000)


def measured(module: str, *arguments: str) -> dict[str, Any]:
    """Run a benchmark's module and yield what it printed."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def row(figures: dict[str, Any], floor_s: float) -> str:
    """Yield a line of the table."""
    cells = (
        f"{figures['batch_rows']:,}",
        f"{figures['events_per_s'] / 1000:.0f} k",
        f"{figures['seconds'] / floor_s:.1f} ×",
        f"{figures['batch_p50_ms']:.0f}",
        f"{figures['batch_p99_ms']:.0f}",
        f"{figures['settle_s']:.1f}",
        f"{figures['curate_s']:.1f}",
        f"{figures['peak_mb']:,.0f}",
    )
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure all and print it."""
    argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__).parse_args()
    events: Path = million()
    floor = measured("floor", str(events))
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    megabytes = events.stat().st_size / 1e6
    print(
        f"floor: DuckDB alone reads {megabytes:.0f} MB of NDJSON and writes Parquet: {floor['seconds']:.1f} s"
    )
    print("| rows a batch | events/s | of the floor | p50 ms | p99 ms | settle s | curate s | peak MB |")
    print("|---|---|---|---|---|---|---|---|")
    for rows in BATCHES:
        print(row(measured("road", str(events), str(rows)), floor["seconds"]), flush=True)


if __name__ == "__main__":
    main()
