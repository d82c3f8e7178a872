"""How long a value holds: until the next one of its vital, or the end of its hold.

A spot or manual value holds for its maximum age. A monitored one holds for three beats of its signal, where the beat
is the longest of the last three intervals between instants with a valid monitored value: a probe that falls off must
not leave an alarm standing.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from vitalake.domain.rules import Rules
from vitalake.domain.vitals import HOUR_US, MINUTE_US, NULL, VITALS
from vitalake.silver.kernel import Int64s, Records, kernel, record
from vitalake.silver.strings import NONE

NEVER: Final = -(2**63)
"""The instant of what is not there: before all others."""

HOLD: Final = record(("until_us", np.int64), ("value", np.int32), ("at_once", np.int8), ("arterial", np.int8))
"""What is in force: a charted value in hundredths, until when, whether spot or manual (it reaches a limit at once)."""

BEAT: Final = record(("last_us", np.int64), ("gap_us", np.int64, (3,)))
"""A signal's rhythm: the last instant with a valid monitored value, and the last three intervals (0: none)."""

_LONGEST_GAP_US: Final = HOUR_US
_SHORTEST_HOLD_US: Final = MINUTE_US // 2
_SLOW: Final = "temperature"
_LONGEST_HOLD_US: Final = np.array([HOUR_US if v.name == _SLOW else 15 * MINUTE_US for v in VITALS], np.int64)
_UNKNOWN_BEAT_US: Final = np.array([HOUR_US if v.name == _SLOW else 2 * MINUTE_US for v in VITALS], np.int64)
_IS_FINE: Final = np.array([v.resolution < 1 for v in VITALS])
"""Whether a nurse charts it in tenths, else in units."""


def charted_ages(rules: Rules) -> Int64s:
    """Yield the maximum age of a spot or manual value of each vital, in microseconds."""
    return np.array([rules.age_us(vital.name, charted=True) for vital in VITALS], np.int64)


def empty_holds(n: int) -> Records:
    """Yield holds in which nothing is in force."""
    holds: Records = np.zeros(n, HOLD)
    holds["until_us"] = NEVER
    holds["value"] = NULL
    return holds


def empty_beats(n: int) -> Records:
    """Yield beats of signals never seen."""
    beats: Records = np.zeros(n, BEAT)
    beats["last_us"] = NEVER
    return beats


@kernel
def chart(value: int, vital: int) -> int:
    """Yield hundredths rounded half up to the vital's resolution."""
    if _IS_FINE[vital]:
        return (value + 5) // 10 * 10
    return (value + 50) // 100 * 100


@kernel
def keep_beat(beat: Any, now_us: int) -> None:
    """Note an instant with a valid monitored value; a longer gap than an hour starts anew."""
    if beat.last_us == now_us:
        return
    if beat.last_us != NEVER:
        if now_us - beat.last_us > _LONGEST_GAP_US:
            forget_beat(beat)
        else:
            beat.gap_us[0] = beat.gap_us[1]
            beat.gap_us[1] = beat.gap_us[2]
            beat.gap_us[2] = now_us - beat.last_us
    beat.last_us = now_us


@kernel
def forget_beat(beat: Any) -> None:
    """Take a signal for one never seen."""
    beat.last_us = NEVER
    for g in range(3):
        beat.gap_us[g] = 0


@kernel
def monitored_hold_us(beat: Any, vital: int) -> int:
    """Yield how long a monitored value holds."""
    longest = max(beat.gap_us[0], beat.gap_us[1], beat.gap_us[2])
    if longest == 0:
        return int(_UNKNOWN_BEAT_US[vital])
    return int(min(max(3 * longest, _SHORTEST_HOLD_US), _LONGEST_HOLD_US[vital]))


@kernel
def let_go(hold: Any) -> None:
    """Take a value out of force."""
    hold.until_us = NEVER
    hold.value = NULL
    hold.at_once = 0
    hold.arterial = 0


@kernel
def let_go_stale(holds: Any, beats: Any, event: Any, now_us: int) -> None:
    """Empty what no longer matters at an instant, so that equal meaning is equal bytes."""
    for k in range(len(beats)):
        if holds[k].until_us <= now_us and holds[k].until_us != NEVER:
            let_go(holds[k])
            event[k] = NONE
        if beats[k].last_us != NEVER and now_us - beats[k].last_us > _LONGEST_GAP_US:
            forget_beat(beats[k])


@kernel
def take_hold(hold: Any, value: int, until_us: int, at_once: bool, arterial: bool) -> None:
    """Put a value in force."""
    hold.value = value
    hold.until_us = until_us
    hold.at_once = 1 if at_once else 0
    hold.arterial = 1 if arterial else 0
