"""Judging an instant: which alarms are raised, escalate or clear there, and when time alone calls for the next look."""

from __future__ import annotations

from typing import Any, Final

from vitalake.domain.alert_types import EXPIRY, RECOVERY
from vitalake.silver.alarm_machine import FOREVER, IDLE, next_reach_us, reach, rest, watch
from vitalake.silver.alarm_state import BED, CONTEXT, DEVICE, RAISING, WARD
from vitalake.silver.holds import NEVER
from vitalake.silver.kernel import Int64s, Records, kernel
from vitalake.silver.signals import COUNTED, FALLBACK, FIRST_ALARM, N_SIGNALS, N_VITALS, PRIMARY, SIGN
from vitalake.silver.strings import NONE
from vitalake.silver.timeline import UNKNOWN

USED, CHANGES = range(2)
"""The two numbers of a tally: records written, and raises, escalations and clears seen."""

_TREATED: Final = 2
"""NEWS2 SpO2 scale 2."""


@kernel
def judge(
    state: Any, now_us: int, patient: int, table: Records, wards: Int64s, out: Records, tally: Int64s
) -> None:
    """Judge every signal that an instant may have changed; ``out`` has room for an episode of each alarm."""
    everything = state.due_us[CONTEXT] <= now_us
    touched = state.touched if now_us == state.last_us else 0
    regime = table[_ward_row(state, now_us, wards), _therapy(state, now_us)]
    for s in range(N_SIGNALS):
        if not everything and (touched >> s) & 1 == 0 and state.due_us[s] > now_us:
            continue
        h = _in_force(state, s, now_us)
        state.due_us[s] = _switch_us(state, s, h)
        if (state.stirred >> s) & 1 or (h >= 0 and not _is_quiet(regime, s, state.holds[h].value)):
            _judge_signal(state, s, h, now_us, patient, regime, out, tally)
    state.due_us[CONTEXT] = _context_due_us(state, now_us, wards)


@kernel
def next_due_us(state: Any) -> int:
    """Yield the next instant at which time alone calls for judging."""
    soonest = FOREVER
    for s in range(N_SIGNALS + 1):
        soonest = min(soonest, state.due_us[s])
    return soonest


@kernel
def place_at(state: Any, k: int, now_us: int) -> int:
    """Yield the ward, bed or device known at an instant."""
    return int(state.place[k]) if now_us < state.place_until_us[k] else NONE


@kernel
def _ward_row(state: Any, now_us: int, wards: Int64s) -> int:
    """Yield the row of the limits in force."""
    if len(wards) == 0:
        return 0
    ward = place_at(state, WARD, now_us)
    for w in range(len(wards)):
        if wards[w] == ward:
            return w + 1
    return 0


@kernel
def _therapy(state: Any, now_us: int) -> int:
    """Yield the index of THERAPIES in force."""
    scale = state.scale if now_us < state.scale_until_us else UNKNOWN
    return therapy_of(scale, state.oxygen if now_us < state.oxygen_until_us else UNKNOWN)


@kernel
def therapy_of(scale: int, oxygen: int) -> int:
    """Yield the index of THERAPIES under a scale (-1 unknown, 1, 2) and oxygen (-1, 0, 1)."""
    if scale != _TREATED:
        return 0
    return 2 if oxygen == 1 else 1


@kernel
def _context_due_us(state: Any, now_us: int, wards: Int64s) -> int:
    """Yield when ward, scale or oxygen runs out and other limits come into force."""
    due = FOREVER
    if _ward_row(state, now_us, wards) > 0:
        due = min(due, state.place_until_us[WARD])
    therapy = _therapy(state, now_us)
    if therapy > 0:
        due = min(due, state.scale_until_us)
    if therapy > 1:
        due = min(due, state.oxygen_until_us)
    return due


@kernel
def _in_force(state: Any, s: int, now_us: int) -> int:
    """Yield the hold that a signal follows at an instant, -1 for none."""
    if now_us < state.holds[PRIMARY[s]].until_us:
        return int(PRIMARY[s])
    if FALLBACK[s] >= 0 and now_us < state.holds[FALLBACK[s]].until_us:
        return int(FALLBACK[s])
    return -1


