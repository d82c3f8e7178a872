"""Silver for anyone's pandas frame: events in, what the road makes of them out, in memory."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
from pandas.api.types import is_datetime64_dtype, is_numeric_dtype, is_scalar

from vitalake.domain.contract import ALERT_FIELDS, FIELDS
from vitalake.domain.rules import Rules
from vitalake.domain.tables import Table
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.errors import UserError
from vitalake.silver.tables import (
    SILVER_ALERTS,
    SILVER_DUPLICATES,
    SILVER_OBSERVATIONS,
    SILVER_QUARANTINE,
    SILVER_VITAL_WINDOWS,
)
from vitalake.sources.messages import Batch, Offsets, plain_messages
from vitalake.stages.run import Run

SOURCE: Final = "frame"
"""The source of a frame's rows; their offset is their position."""

_ALERT: Final = {f"alert_{field.name}": field.name for field in ALERT_FIELDS}
_COLUMNS: Final = frozenset({*(field.name for field in FIELDS), *_ALERT})
_IDS: Final = tuple(field.name for field in FIELDS if field.required and field.kind == "text")
_REQUIRED: Final = tuple(field.name for field in FIELDS if field.required)


@dataclass(frozen=True)
class Silver:
    """Silver's tables of some events, with the columns that docs/tables.md describes.

    Each row of the events is in one of ``observations``, ``quarantine`` and ``duplicates``, found there by ``offset``:
    its position in the frame, from 0.
    """

    observations: pd.DataFrame
    windows: pd.DataFrame
    alerts: pd.DataFrame
    quarantine: pd.DataFrame
    duplicates: pd.DataFrame


def refine(events: pd.DataFrame, rules: Rules | None = None) -> Silver:
    """Validate, deduplicate and score events, and find their alerts, as a lake of them would have it.

    ``events`` has a row an event and the contract's fields as columns (docs/contract.md), in its units: ``event_id``,
    ``patient_id`` and ``event_time`` (with a time zone), and any others; a device alarm is a dictionary in ``alert``,
    or its fields are columns called ``alert_code``, ``alert_state`` and so on.  The order of the rows does not matter.
    ``rules`` are the default ones unless given.

    Raises:
        UserError: a required column is missing or of another type, or one is not in the contract.

    >>> vitals = {"heart_rate": 118, "resp_rate": 24, "spo2": 93, "systolic_bp": 95, "temperature": 38.4}
    >>> row = {
    ...     "event_id": "e1",
    ...     "patient_id": "p1",
    ...     "event_time": "2026-01-05T08:00:00Z",
    ...     "consciousness": "A",
    ... }
    >>> silver = refine(pd.DataFrame([row | vitals | {"on_oxygen": False}]))
    >>> silver.observations[["patient_id", "news2_score", "severity"]].values.tolist()
    [['p1', 9, 'high']]
    """
    _require_columns(events)
    with TemporaryDirectory(prefix="vitalake-") as folder:
        lake = EmbeddedLake(Path(folder) / "lake")
        Run(lake, "The frame", rules=rules).silver(_Rows(events), max(len(events), 1))
        return Silver(
            observations=_frame(lake, SILVER_OBSERVATIONS),
            windows=_frame(lake, SILVER_VITAL_WINDOWS),
            alerts=_frame(lake, SILVER_ALERTS),
            quarantine=_frame(lake, SILVER_QUARANTINE),
            duplicates=_frame(lake, SILVER_DUPLICATES),
        )


def _require_columns(events: pd.DataFrame) -> None:
    if not isinstance(events, pd.DataFrame):
        raise UserError(
            f"Events are a pandas frame, not {type(events).__name__}", "Make one: pd.DataFrame(...)"
        )
    missing = [name for name in _REQUIRED if name not in events.columns]
    if missing:
        raise UserError(f"The frame has no column {missing[0]}", f"Required are: {', '.join(_REQUIRED)}")
    for name in _IDS:
        if is_numeric_dtype(events[name]) and events[name].notna().any():
            raise UserError(f"{name} is no text but {events[name].dtype}", "Make it text: .astype(str)")
    dtype = events["event_time"].dtype
    if is_datetime64_dtype(dtype):  # one with a time zone is another
        hint = "Say which it is: .dt.tz_localize('Europe/Berlin'), or pd.to_datetime(..., utc=True)"
        raise UserError("event_time has no time zone", hint)
    unknown = [str(name) for name in events.columns if name not in _COLUMNS]
    if unknown:
        hint = "Rename it as docs/contract.md calls it, or leave it out"
        raise UserError(f"The contract knows no field {unknown[0]}", hint)


@dataclass(frozen=True)
class _Rows:
    """The rows of a frame as a source of one batch."""

    events: pd.DataFrame

    def read(self, offsets: Offsets, max_rows: int) -> Iterator[Batch]:  # noqa: ARG002 - it is read once
        """Yield all rows as messages."""
        payloads = [json.dumps(row, default=str).encode() for row in _messages(self.events)]
        n = len(payloads)
        offset = pa.array(np.arange(n), pa.int64())
        messages = plain_messages(pa.repeat(SOURCE, n), offset, pa.array(payloads, pa.binary()))
        yield Batch(messages, {(SOURCE, 0): n} if n else {}, at_end=True)


def _messages(events: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Yield each row as the message that a device would have sent, without what is missing."""
    for row in events.to_dict("records"):
        known = _known(row)
        alert = {_ALERT[name]: known.pop(name) for name in _ALERT if name in known}
        yield known | ({"alert": alert} if alert else {})


def _known(row: Mapping[Hashable, Any]) -> dict[str, Any]:
    """Yield what is there of a row, or of an alert in it, in JSON's own types."""
    known: dict[str, Any] = {}
    for name, cell in row.items():
        if isinstance(cell, dict):
            known[str(name)] = _known(cell)
        elif isinstance(cell, datetime | np.datetime64) and not pd.isna(cell):
            known[str(name)] = pd.Timestamp(cell).isoformat(timespec="microseconds")
        elif not (is_scalar(cell) and pd.isna(cell)):
            known[str(name)] = cell.item() if isinstance(cell, np.generic) else cell
    return known


def _frame(lake: EmbeddedLake, table: Table) -> pd.DataFrame:
    frame: pd.DataFrame = lake.read(table).to_pandas()
    return frame
