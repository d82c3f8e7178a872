"""Device alarms: the words of bedside devices in time order -> alert episodes.

An episode is per patient, device and type (of `other`: and code).  A word raises or keeps it, `end` clears it, `point`
does both at once, and an hour without a word clears it by timeout.  A state holds what is open after an instant, and
what ended at that very instant, which a later word of the same instant reopens.  docs/alerts.md has the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.alert_types import ALERT_TYPES, DEVICE_END, OTHER, TIMEOUT
from vitalake.domain.device_alarms import DEFAULT_PRIORITY, STATES, DeviceAlarms, as_compared
from vitalake.domain.vitals import PRIORITIES
from vitalake.silver.alarm_machine import FOREVER
from vitalake.silver.context import Context
from vitalake.silver.device_machine import (
    DEVICE_STATE,
    NAMES,
    TIMEOUT_US,
    WORD,
    copy_to,
    drop_over,
    hear,
    note_place,
)
from vitalake.silver.episodes import Episodes, no_episodes, with_room
from vitalake.silver.holds import NEVER
from vitalake.silver.kernel import Int32s, Int64s, Records, kernel
from vitalake.silver.strings import NONE, StringPool
from vitalake.silver.timeline import Timeline

__all__ = [
    "DEVICE_STATE",
    "NAMES",
    "DeviceFold",
    "advance_devices",
    "devices_due_at",
    "fold_devices",
    "nothing_held",
]

ORIGIN: Final = "device"
_OTHER: Final = ALERT_TYPES.index(OTHER)
_SAME: Final = (*NAMES, "raised_us", "escalated_us", "kind", "priority")


@dataclass(frozen=True)
class DeviceFold:
    """What ended, what is held after each patient's last row, and what was held after the rows a timeline marks.

    Records are in the order of their owners: the timeline's patients, in ``snapshots`` its snapshots.
    """

    episodes: Episodes
    held: Records
    snapshots: Records


def nothing_held() -> Records:
    """Yield the state in which no device alarm is open."""
    held: Records = np.zeros(0, DEVICE_STATE)
    return held


def fold_devices(
    timeline: Timeline, context: Context, held: Records, alarms: DeviceAlarms, pool: StringPool
) -> DeviceFold:
    """Yield what ended, going on from the records ``held`` (in the order of the timeline's patients).

    Event codes are fresh (``-2 - row``) where a row of this timeline set them.
    """
    words = _read_words(timeline, alarms, pool)
    held_starts = np.searchsorted(held["owner"], np.arange(len(timeline.patients) + 1)).astype(np.int64)
    ended, last, snapshots = _fold_words(
        timeline.starts,
        timeline.time_us,
        timeline.snapshot,
        context.place,
        words,
        held,
        held_starts,
        nothing_held(),
    )
    return DeviceFold(_episodes(ended), last, snapshots)


def advance_devices(held: Records, until_us: Int64s) -> tuple[Episodes, Episodes]:
    """Yield what has ended by each patient's time (``until_us[patient]``), and what is open then; ``held`` stays."""
    now = until_us[held["owner"]]
    over = (held["ended_us"] != NEVER) | (held["word_us"] + TIMEOUT_US <= now)
    return _episodes(held.compress(over)), _episodes(held.compress(~over), still_open=True)


def devices_due_at(held: Records, patients: int) -> Int64s:
    """Yield when the next open episode of each patient times out; FOREVER where none is open."""
    due = np.full(patients, FOREVER, np.int64)
    is_open = held["ended_us"] == NEVER
    np.minimum.at(due, held["owner"][is_open], held["word_us"][is_open] + TIMEOUT_US)
    return due


def _episodes(held: Records, *, still_open: bool = False) -> Episodes:
    """Yield records as episodes: ended by word or, where none ended them, by timeout."""
    records = no_episodes(len(held))
    for name in _SAME:
        records[name] = held[name]
    records["patient"] = held["owner"]
    records["started_us"] = held["raised_us"]
    if not still_open:
        by_word = held["ended_us"] != NEVER
        records["cleared_us"] = np.where(by_word, held["ended_us"], held["word_us"] + TIMEOUT_US)
        records["cleared_by"] = np.where(by_word, DEVICE_END, TIMEOUT)
    return Episodes(ORIGIN, records)


def _read_words(timeline: Timeline, alarms: DeviceAlarms, pool: StringPool) -> Records:
    rows = np.flatnonzero(timeline.table["alert_code"].is_valid().to_numpy())
    table = timeline.table.select(["alert_code", "alert_state", "alert_priority", "alert_text"]).take(
        pa.array(rows)
    )
    encoded = pc.dictionary_encode(table["alert_code"].combine_chunks())
    of_row = encoded.indices.to_numpy()
    distinct = encoded.dictionary.to_pylist()
    meanings = [alarms.meaning(code) for code in distinct]
    fallbacks = [PRIORITIES.index(m.priority or DEFAULT_PRIORITY) for m in meanings]
    subjects = pool.encode(pa.array([as_compared(code) for code in distinct], pa.string()))
    words: Records = np.zeros(len(rows), WORD)
    words["row"] = rows
    words["own_device"] = timeline.device[rows]
    words["kind"] = np.array([ALERT_TYPES.index(m.alert_type) for m in meanings], np.int32)[of_row]
    words["fallback"] = np.array(fallbacks, np.int32)[of_row]
    words["subject"] = np.where(words["kind"] == _OTHER, subjects[of_row], NONE)
    words["code"] = pool.encode(table["alert_code"])
    words["text"] = pool.encode(table["alert_text"])
    words["state"] = _index(table["alert_state"], STATES)
    words["priority"] = _index(table["alert_priority"], PRIORITIES)
    return words


def _index(words: pa.ChunkedArray, vocabulary: tuple[str, ...]) -> Int32s:
    found = pc.fill_null(pc.index_in(words, pa.array(vocabulary)), -1)
    indices: Int32s = found.to_numpy().astype(np.int32)
    return indices


@kernel
def _fold_words(
    starts: Int64s,
    time_us: Int64s,
    snapshot: Int32s,
    place: Int64s,
    words: Records,
    held: Records,
    held_starts: Int64s,
    empty: Records,
) -> tuple[Records, Records, Records]:
    ended, last, kept, current = empty, empty, empty, empty
    n_ended = n_last = n_kept = w = 0
    for patient in range(len(starts) - 1):
        m = int(held_starts[patient + 1] - held_starts[patient])
        current = with_room(current, 0, m)
        current[:m] = held[held_starts[patient] : held_starts[patient + 1]]
        for i in range(starts[patient], starts[patient + 1]):
            heard = w < len(words) and words[w].row == i
            if m == 0 and not heard:
                continue
            ended = with_room(ended, n_ended, m)
            n_ended, m = drop_over(current, m, time_us[i], ended, n_ended)
            if heard:
                current = with_room(current, m, 1)
                m = hear(current, m, words[w], time_us[i], patient)
                w += 1
            note_place(current, m, time_us[i], place, i)
            if snapshot[i] >= 0:
                kept = with_room(kept, n_kept, m)
                n_kept = copy_to(current, m, kept, n_kept, snapshot[i])
        last = with_room(last, n_last, m)
        n_last = copy_to(current, m, last, n_last, patient)
    return ended[:n_ended], last[:n_last], kept[:n_kept]
