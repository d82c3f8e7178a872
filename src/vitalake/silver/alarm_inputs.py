"""Taking one event into the alarms' state: its vitals, scores, therapy and place."""

from __future__ import annotations

from typing import Any, Final

from vitalake.domain.alert_types import SCORES
from vitalake.domain.vitals import SCORE_HOLD_US
from vitalake.silver.alarm_state import DEVICE, WARD
from vitalake.silver.holds import NEVER, chart, keep_beat, let_go, monitored_hold_us, take_hold
from vitalake.silver.kernel import Int8s, Int64s, kernel
from vitalake.silver.signals import ALL_BITS, FEEDS, IS_PRESSURE, N_VITALS, SCORE_BITS, SPO2_BIT
from vitalake.silver.strings import NONE
from vitalake.silver.timeline import UNKNOWN

CODES: Final = (*SCORES, "news2_known", "on_oxygen", "spo2_scale")
_KNOWN, _OXYGEN, _SCALE = (CODES.index(name) for name in ("news2_known", "on_oxygen", "spo2_scale"))
"""The codes of a row, in the order of their array; the first three are held as scores."""


@kernel
def forget_context(state: Any, now_us: int) -> None:
    """Empty what is no longer known at an instant; that limits changed is told by ``due_us``."""
    for k in range(DEVICE + 1):
        if state.place_until_us[k] <= now_us:
            state.place[k] = NONE
            state.place_until_us[k] = NEVER
    if state.oxygen_until_us <= now_us:
        state.oxygen = UNKNOWN
        state.oxygen_until_us = NEVER
    if state.scale_until_us <= now_us:
        state.scale = UNKNOWN
        state.scale_until_us = NEVER


@kernel
def take_context(
    state: Any,
    i: int,
    codes: Int8s,
    therapy_until_us: Int64s,
    place: Int64s,
    place_until_us: Int64s,
) -> None:
    """Note scores, therapy and place as of row ``i``."""
    if place[WARD, i] != state.place[WARD]:
        state.touched |= ALL_BITS
    for k in range(DEVICE + 1):
        state.place[k] = place[k, i]
        state.place_until_us[k] = place_until_us[k, i] if place[k, i] != NONE else NEVER
    if codes[_OXYGEN, i] != state.oxygen or codes[_SCALE, i] != state.scale:
        state.touched |= SPO2_BIT
    state.oxygen = codes[_OXYGEN, i]
    state.scale = codes[_SCALE, i]
    state.known = codes[_KNOWN, i]
    state.oxygen_until_us = therapy_until_us[0, i] if state.oxygen >= 0 else NEVER
    state.scale_until_us = therapy_until_us[1, i] if state.scale >= 0 else NEVER
    _take_scores(state, i, codes)


@kernel
def _take_scores(state: Any, i: int, codes: Int8s) -> None:
    """Hold the scores of row ``i`` until the patient's next event, or 12 h."""
    state.event[N_VITALS] = -2 - i
    for k in range(len(SCORES)):
        if codes[k, i] < 0:
            let_go(state.holds[N_VITALS + k])
        else:
            until = state.last_us + SCORE_HOLD_US
            take_hold(state.holds[N_VITALS + k], int(codes[k, i]) * 100, until, False, False)
    state.touched |= SCORE_BITS


@kernel
def reject_value(state: Any, k: int, now_us: int, arterial: bool) -> None:
    """End the hold of a rejected value."""
    hold = state.holds[k]
    if IS_PRESSURE[k] and not arterial and hold.arterial == 1 and now_us < hold.until_us:
        return
    let_go(hold)
    state.event[k] = NONE
    state.touched |= FEEDS[k]


@kernel
def take_value(
    state: Any,
    k: int,
    i: int,
    value: int,
    charted: bool,
    arterial: bool,
    age_us: int,
) -> None:
    """Put the value of row ``i`` in force; a cuff reading changes nothing while an arterial one is."""
    hold = state.holds[k]
    now = state.last_us
    cuff = IS_PRESSURE[k] and not arterial
    if cuff and hold.arterial == 1 and now < hold.until_us:
        return
    at_once = charted or cuff
    if not at_once:
        keep_beat(state.beats[k], now)
    until = now + (age_us if at_once else monitored_hold_us(state.beats[k], k))
    take_hold(hold, chart(value, k), until, at_once, IS_PRESSURE[k] and arterial)
    state.event[k] = -2 - i
    state.touched |= FEEDS[k]
