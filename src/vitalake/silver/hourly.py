"""Scored observations as the arrays that are walked through once more, hour by hour, and the rows which that yields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.news2 import SCORES_AS
from vitalake.domain.tables import Table
from vitalake.domain.vitals import DAY_US, HOUR_US, METHODS, NEWS2_INPUTS, SEVERITIES, VITALS
from vitalake.silver.kernel import Bools, Int8s, Int32s, Int64s
from vitalake.silver.strings import StringPool
from vitalake.silver.timeline import (
    hundredths,
    patient_runs,
    rejected_bits,
    small_codes,
    sort_events,
    vocabulary_codes,
)

UNKNOWN_WARD: Final = "(unknown)"
"""What stands for the ward of a patient of whom none is known."""

OWN_INPUT: Final = {vital.name: SCORES_AS.get(vital.name, vital.name) for vital in VITALS}
"""The NEWS2 input as which each vital scores."""

COMPONENTS: Final = tuple(name for name in NEWS2_INPUTS if name in OWN_INPUT)
"""The NEWS2 inputs that are vitals."""

READS: Final = (
    "patient_id",
    "event_time",
    "event_id",
    "method",
    "bp_method",
    "issues",
    *(vital.name for vital in VITALS),
    "ward_carried",
    "on_oxygen_carried",
    "spo2_scale_carried",
    "severity",
    "news2_score",
    *(f"news2_{name}" for name in COMPONENTS),
)
"""The columns of silver_observations that :func:`walk` needs."""

_TOLD: Final = [
    "patient_id",
    "event_time",
    "event_id",
    "ward_carried",
    "news2_score",
    *(f"news2_{name}" for name in COMPONENTS),
]
"""What of them stays a table."""
SPO2: Final = [vital.name for vital in VITALS].index("spo2")


@dataclass(frozen=True)
class Walk:
    """Arrays over scored observations sorted by patient, event_time and event_id.

    ``table`` has ids, ward and scores of the same rows.  Patient p's rows are ``starts[p]:starts[p + 1]``.  Vitals are
    hundredths, NULL where missing; ``ward`` are codes of a pool, ``scale`` and ``oxygen`` what is carried (-1:
    unknown), ``severity`` indices of SEVERITIES.
    """

    table: pa.Table
    patients: pa.Array
    starts: Int64s
    time_us: Int64s
    vitals: tuple[Int32s, ...]
    method: Int8s
    arterial: Bools
    rejected: npt.NDArray[np.int16]
    ward: Int64s
    scale: Int8s
    oxygen: Int8s
    severity: Int8s

    def stretches(self, length_us: int) -> tuple[Int64s, Int64s]:
        """Yield the first row of each stretch of the clock in which a patient has events, and which patient that is."""
        stretch = self.time_us // length_us
        first = np.ones(len(stretch), bool)
        first[1:] = stretch[1:] != stretch[:-1]
        first[self.starts[:-1]] = True
        rows = np.flatnonzero(first)
        return rows, np.searchsorted(self.starts, rows, side="right") - 1


def walk(observations: pa.Table, pool: StringPool) -> Walk:
    """Yield the arrays of scored observations (columns READS, any order)."""
    given = sort_events(observations)
    patients, starts = patient_runs(given)
    return Walk(
        table=given.select(_TOLD),
        patients=patients,
        starts=starts,
        time_us=given["event_time"].cast(pa.int64()).to_numpy(),
        vitals=tuple(hundredths(given[vital.name]) for vital in VITALS),
        method=vocabulary_codes(given["method"], METHODS),
        arterial=pc.fill_null(pc.equal(given["bp_method"], "arterial"), False).to_numpy(),
        rejected=rejected_bits(given["issues"]),
        ward=pool.encode(given["ward_carried"]),
        scale=small_codes(given["spo2_scale_carried"]),
        oxygen=small_codes(given["on_oxygen_carried"]),
        severity=np.maximum(vocabulary_codes(given["severity"], SEVERITIES), np.int8(0)),
    )


def hourly_rows(
    table: Table, patients: pa.Array, hour: Int64s, ward: pa.Array, **columns: pa.Array | pa.ChunkedArray
) -> pa.Table:
    """Yield rows of a table by patient, hour (since 1970) and ward, all but ``updated_batch``."""
    columns |= {
        "patient_id": patients,
        "hour": pa.array(hour * HOUR_US).cast(pa.timestamp("us", tz="UTC")),
        "ward": pc.fill_null(ward, UNKNOWN_WARD),
        "event_date": pa.array((hour * HOUR_US // DAY_US).astype(np.int32)).cast(pa.date32()),
    }
    schema = pa.schema([column.arrow for column in table.columns if column.name != "updated_batch"])
    return pa.Table.from_arrays([columns[name] for name in schema.names], schema=schema)
