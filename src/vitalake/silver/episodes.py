"""Alert episodes: as records out of the folds, and as rows of the lake."""

from __future__ import annotations

import hashlib
import json
import uuid
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.alert_types import ALERT_TYPES, CLEARED_BY, DEVICE_END, OTHER, PHYSIOLOGICAL, RECOVERY
from vitalake.domain.vitals import NULL, PRIORITIES
from vitalake.silver.holds import NEVER
from vitalake.silver.kernel import Bools, Int64s, Records, kernel, record
from vitalake.silver.strings import NONE, StringPool
from vitalake.silver.tables import EPISODE

ALERT_NAMESPACE: Final = uuid.UUID("6f0d3a52-7a1c-5c1e-9d0b-3f6f2b9a6d11")
"""The namespace of every alert_id."""

ACTIVE: Final = -1
"""``cleared_by`` of an episode that has not ended."""

NAMES: Final = ("raising", "clearing", "ward", "bed", "device_name", "own_device", "subject", "code", "text")
"""The fields that hold string codes."""

EPISODE_RECORD: Final = record(
    ("patient", np.int64),
    ("started_us", np.int64),
    ("raised_us", np.int64),
    ("escalated_us", np.int64),
    ("cleared_us", np.int64),
    *((name, np.int64) for name in NAMES),
    ("kind", np.int32),
    ("priority", np.int32),
    ("cleared_by", np.int32),
    ("extreme", np.int32),
    ("limit", np.int32),
)
"""One episode. ``patient`` is the index of the state it came from, ``kind`` that of ALERT_TYPES.

NEVER, NULL and NONE are null.
"""

_VALUED: Final = np.array([alarm.looks_at != "consciousness" for alarm in PHYSIOLOGICAL])
_TIMESTAMP: Final = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Episodes:
    """Records of one origin: device, physiological or technical."""

    origin: str
    records: Records

    def __len__(self) -> int:
        """How many there are."""
        return len(self.records)

    def settle_names(self, pool: StringPool, event_ids: pa.ChunkedArray) -> None:
        """Turn the codes that a fold set for its own rows into codes of the pool."""
        for name in NAMES:
            codes = self.records[name]
            fresh = codes < NONE
            if fresh.any():
                codes[fresh] = pool.encode(event_ids.take(pa.array(-2 - codes[fresh])))


def no_episodes(n: int) -> Records:
    """Yield ``n`` records in which everything is null."""
    records: Records = np.zeros(n, EPISODE_RECORD)
    for name in ("started_us", "raised_us", "escalated_us", "cleared_us"):
        records[name] = NEVER
    for name in NAMES:
        records[name] = NONE
    records["cleared_by"] = ACTIVE
    records["extreme"] = NULL
    records["limit"] = NULL
    return records


@kernel
def with_room(records: Records, used: int, more: int) -> Records:
    """Yield the records, moved into a larger array where ``more`` would not fit."""
    if used + more <= len(records):
        return records
    larger = np.empty(2 * len(records) + more, records.dtype)
    larger[:used] = records[:used]
    return larger


def episode_table(episodes: Episodes, patients: pa.Array, pool: StringPool, policy_version: str) -> pa.Table:
    """Yield the episodes as rows with the columns of EPISODE, in the order given.

    ``patients`` are the ids that ``patient`` points to; names must be settled.
    """
    r = episodes.records
    names = {name: pool.decode(r[name]) for name in NAMES}
    kinds = _pick(ALERT_TYPES, r["kind"])
    patient_ids = patients.take(pa.array(r["patient"]))
    subjects = (
        _subjects(names["own_device"], names["subject"], kinds)
        if episodes.origin == "device"
        else names["subject"]
    )
    columns = {
        "alert_id": alert_ids(patient_ids, episodes.origin, kinds, subjects, r["started_us"]),
        "patient_id": patient_ids,
        "origin": pa.repeat(pa.scalar(episodes.origin), len(r)),
        "alert_type": kinds,
        "subject": subjects,
        "state": _pick(("cleared", "active"), (r["cleared_by"] == ACTIVE).astype(np.int32)),
        "priority": _pick(PRIORITIES, r["priority"]),
        "started_at": _instants(r["started_us"]),
        "raised_at": _instants(r["raised_us"]),
        "escalated_at": _instants(r["escalated_us"]),
        "cleared_at": _instants(r["cleared_us"]),
        "cleared_by": _pick(CLEARED_BY, r["cleared_by"]),
        **_measures(r),
        "raising_event_id": names["raising"],
        "clearing_event_id": names["clearing"],
        "duration_s": _durations(r),
        "ward": names["ward"],
        "bed": names["bed"],
        "device_id": names["device_name"],
        "alert_code": names["code"],
        "alert_text": names["text"],
        "policy_version": pa.repeat(pa.scalar(policy_version), len(r)),
    }
    return pa.table(columns, schema=pa.schema([column.arrow for column in EPISODE]))


