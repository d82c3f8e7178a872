"""The change log of alerts: what differs between the episodes that were told and those that hold now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.alert_types import ALERT_TYPES, CLEARED_BY
from vitalake.domain.vitals import NULL, PRIORITIES
from vitalake.silver.episodes import (
    ACTIVE,
    EPISODE_RECORD,
    NAMES,
    Episodes,
    episode_table,
    is_valued,
    no_episodes,
    read_subjects,
)
from vitalake.silver.holds import NEVER
from vitalake.silver.kernel import Bools, Int32s, Int64s, Records
from vitalake.silver.records import copy_records, join_records
from vitalake.silver.strings import NONE, StringPool
from vitalake.silver.tables import SILVER_ALERT_CHANGES
from vitalake.silver.timeline import hundredths

CHANGES: Final = ("raised", "escalated", "cleared", "revised", "retracted")
_RAISED, _ESCALATED, _CLEARED, _REVISED, _RETRACTED = range(len(CHANGES))
ORIGINS: Final = ("physiological", "device", "technical")
_TEXTS: Final = {
    "raising": "raising_event_id",
    "clearing": "clearing_event_id",
    "ward": "ward",
    "bed": "bed",
    "device_name": "device_id",
    "code": "alert_code",
    "text": "alert_text",
}
"""The columns of EPISODE that hold the texts of an episode's record."""
_FIXED: Final = ("raised_us", "raising", "ward", "bed", "device_name", "code", "text")
"""What never changes in an episode unless history does."""


@dataclass(frozen=True)
class Told:
    """Episodes with their origin (index of ORIGINS) and the revision in which they were last told."""

    records: Records
    origin: Int32s
    revision: Int32s

    @classmethod
    def nothing(cls) -> Told:
        """Yield no episodes."""
        return cls(np.zeros(0, EPISODE_RECORD), np.zeros(0, np.int32), np.zeros(0, np.int32))

    @classmethod
    def of(cls, parts: list[Episodes]) -> Told:
        """Yield episodes that were not told yet."""
        records = join_records([np.zeros(0, EPISODE_RECORD), *(part.records for part in parts)])
        unvalued = ~is_valued(records)
        records["extreme"][unvalued] = NULL
        records["limit"][unvalued] = NULL
        origin = np.repeat([ORIGINS.index(part.origin) for part in parts], [len(part) for part in parts])
        return cls(records, origin.astype(np.int32), np.zeros(len(records), np.int32))

    def take(self, rows: Int64s | Bools) -> Told:
        """Yield some of them."""
        at = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Told(self.records.take(at), self.origin[at], self.revision[at])

    def recode(self, old: StringPool, new: StringPool) -> None:
        """Move the codes from one pool to another."""
        for name in NAMES:
            self.records[name] = new.encode(old.decode(self.records[name]))

    def keys(self) -> Int64s:
        """Yield what names each episode, a row each."""
        r = self.records
        kind = self.origin.astype(np.int64) * 1000 + r["kind"]
        return np.stack([r["patient"], kind, r["own_device"], r["subject"], r["started_us"]], axis=1).reshape(
            -1, 5
        )


def join(parts: list[Told]) -> Told:
    """Yield the episodes of all parts."""
    return Told(
        join_records([part.records for part in parts]),
        np.concatenate([part.origin for part in parts]),
        np.concatenate([part.revision for part in parts]),
    )


def read_told(rows: pa.Table, places: Int64s, pool: StringPool) -> Told:
    """Yield episodes from rows with EPISODE's columns and ``revision``; ``places`` are their patients'."""
    records = no_episodes(rows.num_rows)
    records["patient"] = places
    for name in ("started", "raised", "escalated", "cleared"):
        us = rows[f"{name}_at"].cast(pa.int64())
        records[f"{name}_us"] = pc.fill_null(us, NEVER).to_numpy()
    for name, column in _TEXTS.items():
        records[name] = pool.encode(rows[column])
    words = {"kind": ("alert_type", ALERT_TYPES), "priority": ("priority", PRIORITIES)}
    for name, (column, vocabulary) in (words | {"cleared_by": ("cleared_by", CLEARED_BY)}).items():
        found = pc.index_in(rows[column], pa.array(vocabulary))
        records[name] = pc.fill_null(found, ACTIVE).to_numpy()
    records["extreme"] = hundredths(rows["extreme_value"])
    records["limit"] = hundredths(rows["limit_value"])
    origin = pc.index_in(rows["origin"], pa.array(ORIGINS)).to_numpy().astype(np.int32)
    records["subject"], records["own_device"] = read_subjects(rows, pool)
    return Told(records, origin, rows["revision"].to_numpy().astype(np.int32))


