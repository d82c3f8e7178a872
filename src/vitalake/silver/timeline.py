"""Observations of many patients in time order, as the arrays that folds read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.vitals import CONSCIOUSNESS, HOUR_US, METHODS, NULL, VITALS
from vitalake.silver.kernel import Bools, Int8s, Int32s, Int64s
from vitalake.silver.strings import StringPool
from vitalake.silver.threads import map_threads

_MANY: Final = 50_000
"""Columns of fewer rows are moved faster by one thread."""
UNKNOWN: Final = -1
"""The code of a consciousness, oxygen therapy or scale that is not there."""


@dataclass(frozen=True)
class Timeline:
    """Arrays over ``n`` observations of ``p`` patients, sorted by patient, event_time and event_id.

    ``table`` holds the same rows in the same order.  Vitals are hundredths, NULL where missing.
    """

    table: pa.Table
    patients: pa.Array
    starts: Int64s
    time_us: Int64s
    heart_rate: Int32s
    pulse_rate: Int32s
    resp_rate: Int32s
    spo2: Int32s
    systolic_bp: Int32s
    diastolic_bp: Int32s
    mean_bp: Int32s
    temperature: Int32s
    method: Int8s
    arterial: Bools
    consciousness: Int8s
    on_oxygen: Int8s
    spo2_scale: Int8s
    ward: Int64s
    bed: Int64s
    device: Int64s
    encounter: Int64s
    rejected: npt.NDArray[np.int16]
    snapshot: Int32s

    @property
    def snapshots(self) -> int:
        """How many patient-hours are over: the patient has a row in a later one."""
        return int(np.count_nonzero(self.snapshot >= 0))

    @property
    def patient(self) -> Int64s:
        """The index of each row's patient."""
        return np.repeat(np.arange(len(self.patients), dtype=np.int64), np.diff(self.starts))


def arrange(observations: pa.Table, pool: StringPool, rows: Int64s | None = None) -> Timeline:
    """Yield the timeline of normalised observations (any order), of all or of the given rows."""
    table = sort_events(observations, rows)
    time_us = table["event_time"].cast(pa.int64()).to_numpy()
    patients, starts = patient_runs(table)
    vitals = {vital.name: hundredths(table[vital.name]) for vital in VITALS}
    return Timeline(
        table=table,
        patients=patients,
        starts=starts,
        time_us=time_us,
        **vitals,
        method=vocabulary_codes(table["method"], METHODS),
        arterial=pc.fill_null(pc.equal(table["bp_method"], "arterial"), False).to_numpy(),
        consciousness=vocabulary_codes(table["consciousness"], CONSCIOUSNESS),
        on_oxygen=small_codes(table["on_oxygen"]),
        spo2_scale=small_codes(table["spo2_scale"]),
        ward=pool.encode(table["ward"]),
        bed=pool.encode(table["bed"]),
        device=pool.encode(table["device_id"]),
        encounter=pool.encode(table["encounter_id"]),
        rejected=rejected_bits(table["issues"]),
        snapshot=_snapshot(time_us, starts),
    )


def patient_runs(table: pa.Table) -> tuple[pa.Array, Int64s]:
    """Yield the patients of sorted rows, and where each one's rows start (one more: where the last one's end)."""
    if not table.num_rows:
        return pa.array([], pa.string()), np.zeros(1, np.int64)
    encoded = pc.run_end_encode(table["patient_id"].combine_chunks())
    ends = np.asarray(encoded.run_ends, dtype=np.int64)
    return encoded.values, np.concatenate([np.zeros(1, np.int64), ends])


def sort_events(observations: pa.Table, rows: Int64s | None = None) -> pa.Table:
    """Yield the rows sorted by patient_id, event_time, event_id (texts by code point)."""
    if rows is None:
        rows = np.arange(observations.num_rows)
    # One contiguous piece first: taking rows out of many is several times slower.
    observations = observations.combine_chunks()
    keys = observations.select(["patient_id", "event_time", "event_id"])
    if len(rows) < observations.num_rows:
        keys = keys.take(pa.array(rows))
    order = rows[event_order(keys)]
    if len(order) == observations.num_rows and np.array_equal(order, np.arange(len(order))):
        return observations
    if len(order) < _MANY:
        return observations.take(pa.array(order))
    columns = map_threads(lambda column: column.take(pa.array(order)), observations.columns)
    return pa.Table.from_arrays(columns, schema=observations.schema)


