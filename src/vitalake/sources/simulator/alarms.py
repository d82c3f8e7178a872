"""The alarms that the simulated monitors raise on what they show, and how each vendor spells them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from vitalake.sources.simulator.cohort import Bools, Cohort
from vitalake.sources.simulator.events import ALARM, MISSING, VITAL, Events, blank_events
from vitalake.sources.simulator.trajectories import Integers

START, CONTINUE, END = range(3)
CONTINUE_EVERY_MS: Final = 10 * 60_000
"""How often a monitor repeats an alarm that stands."""
AFTER_MS: Final = 250
"""An alarm follows the reading that raised it by this."""


@dataclass(frozen=True)
class Rule:
    """One alarm of a monitor: on when ``vital`` is beyond ``limit``, off when back by ``hysteresis``.

    ``codes`` are the spellings of the vendors, in the order of cohort.VENDORS.
    """

    alert_type: str
    vital: str
    above: bool
    limit: float
    hysteresis: float
    priority: str
    codes: tuple[str, ...]


RULES: Final = (
    Rule("tachycardia", "heart_rate", True, 130, 3, "medium",
         ("** HR HIGH", "HR HIGH", "HR Too High", "MDC_EVT_ECG_SINUS_TACHY")),
    Rule("extreme_tachycardia", "heart_rate", True, 150, 3, "high",
         ("***xTACHY", "EXTREME TACHY", "Extreme Tachy", "MDC_EVT_ECG_TACHY_EXTREME")),
    Rule("bradycardia", "heart_rate", False, 45, 3, "medium",
         ("** HR LOW", "HR LOW", "HR Too Low", "MDC_EVT_ECG_SINUS_BRADY")),
    Rule("tachypnoea", "resp_rate", True, 30, 2, "medium", ("** RR HIGH", "RR HIGH", "RR Too High", "196648:151562")),
    Rule("bradypnoea", "resp_rate", False, 8, 1, "medium", ("** RR LOW", "RR LOW", "RR Too Low", "196670:151562")),
    Rule("apnoea", "resp_rate", False, 5, 2, "high", ("*** APNEA", "APNEA", "RESP APNEA", "MDC_EVT_APNEA")),
    Rule("hypoxaemia", "spo2", False, 88, 1, "medium",
         ("** SpO2 LOW", "SPO2 LOW", "SpO2 Too Low", "196670:150456")),
    Rule("hypoxaemia", "spo2", False, 82, 1, "high", ("*** DESAT", "DESAT", "SpO2 Desat", "MDC_EVT_DESAT")),
    Rule("hypotension", "systolic_bp", False, 85, 3, "medium",
         ("** NBPs LOW", "NIBP SYS LOW", "NIBP-S Too Low", "196670:150021")),
    Rule("hypertension", "systolic_bp", True, 190, 5, "medium",
         ("** NBPs HIGH", "NIBP SYS HIGH", "NIBP-S Too High", "196648:150021")),
    Rule("probe_off", "spo2", False, 0, 0, "low",
         ("SpO2 SENSOR OFF", "SPO2 PROBE OFF", "SpO2 Sensor Off", "MDC_EVT_SENSOR_DISCONN")),
)  # fmt: skip
"""The alarms of the simulated monitors."""
PROBE_OFF: Final = next(index for index, rule in enumerate(RULES) if rule.alert_type == "probe_off")


class AlarmWatch:
    """The alarms that stand at the patients' monitors, from one slice of time to the next."""

    def __init__(self, cohort: Cohort, interval_ms: int) -> None:
        self._interval_ms = interval_ms
        self._on = np.zeros((int(cohort.monitored.sum()), len(RULES)), np.bool_)

    def events(self, readings: Events) -> Events:
        """Yield the alarms of a slice of monitor events (as many of each patient, by patient and time)."""
        patients = len(self._on)
        if not len(readings):
            return blank_events(0, ALARM)
        grid = readings.reshape(patients, -1)
        found = [self._changes(grid, index) for index in range(len(RULES))]
        return np.concatenate(found)

    def _changes(self, grid: Events, index: int) -> Events:
        beyond, back = _judge(grid["vitals"][:, :, VITAL[RULES[index].vital]], index)
        on = _latch(self._on[:, index], beyond, back)
        before = np.concatenate([self._on[:, index, None], on[:, :-1]], axis=1)
        self._on[:, index] = on[:, -1]
        return _told(grid, index, on, before, self._interval_ms)


def _judge(values: Integers, index: int) -> tuple[Bools, Bools]:
    """Tell where the shown values put the alarm on and where off; a missing value does neither."""
    rule = RULES[index]
    known = values != MISSING
    if index == PROBE_OFF:
        return ~known, known
    shown = (values + 5) // 10
    sign = 1 if rule.above else -1
    return known & (sign * (shown - rule.limit) > 0), known & (
        sign * (shown - rule.limit) <= -rule.hysteresis
    )


def _latch(before: Bools, beyond: Bools, back: Bools) -> Bools:
    """Yield whether the alarm stands after each reading: what the last decisive one says."""
    decisive = np.where(beyond | back, np.arange(1, beyond.shape[1] + 1), 0)
    last = np.maximum.accumulate(decisive, axis=1)
    said = np.concatenate([before[:, None], beyond], axis=1)
    stands: Bools = np.take_along_axis(said, last, axis=1)
    return stands


def _told(grid: Events, index: int, on: Bools, before: Bools, interval_ms: int) -> Events:
    """Yield an event where the alarm starts or ends, and now and then while it stands."""
    time, number = grid["time_ms"], grid["number"]
    turn = time % CONTINUE_EVERY_MS < interval_ms
    state = np.select([on & ~before, before & ~on, on & turn], [START, END, CONTINUE], default=MISSING)
    where = np.nonzero(state != MISSING)
    events = blank_events(len(where[0]), ALARM)
    events["patient"] = grid["patient"][where]
    events["time_ms"] = time[where] + AFTER_MS
    events["number"] = number[where] * len(RULES) + index
    events["alarm"], events["alarm_state"] = index, state[where]
    return events
