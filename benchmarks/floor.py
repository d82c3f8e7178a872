"""The floor: DuckDB alone reads the same NDJSON and writes its bytes and its fields as Parquet."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

import duckdb

from vitalake.domain.contract import FIELDS


def measure(events: Path, folder: Path) -> dict[str, float]:
    """Read and write once; the fields come as texts, as the road reads them."""
    target = folder / "floor.parquet"
    names = [field.name for field in FIELDS]
    fields = ", ".join(f"json ->> '$.{name}' as {name}" for name in names)
    start = time.perf_counter()
    duckdb.connect().execute(
        f"""
        copy (select json, {fields} from read_ndjson_objects('{events}'))
        to '{target}' (format parquet, compression snappy)
        """
    )
    return {"seconds": time.perf_counter() - start, "bytes": float(target.stat().st_size)}


def main() -> None:
    """Measure once and print it."""
    with tempfile.TemporaryDirectory(dir=Path(sys.argv[1]).parent) as folder:
        print(json.dumps(measure(Path(sys.argv[1]), Path(folder))))


if __name__ == "__main__":
    main()
