"""Parse: messages to typed observations, or a reason to quarantine. Arrow in, Arrow out; no clock, no I/O.

Every message ends in exactly one of the two tables.  What each field may hold stands in domain/contract.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.contract import FIELDS, FUTURE_LIMIT_US, QUARANTINE_REASONS
from vitalake.silver.instants import BAD, read_instants
from vitalake.silver.issues import Issues
from vitalake.silver.kernel import Bools, Int64s
from vitalake.silver.measurements import read_measurements
from vitalake.silver.tables import NORMALISED, PROVENANCE, SILVER_QUARANTINE
from vitalake.silver.texts import default_index, is_lost, read_alert_codes, read_code, read_text, spell
from vitalake.silver.threads import map_threads
from vitalake.silver.tokens import Columns, Connection, read_tokens
from vitalake.silver.utf8 import decode_payloads

OBSERVATION_SCHEMA: Final = pa.schema([column.arrow for column in (*NORMALISED, *PROVENANCE)])
"""What `parse` yields of a good message."""

_NULLABLE: Final = pa.schema([field.with_nullable(True) for field in OBSERVATION_SCHEMA])
"""The same before the bad messages are taken out."""

_CHUNK_ROWS: Final = 50_000
_CHUNK_BYTES: Final = 256 * 2**20
_NEEDED: Final = [*(column.name for column in PROVENANCE), "payload"]
_REQUIRED: Final = [field.name for field in FIELDS if field.required]
_CONTEXT: Final = [field.name for field in FIELDS if field.kind == "text" and not field.required]


@dataclass(frozen=True)
class Parsed:
    """``observations``: NORMALISED and PROVENANCE, ``quarantine``: as silver_quarantine; in bronze order."""

    observations: pa.Table
    quarantine: pa.Table
    rows: Int64s
    """The message of each observation."""


def parse(
    messages: pa.Table,
    *,
    future_limit_us: int = FUTURE_LIMIT_US,
    connection: Connection | None = None,
) -> Parsed:
    """Yield the observations and the quarantined messages of rows of bronze_events, given in bronze order.

    An event later than its receipt by more than ``future_limit_us`` is quarantined.  ``alert_type`` stays
    null: the mapping of device alarms fills it in.  ``connection`` is a DuckDB to compute with; without
    one the process has its own.
    """
    chunks = list(_chunks(messages))
    parsed = map_threads(lambda chunk: _parse_chunk(chunk, future_limit_us, connection), chunks)
    return Parsed(
        pa.concat_tables([OBSERVATION_SCHEMA.empty_table(), *(part.observations for part in parsed)]),
        pa.concat_tables([SILVER_QUARANTINE.schema.empty_table(), *(part.quarantine for part in parsed)]),
        _numbered(parsed),
    )


def _numbered(parsed: list[Parsed]) -> Int64s:
    """Yield the messages' rows across chunks."""
    sizes = [part.observations.num_rows + part.quarantine.num_rows for part in parsed]
    starts = np.cumsum([0, *sizes])
    return np.concatenate(
        [np.zeros(0, np.int64), *(part.rows + start for part, start in zip(parsed, starts, strict=False))]
    )


def _chunks(messages: pa.Table) -> Iterator[pa.RecordBatch]:
    """Cut the messages so that memory is bounded, whatever came in."""
    for start in range(0, messages.num_rows, _CHUNK_ROWS):
        rows = messages.select(_NEEDED).slice(start, _CHUNK_ROWS)
        for batch in rows.combine_chunks().to_batches():
            yield from _halve(batch)


