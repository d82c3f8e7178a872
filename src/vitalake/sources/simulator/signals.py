"""What the instruments show: the vitals of patients at times.

A reading is the patient's baseline, the shift of the illness, slow waves of his own (minutes, an hour, a day)
and the instrument's noise.  Nothing here has a memory, so any stretch of time can be made by itself.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from vitalake.domain.vitals import CONSCIOUSNESS
from vitalake.sources.simulator.cohort import Bools, Cohort
from vitalake.sources.simulator.events import VITAL, Events
from vitalake.sources.simulator.settings import HOUR_MS
from vitalake.sources.simulator.trajectories import COURSES, DRIVEN, Doubles, Integers

WAVES_MS: Final = np.array([7.3 * 60_000, 53 * 60_000, 24 * HOUR_MS])
"""Periods: breathing out and in of activity, turning and sleeping, the day."""
WAVE_SIZES: Final = np.array(
    [
        [2.0, 3.0, 3.5],
        [0.5, 0.7, 0.5],
        [0.3, -0.4, 0.2],
        [2.0, 3.5, 4.0],
        [1.2, 2.0, 2.5],
        [0.0, 0.05, 0.2],
    ]
)
"""The size of each wave in each driven vital."""
NOISE: Final = np.array([1.5, 0.8, 0.5, 2.5, 1.8, 0.05])

LOWEST: Final = np.array([25.0, 3.0, 45.0, 45.0, 25.0, 33.0])
HIGHEST: Final = np.array([210.0, 60.0, 100.0, 240.0, 140.0, 41.9])
"""What a living patient shows; wider than any limit of an alarm, narrower than what is plausible."""

MOST_FLOW: Final = 100
"""Tenths of L/min: a patient who needs more gets a mask with a set fraction."""
NEAR_OUTCOME: Final = 0.9

NARROWEST_PULSE: Final = 80
"""Tenths of mm[Hg] between systolic and diastolic."""

PROBE_BLOCK_MS: Final = 20 * 60_000
PROBE_OFF_MS: Final = 3 * 60_000
PROBE_OFF_SHARE: Final = 0.01
"""In this share of the blocks of 20 min the SpO2 probe is off for their first 3 min."""
_MIX: Final = (np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBF58476D1CE4E5B9))


def fill_vitals(events: Events, cohort: Cohort, rng: np.random.Generator) -> None:
    """Write all eight vitals (tenths) into the events."""
    patient, time = events["patient"].astype(np.int64), events["time_ms"]
    illness = cohort.courses.illness(patient, time)
    # Summed wave by wave: a matrix product may differ in its last bits from machine to machine.
    waves = np.sin(2 * np.pi * (time[:, None] / WAVES_MS + cohort.phase[patient]))
    values = (
        cohort.baseline[patient]
        + illness[:, None] * cohort.shift[patient]
        + sum(wave[:, None] * size for wave, size in zip(waves.T, WAVE_SIZES.T, strict=True))
        + NOISE * rng.standard_normal((len(events), len(DRIVEN)))
    )
    tenths = np.rint(10 * np.clip(values, LOWEST, HIGHEST)).astype(np.int16)
    vitals = events["vitals"]
    for column, name in enumerate(DRIVEN):
        vitals[:, VITAL[name]] = tenths[:, column]
    _fill_dependent(vitals, rng)


def _fill_dependent(vitals: Events, rng: np.random.Generator) -> None:
    """Make pulse rate follow heart rate, and diastolic and mean pressure lie below systolic."""
    jitter = rng.integers(-10, 11, (2, len(vitals)))
    vitals[:, VITAL["pulse_rate"]] = vitals[:, VITAL["heart_rate"]] + jitter[0]
    systolic, diastolic = VITAL["systolic_bp"], VITAL["diastolic_bp"]
    vitals[:, diastolic] = np.minimum(vitals[:, diastolic], vitals[:, systolic] - NARROWEST_PULSE)
    third = (vitals[:, systolic] - vitals[:, diastolic]) // 3
    vitals[:, VITAL["mean_bp"]] = vitals[:, diastolic] + third + jitter[1]


def fill_observed(events: Events, cohort: Cohort) -> None:
    """Write what a nurse sees into the events: consciousness, oxygen and its flow or fraction, SpO2 scale."""
    patient, time = events["patient"].astype(np.int64), events["time_ms"]
    illness = cohort.courses.illness(patient, time)
    events["consciousness"] = _consciousness(cohort, patient, illness)
    threshold = np.array([course.oxygen for course in COURSES])[cohort.courses.kind[patient]]
    given = (illness >= threshold) | cohort.home_oxygen[patient]
    events["on_oxygen"] = given
    flow = np.where(illness >= threshold, 20 + np.rint(12 * illness) * 10, 10).astype(np.int16)
    masked = given & (flow > MOST_FLOW)  # from a Venturi mask on the fraction is charted instead of the flow
    events["oxygen_flow"] = np.where(given & ~masked, flow, -1)
    events["fio2"] = np.where(masked, 40 + 20 * (illness > NEAR_OUTCOME), -1)
    events["spo2_scale"] = np.where(cohort.copd[patient], 2, 1)


def _consciousness(cohort: Cohort, patient: Integers, illness: Doubles) -> Integers:
    codes = np.zeros(len(patient), np.int64)
    kind = cohort.courses.kind[patient]
    for index, course in enumerate(COURSES):
        for threshold, word in course.clouding:
            codes[(kind == index) & (illness >= threshold)] = CONSCIOUSNESS.index(word)
    return codes


def probe_is_off(seed: int, patient: Integers, time: Integers) -> Bools:
    """Tell where the SpO2 probe is off: for some minutes now and then, by patient and time alone."""
    block, within = np.divmod(time, PROBE_BLOCK_MS)
    mixed = (patient.astype(np.uint64) << np.uint64(32)) ^ block.astype(np.uint64) ^ np.uint64(seed % 2**32)
    mixed = (mixed * _MIX[0]) ^ ((mixed * _MIX[0]) >> np.uint64(29))
    chance = ((mixed * _MIX[1]) >> np.uint64(40)) / float(2**24)
    off: Bools = (chance < PROBE_OFF_SHARE) & (within < PROBE_OFF_MS)
    return off
