"""One physiological alarm as a small state machine: idle, pending, raised.

For each priority p the machine keeps ``since_us[p]``, the instant from which p's limit has been broken without a
break.  All values are hundredths times the alarm's sign: a limit is broken where ``value > limit``.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from vitalake.domain.vitals import NULL
from vitalake.silver.holds import NEVER
from vitalake.silver.kernel import Records, kernel, record

IDLE: Final = -2
"""``peak`` where no limit is broken and nothing raised."""
PENDING: Final = -1
"""``peak`` where a limit is broken but none reached yet; a raised alarm's is its highest priority so far."""

FOREVER: Final = 2**63 - 1
"""The instant that never comes."""

ALARM: Final = record(
    ("since_us", np.int64, (3,)),
    ("started_us", np.int64),
    ("raised_us", np.int64),
    ("escalated_us", np.int64),
    ("worst", np.int32, (3,)),
    ("extreme", np.int32),
    ("limit", np.int32),
    ("known", np.int32),
    ("peak", np.int32),
)
"""An alarm's state. ``worst[p]`` is the value farthest beyond since ``since_us[p]``; ``known`` how many NEWS2
components the raising event knew."""


def idle_alarms(n: int) -> Records:
    """Yield alarms in which nothing is going on."""
    alarms: Records = np.zeros(n, ALARM)
    for alarm in alarms:
        rest(alarm)
    return alarms


@kernel
def rest(alarm: Any) -> None:
    """Put an alarm back to idle."""
    for p in range(3):
        alarm.since_us[p] = NEVER
        alarm.worst[p] = NULL
    alarm.started_us = NEVER
    alarm.raised_us = NEVER
    alarm.escalated_us = NEVER
    alarm.extreme = NULL
    alarm.limit = NULL
    alarm.known = 0
    alarm.peak = IDLE


@kernel
def watch(alarm: Any, limit: Any, value: int, now_us: int) -> None:
    """Note which limits a value in force breaks, from when, and how far."""
    broken = False
    for p in range(3):
        if value <= limit.limit[p]:
            alarm.since_us[p] = NEVER
            alarm.worst[p] = NULL
            continue
        broken = True
        if alarm.since_us[p] == NEVER:
            alarm.since_us[p] = now_us
        alarm.worst[p] = max(alarm.worst[p], value)
    if alarm.peak >= 0:
        alarm.extreme = max(alarm.extreme, value)
    else:
        alarm.peak = PENDING if broken else IDLE


@kernel
def reach(alarm: Any, limit: Any, at_once: bool, now_us: int) -> bool:
    """Raise or escalate to the highest priority reached at an instant; tell whether one was."""
    for p in range(2, alarm.peak if alarm.peak >= 0 else -1, -1):
        since = alarm.since_us[p]
        if since != NEVER and (at_once or now_us - since >= limit.delay_us[p]):
            if alarm.peak < 0:
                alarm.started_us = alarm.since_us[limit.lowest]
                alarm.extreme = alarm.worst[limit.lowest]
                alarm.raised_us = now_us
            else:
                alarm.escalated_us = now_us
            alarm.peak = p
            alarm.limit = limit.limit[p]
            return True
    return False


@kernel
def next_reach_us(alarm: Any, limit: Any) -> int:
    """Yield the instant at which a higher priority would be reached if the value stays."""
    soonest = FOREVER
    for p in range(max(alarm.peak, -1) + 1, 3):
        if alarm.since_us[p] != NEVER:
            soonest = min(soonest, alarm.since_us[p] + limit.delay_us[p])
    return soonest