def _halve(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    if batch.num_rows <= 1 or batch.nbytes <= _CHUNK_BYTES:
        yield batch
    else:
        middle = batch.num_rows // 2
        yield from _halve(batch.slice(0, middle))
        yield from _halve(batch.slice(middle))


def _parse_chunk(chunk: pa.RecordBatch, future_limit_us: int, connection: Connection | None) -> Parsed:
    texts, not_utf8 = decode_payloads(chunk["payload"])
    tokens = read_tokens(texts, connection)
    issues = Issues(chunk.num_rows)
    measured, found = read_measurements(tokens.columns, issues)
    columns = _read_envelope(tokens.columns, issues) | measured | _read_alert(tokens.columns, issues)
    columns["issues"] = issues.to_lists()
    ahead_us = _ahead_us(columns["event_time"], chunk["ingest_time"])
    faults = {"not_utf8": not_utf8, "not_json": tokens.not_json, "not_object": tokens.not_object}
    for name in _REQUIRED:
        faults[f"missing_{name}"] = _is_null(tokens.columns[name])
        faults[f"bad_{name}"] = is_lost(tokens.columns[name], columns[name])
    faults["future_event_time"] = ahead_us > future_limit_us
    faults["nothing_measured"] = ~found & _is_null(columns["alert_code"])
    reasons = _first_of(faults)
    return Parsed(
        _observations(chunk, columns, reasons < 0),
        _quarantine(chunk, columns["issues"], ahead_us, reasons),
        np.flatnonzero(reasons < 0),
    )


def _read_envelope(tokens: Columns, issues: Issues) -> dict[str, pa.Array]:
    """Yield who, when, where and how: ids, event time, context and method."""
    columns = {name: read_text(name, tokens) for name in ("event_id", "patient_id")}
    instants = read_instants(tokens["event_time"])
    columns["event_time"] = pa.array(instants, mask=instants == BAD).cast(pa.timestamp("us", tz="UTC"))
    columns |= {name: read_text(name, tokens, issues) for name in _CONTEXT}
    method = read_code("method", tokens, issues)
    method[method < 0] = default_index("method")
    return columns | {"method": spell("method", method)}


def _read_alert(tokens: Columns, issues: Issues) -> dict[str, pa.Array]:
    """Yield a device alarm's columns: all null where it has no usable code, which is then its only issue."""
    code = read_alert_codes(tokens["alert_code"])
    issues.note("alert", is_lost(tokens["alert"], code), "bad_text")
    usable = code.is_valid()
    parts = {
        name: pc.if_else(usable, tokens[name], pa.scalar(None, pa.string()))
        for name in ("alert_priority", "alert_state", "alert_text")
    }
    state = read_code("alert_state", parts, issues)
    state[(state < 0) & ~_is_null(code)] = default_index("alert_state")
    return {
        "alert_code": code,
        "alert_type": pa.nulls(len(code), pa.string()),
        "alert_priority": spell("alert_priority", read_code("alert_priority", parts, issues)),
        "alert_state": spell("alert_state", state),
        "alert_text": read_text("alert_text", parts, issues),
    }


def _ahead_us(event_time: pa.Array, ingest_time: pa.Array) -> Int64s:
    """Yield by how much each event is later than its receipt; 0 where it has no time."""
    ahead = pc.subtract(event_time.cast(pa.int64()), ingest_time.cast(pa.int64()))
    found: Int64s = ahead.fill_null(0).to_numpy(zero_copy_only=False)
    return found


def _first_of(faults: dict[str, Bools]) -> Int64s:
    """Yield the index in QUARANTINE_REASONS of the first fault of each message, -1 for none."""
    known = [reason for reason in QUARANTINE_REASONS if reason in faults]
    codes = [QUARANTINE_REASONS.index(reason) for reason in known]
    first: Int64s = np.select([faults[reason] for reason in known], codes, default=-1)
    return first


def _is_null(column: pa.Array) -> Bools:
    absent: Bools = column.is_null().to_numpy(zero_copy_only=False)
    return absent


def _observations(chunk: pa.RecordBatch, columns: dict[str, pa.Array], good: Bools) -> pa.Table:
    provenance = {column.name: chunk[column.name] for column in PROVENANCE}
    every = columns | provenance
    table = pa.table([every[name] for name in OBSERVATION_SCHEMA.names], schema=_NULLABLE)
    kept = table if good.all() else table.filter(pa.array(good))
    return kept.cast(OBSERVATION_SCHEMA)


def _quarantine(chunk: pa.RecordBatch, issues: pa.ListArray, ahead_us: Int64s, reasons: Int64s) -> pa.Table:
    rows = np.flatnonzero(reasons >= 0)
    places = pa.array(rows)
    names = pa.array(QUARANTINE_REASONS).take(pa.array(reasons[rows]))
    lists = pc.binary_join(issues.take(places), ", ")
    details = {
        "nothing_measured": pc.if_else(
            pc.equal(lists, ""), "no vital, oxygen field, consciousness, scale or alert", lists
        ),
        "future_event_time": pc.binary_join_element_wise(
            pa.array(ahead_us[rows] // 1_000_000).cast(pa.string()), "s after its receipt", " "
        ),
    }
    detail = pa.nulls(len(rows), pa.string())
    for reason, text in details.items():
        detail = pc.if_else(pc.equal(names, reason), text, detail)
    taken = chunk.take(places)
    every = {"reason": names, "detail": detail} | {name: taken[name] for name in _NEEDED}
    return pa.table([every[name] for name in SILVER_QUARANTINE.names], schema=SILVER_QUARANTINE.schema)