@dataclass(frozen=True)
class Changes:
    """One row a change: the episode as it is told, what changed, when."""

    told: Told
    change: Int32s
    at_us: Int64s

    def __len__(self) -> int:
        """How many changes there are."""
        return len(self.change)

    def table(self, patients: pa.Array, pool: StringPool, policy: str, batch: int, seq: int) -> pa.Table:
        """Yield the rows of silver_alert_changes, numbered from ``seq`` on, each patient's in order."""
        r = self.told.records
        order = np.lexsort((self.told.revision, r["kind"], self.at_us, r["patient"]))
        told = self.told.take(order)
        episodes = _rows(told, patients, pool, policy)
        n = len(order)
        columns = {name: episodes[name] for name in episodes.column_names} | {
            "seq": pa.array(np.arange(seq, seq + n), pa.int64()),
            "revision": pa.array(told.revision, pa.int32()),
            "change": pa.array(CHANGES).take(pa.array(self.change[order])),
            "batch": pa.repeat(pa.scalar(batch, pa.int64()), n),
        }
        return pa.table(columns, schema=SILVER_ALERT_CHANGES.schema)


def compare(told: Told, now: Told, retracted: Told, stale: Bools | None = None) -> tuple[Changes, Told, Told]:
    """Yield the changes that lead from ``told`` to ``now``, ``now`` with its revisions, and what was retracted.

    An episode that comes back goes on from the revision of its retraction; one that is ``stale`` is revised anyway.
    """
    before, after = _match(told, now)
    both = (before >= 0) & (after >= 0)
    revision = np.zeros(len(now.records), np.int32)
    revision[after[both]] = told.revision[before[both]]
    dead, alive = _match(retracted, now)
    back = (dead >= 0) & (alive >= 0)
    revision[alive[back]] = np.maximum(revision[alive[back]], retracted.revision[dead[back]])
    now = Told(now.records, now.origin, revision)
    new = np.sort(after[before < 0])
    gone = told.take(np.sort(before[after < 0]))
    anyway = np.zeros(len(told.origin), bool) if stale is None else stale
    steps = [*_raised(now, new), *_moved(told, now, (before[both], after[both]), anyway)]
    rows: list[tuple[Told, Int32s, Int64s]] = []
    for places, records, change in steps:
        now.revision[places] += 1
        at = _instant(records, change)
        rows.append((Told(records, now.origin[places], now.revision[places]), _repeat(change, places), at))
    gone = Told(gone.records, gone.origin, gone.revision + 1)
    rows.append((gone, _repeat(_RETRACTED, gone.origin), gone.records["raised_us"].copy()))
    changes = Changes(
        join([row[0] for row in rows]),
        np.concatenate([row[1] for row in rows]),
        np.concatenate([row[2] for row in rows]),
    )
    return changes, now, gone


def tell_difference(log: pa.Table, now: pa.Table, policy: str, batch: int, seq: int) -> pa.Table:
    """Yield the rows of silver_alert_changes, numbered from ``seq`` on, that lead from a log to other alerts.

    Of the log the last row of each alert is taken; what it told by another policy than ``policy`` is revised.
    """
    patients = pa.concat_arrays([rows["patient_id"].combine_chunks() for rows in (log, now)]).unique()
    pool = StringPool()
    told, known = (
        read_told(rows, pc.index_in(rows["patient_id"], patients).to_numpy(), pool) for rows in (log, now)
    )
    retracted = pc.equal(log["change"], CHANGES[_RETRACTED]).to_numpy()
    stale = pc.not_equal(log["policy_version"], policy).to_numpy()
    changes, _, _ = compare(told.take(~retracted), known, told.take(retracted), stale=stale[~retracted])
    return changes.table(patients, pool, policy, batch, seq)