def event_order(keys: pa.Table) -> Int64s:
    """Yield the rows in order of patient_id, event_time and event_id."""
    ids = pc.dictionary_encode(keys["patient_id"].combine_chunks())
    rank = np.empty(len(ids.dictionary), np.int64)
    rank[pc.sort_indices(ids.dictionary).to_numpy()] = np.arange(len(rank))
    patient = rank[ids.indices.to_numpy()]
    time_us = keys["event_time"].cast(pa.int64()).to_numpy()
    order: Int64s = np.lexsort((time_us, patient))
    return _settle_ties(order, patient[order], time_us[order], keys["event_id"])


def _settle_ties(order: Int64s, patient: Int64s, time_us: Int64s, event_id: pa.ChunkedArray) -> Int64s:
    """Order the rows of one patient and instant by event_id."""
    same = (patient[1:] == patient[:-1]) & (time_us[1:] == time_us[:-1])
    if not same.any():
        return order
    tied = np.zeros(len(order), bool)
    tied[1:] |= same
    tied[:-1] |= same
    rows = np.flatnonzero(tied)
    ids = event_id.take(pa.array(order[rows]))
    group = np.cumsum(np.concatenate([[True], ~same]))[rows]
    keys = pa.table({"group": group, "event_id": ids})
    inner = pc.sort_indices(keys, sort_keys=[("group", "ascending"), ("event_id", "ascending")]).to_numpy()
    settled = order.copy()
    settled[rows] = order[rows[inner]]
    return settled


def hundredths(values: pa.ChunkedArray) -> Int32s:
    """Yield kept doubles as whole hundredths; null gives NULL."""
    doubles = pc.fill_null(values, float("nan")).to_numpy()
    missing = np.isnan(doubles)
    return np.where(missing, NULL, np.rint(np.where(missing, 0.0, doubles) * 100)).astype(np.int32)


def vocabulary_codes(texts: pa.ChunkedArray, vocabulary: tuple[str, ...]) -> Int8s:
    """Yield the index of each text in its vocabulary; null gives UNKNOWN."""
    return small_codes(pc.index_in(texts, pa.array(vocabulary)))


def small_codes(values: pa.ChunkedArray) -> Int8s:
    """Yield small whole numbers or booleans as codes; null gives UNKNOWN."""
    codes: Int8s = pc.fill_null(values.cast(pa.int8()), UNKNOWN).to_numpy().astype(np.int8)
    return codes


def rejected_bits(issues: pa.ChunkedArray) -> npt.NDArray[np.int16]:
    """Yield a bit a vital that the event had as implausible."""
    mask = np.zeros(len(issues), np.int16)
    lists: Any = issues.combine_chunks()
    texts = lists.flatten()
    if not len(texts):
        return mask
    rows = pc.list_parent_indices(lists).to_numpy()
    codes = pc.index_in(texts, pa.array([f"{vital.name}:implausible" for vital in VITALS]))
    found = codes.is_valid().to_numpy(zero_copy_only=False)
    bits = np.left_shift(1, codes.filter(codes.is_valid()).to_numpy()).astype(np.int16)
    np.bitwise_or.at(mask, rows[found], bits)
    return mask


def _snapshot(time_us: Int64s, starts: Int64s) -> Int32s:
    """Yield the snapshot's index on the last row of each patient-hour that is over, else -1."""
    hour = time_us // HOUR_US
    over = np.zeros(len(time_us), bool)
    over[:-1] = hour[1:] != hour[:-1]
    over[starts[1:] - 1] = False
    snapshot = np.full(len(time_us), -1, np.int32)
    snapshot[over] = np.arange(np.count_nonzero(over), dtype=np.int32)
    return snapshot
