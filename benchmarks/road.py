"""One run of the road in a process of its own: raw NDJSON to all layers, in batches of a given size.

``python -m benchmarks.road FILE ROWS`` prints one JSON object: events a second, milliseconds a batch, peak memory.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.sources.files import FileSource
from vitalake.stages.progress import Done
from vitalake.stages.run import Run


def percentile(values: list[float], share: float) -> float:
    """Yield the discrete percentile."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def measure(events: Path, batch_rows: int, folder: Path) -> dict[str, float]:
    """Run the road into a new lake and tell how fast it was; kernels are compiled before."""
    warm_up(events, folder / "warm")
    ends: list[float] = []
    rows: list[int] = []

    def told(done: Done) -> None:
        ends.append(time.perf_counter())
        rows.append(done.rows_in)

    lake = EmbeddedLake(folder / "lake")
    run = Run(lake, "benchmark", told=told)
    start = time.perf_counter()
    run.silver(FileSource([events]), batch_rows)
    refined = time.perf_counter()
    run.curate(force=True)
    done = time.perf_counter()
    millis = [1000 * (b - a) for a, b in zip([start, *ends], ends, strict=False)]
    return {
        "batch_rows": batch_rows,
        "events": sum(rows),
        "seconds": done - start,
        "events_per_s": sum(rows) / (done - start),
        "silver_events_per_s": sum(rows) / (refined - start),
        "batches": len(rows),
        "batch_p50_ms": percentile(millis, 0.5),
        "batch_p99_ms": percentile(millis, 0.99),
        "settle_s": refined - ends[-1],
        "curate_s": done - refined,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def warm_up(events: Path, folder: Path) -> None:
    """Compile the kernels (or load them) on a few events."""
    folder.mkdir(parents=True)
    few = folder / "few.ndjson"
    with events.open("rb") as lines:
        few.write_bytes(b"".join(next(lines) for _ in range(2000)))
    Run(EmbeddedLake(folder / "lake"), "warm-up").all(FileSource([few]), 1000, force=True)


def main() -> None:
    """Measure once and print it."""
    with tempfile.TemporaryDirectory(dir=Path(sys.argv[1]).parent) as folder:
        print(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]), Path(folder))))


if __name__ == "__main__":
    main()