def _match(told: Told, now: Told) -> tuple[Int64s, Int64s]:
    """Yield, for each episode known on either side, its place on both; -1 where it is not there."""
    keys = np.concatenate([told.keys(), now.keys()])
    if not len(keys):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    n = len(told.records)
    order = np.lexsort(keys.T)
    group = np.zeros(len(keys), np.int64)
    group[order[1:]] = np.cumsum((keys[order[1:]] != keys[order[:-1]]).any(axis=1))
    before = np.full(group.max() + 1, -1, np.int64)
    after = before.copy()
    before[group[:n]] = np.arange(n)
    after[group[n:]] = np.arange(len(group) - n)
    return before, after


def _raised(now: Told, new: Int64s) -> list[tuple[Int64s, Records, int]]:
    """Yield the steps of episodes not told before: raised, and escalated and cleared where they are."""
    records = now.records.take(new)
    escalated, cleared = records["escalated_us"] != NEVER, records["cleared_us"] != NEVER
    first = _not_cleared(records)
    first["escalated_us"] = NEVER
    steps = [(new, first, _RAISED)]
    steps.append((new[escalated], _not_cleared(records.compress(escalated)), _ESCALATED))
    steps.append((new[cleared], records.compress(cleared), _CLEARED))
    return [step for step in steps if len(step[0])]


def _moved(
    told: Told, now: Told, places: tuple[Int64s, Int64s], stale: Bools
) -> list[tuple[Int64s, Records, int]]:
    """Yield the steps of episodes told before that differ now."""
    before, after = places
    old, new = told.records.take(before), now.records.take(after)
    differs = stale[before]
    for name in EPISODE_RECORD.names or ():
        if name != "patient":
            differs |= old[name] != new[name]
    old, new, after = old.compress(differs), new.compress(differs), after[differs]
    rewritten = np.zeros(len(after), bool)
    for name in _FIXED:
        rewritten |= old[name] != new[name]
    was_cleared = old["cleared_us"] != NEVER
    for name in ("cleared_us", "cleared_by", "clearing"):
        rewritten |= was_cleared & (old[name] != new[name])
    moved_up = (new["escalated_us"] != old["escalated_us"]) & (new["priority"] > old["priority"])
    moved_up &= new["escalated_us"] > np.maximum(old["escalated_us"], old["raised_us"])
    rewritten |= ~moved_up & (
        (old["escalated_us"] != new["escalated_us"]) | (old["priority"] != new["priority"])
    )
    cleared = ~was_cleared & (new["cleared_us"] != NEVER) & ~rewritten
    moved_up &= ~rewritten
    revised = ~moved_up & ~cleared
    steps = [
        (after[revised], new[revised], _REVISED),
        (
            after[moved_up],
            np.where(cleared[moved_up], _not_cleared(new[moved_up]), new[moved_up]),
            _ESCALATED,
        ),
        (after[cleared], new[cleared], _CLEARED),
    ]
    return [step for step in steps if len(step[0])]


def _not_cleared(records: Records) -> Records:
    """Yield the episodes as they were before they ended."""
    active = copy_records(records)
    active["cleared_us"] = NEVER
    active["cleared_by"] = ACTIVE
    active["clearing"] = NONE
    return active


def _instant(records: Records, change: int) -> Int64s:
    """Yield when the change happened, by the episode's own times."""
    if change == _RAISED:
        at: Int64s = records["raised_us"]
    elif change == _ESCALATED:
        at = records["escalated_us"]
    elif change == _CLEARED:
        at = records["cleared_us"]
    else:
        at = np.maximum(np.maximum(records["raised_us"], records["escalated_us"]), records["cleared_us"])
    return at


def _repeat(change: int, like: Int64s | Int32s) -> Int32s:
    return np.full(len(like), change, np.int32)


def _rows(told: Told, patients: pa.Array, pool: StringPool, policy: str) -> pa.Table:
    """Yield the episodes as rows, in order."""
    parts, places = [], []
    for number, origin in enumerate(ORIGINS):
        rows = np.flatnonzero(told.origin == number)
        parts.append(episode_table(Episodes(origin, told.records.take(rows)), patients, pool, policy))
        places.append(rows)
    back = np.argsort(np.concatenate(places), kind="stable")
    return pa.concat_tables(parts).take(pa.array(back))