def alert_ids(
    patients: pa.Array, origin: str, kinds: pa.Array, subjects: pa.Array, started_us: Int64s
) -> pa.Array:
    """Yield each episode's UUIDv5, in ALERT_NAMESPACE, of the JSON list of what names it.

    That is patient, origin, type, subject and started_at (microseconds since 1970), without spaces and in ASCII; JSON
    keeps the parts apart whatever they contain.
    """
    quoted = {
        text: json.dumps(text) for texts in (patients, kinds, subjects) for text in texts.unique().to_pylist()
    }
    parts = zip(
        patients.to_pylist(), kinds.to_pylist(), subjects.to_pylist(), started_us.tolist(), strict=True
    )
    names = (
        f'[{quoted[patient]},"{origin}",{quoted[kind]},{quoted[subject]},{at}]'
        for patient, kind, subject, at in parts
    )
    return pa.array([_uuid5(name) for name in names], pa.string())


def _uuid5(name: str) -> str:
    """Yield ``str(uuid.uuid5(ALERT_NAMESPACE, name))``, several times as fast."""
    digits = hashlib.sha1(ALERT_NAMESPACE.bytes + name.encode(), usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digits[16], 16) % 4]
    return f"{digits[:8]}-{digits[8:12]}-5{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:32]}"


def _subjects(devices: pa.Array, codes: pa.Array, kinds: pa.Array) -> pa.Array:
    """Yield what tells a device's episodes apart: the device; of `other` also its code, which contains no space."""
    texts = [
        device if kind != OTHER else f"{device} {code}" if device else code
        for device, code, kind in zip(devices.to_pylist(), codes.to_pylist(), kinds.to_pylist(), strict=True)
    ]
    return pa.array(texts, pa.string())


def _measures(records: Records) -> dict[str, pa.Array]:
    """Yield extreme_value, limit_value and the margin between them; null for what is no number."""
    valued = is_valued(records)
    extreme, limit = (np.where(valued, records[name], 0).astype(np.int64) for name in ("extreme", "limit"))
    return {
        "extreme_value": pa.array(extreme / 100, mask=~valued),
        "limit_value": pa.array(limit / 100, mask=~valued),
        "margin": pa.array(np.abs(extreme - limit) / 100, mask=~valued),
    }


def _durations(records: Records) -> pa.Array:
    """Yield start to clear in seconds, where an episode ended by itself."""
    told = np.isin(records["cleared_by"], (RECOVERY, DEVICE_END))
    length = np.where(told, records["cleared_us"], 0) - np.where(told, records["started_us"], 0)
    return pa.array(length / 1_000_000, mask=~told)


def _instants(us: Int64s) -> pa.Array:
    return pa.array(us, mask=us == NEVER).cast(_TIMESTAMP)


def _pick(words: tuple[str, ...], codes: npt.NDArray[np.int32]) -> pa.Array:
    """Yield the word of each code; -1 is null."""
    return pa.array(words, pa.string()).take(pa.array(codes, mask=codes < 0))


def is_valued(records: Records) -> Bools:
    """Tell which episodes have an extreme value and a limit: those of alarms that look at a number."""
    kind = np.minimum(records["kind"], len(_VALUED) - 1)
    valued: Bools = (records["limit"] != NULL) & _VALUED[kind]
    return valued


def read_subjects(rows: pa.Table, pool: StringPool) -> tuple[Int64s, Int64s]:
    """Yield the subject and own device of rows with EPISODE's columns: what :func:`episode_table` wrote of them."""
    subject = rows["subject"]
    of_device = pc.equal(rows["origin"], "device")
    other = pc.and_(of_device, pc.equal(rows["alert_type"], OTHER))
    nothing = pa.scalar(None, pa.string())
    code = pc.replace_substring_regex(subject, "(?s)^.* ", "")
    before_code = pc.if_else(
        pc.equal(code, subject), nothing, pc.replace_substring_regex(subject, "(?s) [^ ]*$", "")
    )
    subjects = pc.if_else(other, code, pc.if_else(of_device, nothing, subject))
    own = pc.if_else(other, before_code, pc.if_else(of_device, subject, nothing))
    return pool.encode(subjects), pool.encode(own)
