"""When who is measured: monitors, spot checks and rounds."""

from __future__ import annotations

from typing import Final

import numpy as np

from vitalake.sources.simulator.cohort import Bools, Cohort
from vitalake.sources.simulator.events import MISSING, MONITOR, ROUND, SPOT, VITAL, Events, blank_events
from vitalake.sources.simulator.settings import HOUR_MS, SimulationSettings
from vitalake.sources.simulator.signals import fill_observed, fill_vitals, probe_is_off
from vitalake.sources.simulator.trajectories import Integers

SPOT_EVERY: Final = 4
"""Hours between the spot checks, and the rounds, of a patient who is well."""
WATCHED_FROM: Final = 0.5
"""From this illness on they are hourly."""
CUFF_EVERY_MS: Final = 30 * 60_000
"""How often a monitor's cuff inflates."""

_CUFF: Final = ("systolic_bp", "diastolic_bp", "mean_bp")
_PROBE: Final = ("spo2", "pulse_rate")
_NURSE_LEAVES_OUT: Final = ("pulse_rate", "mean_bp")


def monitor_events(
    settings: SimulationSettings, cohort: Cohort, begin: int, end: int, rng: np.random.Generator
) -> Events:
    """Yield what the monitors send in these whole intervals: of each patient as many events, in order.

    Temperature comes with the rounds; pressures with an arterial line, else as often as the cuff inflates.
    """
    patients = np.flatnonzero(cohort.monitored)
    events = _events(MONITOR, patients, cohort.monitor_phase, settings.interval_ms, begin, end)
    fill_vitals(events, cohort, rng)
    patient = events["patient"].astype(np.int64)
    arterial = cohort.arterial[patient]
    every = max(1, round(CUFF_EVERY_MS / settings.interval_ms))
    cuff = ~arterial & (events["number"] % every == patient % every)
    events["arterial"] = arterial
    vitals = events["vitals"]
    vitals[:, VITAL["temperature"]] = MISSING
    _leave_out(vitals, _CUFF, ~(arterial | cuff))
    _leave_out(vitals, _PROBE, probe_is_off(settings.seed, patient, events["time_ms"]))
    return events


def charted_events(cohort: Cohort, begin: int, end: int, rng: np.random.Generator) -> Events:
    """Yield the spot checks of patients without a monitor and the rounds to those with one.

    Both are 4-hourly, and hourly while a patient is ill.  A spot check is a device's, with all vitals; a
    round charts temperature, consciousness, oxygen and the SpO2 scale by hand.
    """
    patients = np.arange(len(cohort))
    hourly = _events(SPOT, patients, cohort.round_phase, HOUR_MS, begin, end)
    illness = cohort.courses.illness(hourly["patient"].astype(np.int64), hourly["time_ms"])
    events: Events = hourly[(hourly["number"] % SPOT_EVERY == 0) | (illness >= WATCHED_FROM)]
    fill_vitals(events, cohort, rng)
    fill_observed(events, cohort)
    rounds = cohort.monitored[events["patient"].astype(np.int64)]
    events["kind"][rounds] = ROUND
    vitals = events["vitals"]
    temperature = vitals[:, VITAL["temperature"]].copy()
    vitals[rounds] = MISSING
    vitals[:, VITAL["temperature"]] = temperature
    _leave_out(vitals, _NURSE_LEAVES_OUT, np.ones(len(events), np.bool_))
    return events


def _leave_out(vitals: Events, names: tuple[str, ...], rows: Bools) -> None:
    for name in names:
        vitals[rows, VITAL[name]] = MISSING


def _events(kind: int, patients: Integers, phase: Integers, every: int, begin: int, end: int) -> Events:
    """Yield the events of a regular kind, by patient and time: patient p's at phase[p] + number * every."""
    first = np.maximum(0, -((phase[patients] - begin) // every))
    last = np.maximum(0, -((phase[patients] - end) // every))
    counts = last - first
    events = blank_events(int(counts.sum()), kind)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    number = np.arange(len(events)) - starts + np.repeat(first, counts)
    events["patient"] = np.repeat(patients, counts)
    events["number"] = number
    events["time_ms"] = np.repeat(phase[patients], counts) + number * every
    return events
