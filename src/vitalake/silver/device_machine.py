"""The episodes that a patient's devices hold open, and what a word does to them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from vitalake.domain.device_alarms import STATES
from vitalake.domain.vitals import HOUR_US
from vitalake.silver.alarm_state import BED, DEVICE, WARD
from vitalake.silver.holds import NEVER
from vitalake.silver.kernel import Int64s, Records, kernel, record
from vitalake.silver.strings import NONE

TIMEOUT_US: Final = HOUR_US
"""An episode without a word for this long is over."""

NAMES: Final = ("own_device", "device_name", "subject", "code", "text", "ward", "bed", "raising", "clearing")
"""The fields of a record that hold string codes."""

DEVICE_STATE: Final = record(
    ("owner", np.int64),
    *((name, np.int64) for name in NAMES),
    ("raised_us", np.int64),
    ("escalated_us", np.int64),
    ("word_us", np.int64),
    ("ended_us", np.int64),
    ("kind", np.int32),
    ("priority", np.int32),
)
"""One episode that is open, or ended at the patient's last instant (``ended_us``; NEVER while it is open).

``owner`` is the index of its patient (of its snapshot in snapshots), ``kind`` that of ALERT_TYPES, ``word_us`` the
latest word's instant, ``subject`` the code of an `other` as it compares; ``device_name`` is ``own_device``, where the
word had none the latest known one.
"""

WORD: Final = record(
    ("row", np.int64),
    ("own_device", np.int64),
    ("subject", np.int64),
    ("code", np.int64),
    ("text", np.int64),
    ("kind", np.int32),
    ("state", np.int32),
    ("priority", np.int32),
    ("fallback", np.int32),
)
"""One row with an alert; ``priority`` is -1 where none was sent, ``fallback`` what then counts at a raise."""

_END_WORD: Final = STATES.index("end")
_POINT: Final = STATES.index("point")


@kernel
def drop_over(current: Records, m: int, now_us: int, ended: Records, n_ended: int) -> tuple[int, int]:
    """Move what was over before an instant to ``ended``; yield how many there are now in each."""
    kept = 0
    for j in range(m):
        ended_us = current[j].ended_us
        over_us = current[j].word_us + TIMEOUT_US if ended_us == NEVER else ended_us
        if over_us < now_us:
            ended[n_ended] = current[j]
            n_ended += 1
        else:
            current[kept] = current[j]
            kept += 1
    return n_ended, kept


@kernel
def hear(current: Records, m: int, word: Any, now_us: int, patient: int) -> int:
    """Let a word raise, keep, reopen or end its episode; yield how many are held now."""
    j = 0
    while j < m and not _is_of(current[j], word):
        j += 1
    if word.state == _END_WORD:
        if j < m and current[j].ended_us == NEVER:
            _end(current[j], word, now_us)
        return m
    if j == m:
        _raise(current[j], word, now_us, patient)
        m += 1
    else:
        _keep(current[j], word, now_us)
    if word.state == _POINT:
        _end(current[j], word, now_us)
    return m


@kernel
def _is_of(episode: Any, word: Any) -> bool:
    """Tell whether a word speaks of an episode."""
    return bool(
        episode.own_device == word.own_device
        and episode.kind == word.kind
        and episode.subject == word.subject
    )


@kernel
def _raise(episode: Any, word: Any, now_us: int, patient: int) -> None:
    episode.owner = patient
    episode.own_device = word.own_device
    episode.device_name = word.own_device
    episode.subject = word.subject
    episode.code = word.code
    episode.text = word.text
    episode.ward = NONE
    episode.bed = NONE
    episode.raising = -2 - word.row
    episode.clearing = NONE
    episode.raised_us = now_us
    episode.escalated_us = NEVER
    episode.word_us = now_us
    episode.ended_us = NEVER
    episode.kind = word.kind
    episode.priority = word.priority if word.priority >= 0 else word.fallback


@kernel
def _keep(episode: Any, word: Any, now_us: int) -> None:
    """Keep an episode open; a higher priority than its own escalates it, from the raise's instant on."""
    episode.word_us = now_us
    episode.ended_us = NEVER
    episode.clearing = NONE
    if word.priority > episode.priority:
        episode.priority = word.priority
        if now_us > episode.raised_us:
            episode.escalated_us = now_us


@kernel
def _end(episode: Any, word: Any, now_us: int) -> None:
    episode.word_us = now_us
    episode.ended_us = now_us
    episode.clearing = -2 - word.row


@kernel
def note_place(current: Records, m: int, now_us: int, place: Int64s, i: int) -> None:
    """Note ward and bed of what is raised at an instant, as known after its last event."""
    for j in range(m):
        if current[j].raised_us == now_us:
            current[j].ward = place[WARD, i]
            current[j].bed = place[BED, i]
            if current[j].own_device == NONE:
                current[j].device_name = place[DEVICE, i]


@kernel
def copy_to(current: Records, m: int, to: Records, n: int, owner: int) -> int:
    """Append what is held to the ``n`` records of ``to``, as the owner's; yield how many there are then."""
    for j in range(m):
        to[n + j] = current[j]
        to[n + j].owner = owner
    return n + m
