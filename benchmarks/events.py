"""The events that benchmarks read: a million of 5,000 patients, made once by the simulator."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from vitalake.sources.simulator import SimulationSettings, write_simulation

FOLDER = Path(__file__).parent / ".data"
PATIENTS = 5_000
START = datetime(2026, 1, 5, tzinfo=UTC)


def million(patients: int = PATIENTS) -> Path:
    """Yield an NDJSON file: 200 events a patient; 1 % out of order, 0.1 % late by up to 12 h, 1 % repeats."""
    path = FOLDER / f"events-{patients}.ndjson"
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        settings = SimulationSettings(
            start=START,
            patients=patients,
            hours=200 / 60,
            monitored=1.0,
            out_of_order=0.01,
            late=0.001,
            late_max_hours=12,
            duplicate=0.01,
            conflicting=0,
            malformed=0,
        )
        write_simulation(settings, path)
    return path