@kernel
def _is_quiet(regime: Any, s: int, value: int) -> bool:
    """Tell whether a value breaks no limit of its signal."""
    return bool(regime.low[s] <= value <= regime.high[s])


@kernel
def _switch_us(state: Any, s: int, h: int) -> int:
    """Yield when the fallback of a signal takes over, which may break a limit."""
    f = FALLBACK[s]
    if f < 0 or h != PRIMARY[s] or state.holds[f].until_us <= state.holds[h].until_us:
        return FOREVER
    return int(state.holds[h].until_us)


@kernel
def _judge_signal(
    state: Any, s: int, h: int, now_us: int, patient: int, regime: Any, out: Records, tally: Int64s
) -> None:
    """Judge the alarms of one signal, which follows hold ``h`` (-1: nothing is in force)."""
    state.stirred &= ~(1 << s)
    for a in range(FIRST_ALARM[s], FIRST_ALARM[s + 1]):
        alarm = state.alarms[a]
        if h < 0:
            _end(state, a, now_us, EXPIRY, NONE, patient, out, tally)
            continue
        limit = regime.limits[a]
        value = SIGN[a] * state.holds[h].value
        if alarm.peak >= 0 and value <= limit.back:
            _go_back(state, a, h, now_us, patient, out, tally)
            continue
        watch(alarm, limit, value, now_us)
        if reach(alarm, limit, state.holds[h].at_once == 1, now_us):
            tally[CHANGES] += 1
            if alarm.raised_us == now_us:
                _note_raise(state, a, h, now_us)
        if alarm.peak != IDLE:
            state.stirred |= 1 << s
            state.due_us[s] = min(state.due_us[s], state.holds[h].until_us, next_reach_us(alarm, limit))


@kernel
def event_of(state: Any, h: int) -> int:
    """Yield the event whose value a hold has; the scores share one."""
    return int(state.event[min(h, N_VITALS)])


@kernel
def _note_raise(state: Any, a: int, h: int, now_us: int) -> None:
    for k in range(RAISING):
        state.raised_in[a, k] = place_at(state, k, now_us)
    state.raised_in[a, RAISING] = event_of(state, h)
    state.alarms[a].known = state.known


@kernel
def _go_back(state: Any, a: int, h: int, now_us: int, patient: int, out: Records, tally: Int64s) -> None:
    """End an alarm whose value is back: nobody recovers by going unmeasured."""
    if COUNTED[a] and state.known < state.alarms[a].known:
        _end(state, a, now_us, EXPIRY, NONE, patient, out, tally)
    else:
        _end(state, a, now_us, RECOVERY, event_of(state, h), patient, out, tally)


@kernel
def _end(
    state: Any, a: int, now_us: int, how: int, event: int, patient: int, out: Records, tally: Int64s
) -> None:
    """Put an alarm to rest; one that was raised yields its episode."""
    if state.alarms[a].peak >= 0:
        episode = out[tally[USED]]
        tell(state, a, patient, episode)
        episode.cleared_us = now_us
        episode.cleared_by = how
        episode.clearing = event
        tally[USED] += 1
        tally[CHANGES] += 1
        for k in range(RAISING + 1):
            state.raised_in[a, k] = NONE
    rest(state.alarms[a])


@kernel
def tell(state: Any, a: int, patient: int, episode: Any) -> None:
    """Write a raised alarm as an episode that is still active."""
    alarm = state.alarms[a]
    episode.patient = patient
    episode.kind = a
    episode.started_us = alarm.started_us
    episode.raised_us = alarm.raised_us
    episode.escalated_us = alarm.escalated_us
    episode.cleared_us = NEVER
    episode.cleared_by = -1
    episode.priority = alarm.peak
    episode.extreme = SIGN[a] * alarm.extreme
    episode.limit = SIGN[a] * alarm.limit
    episode.raising = state.raised_in[a, RAISING]
    episode.clearing = NONE
    episode.ward = state.raised_in[a, WARD]
    episode.bed = state.raised_in[a, BED]
    episode.device_name = state.raised_in[a, DEVICE]
    episode.own_device = NONE
    episode.subject = NONE
    episode.code = NONE
    episode.text = NONE
