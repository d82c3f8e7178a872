"""Events to payloads: JSON text put together column by column, without a step an event."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, partial
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.vitals import BP_METHODS, CONSCIOUSNESS
from vitalake.sources.simulator.alarms import RULES
from vitalake.sources.simulator.cohort import Bools, Cohort, ward_name
from vitalake.sources.simulator.dialects import DIALECTS, ROUND_DIALECT, SPOT_DIALECT, Dialect
from vitalake.sources.simulator.events import ALARM, KINDS, MISSING, MONITOR, ROUND, SPOT, VITAL, Events
from vitalake.sources.simulator.trajectories import Integers

HIGHEST_TENTH: Final = 4000
"""The vitals of events, artefacts included, are below this many tenths."""
_PRESSURES: Final = [VITAL["systolic_bp"], VITAL["diastolic_bp"], VITAL["mean_bp"]]
_MINUTE_MS: Final = 60_000


def patient_names(count: int) -> pa.Array:
    """Yield the patients' ids."""
    return pa.array([f"P{number:06d}" for number in range(1, count + 1)])


class Writer:
    """Writes the events of one cohort as JSON, each in the dialect of its device."""

    def __init__(self, cohort: Cohort, start_ms: int) -> None:
        self._cohort = cohort
        self._start_ms = start_ms
        self.names = patient_names(len(cohort))

    def payloads(self, events: Events) -> pa.Array:
        """Yield the payload of each event (binary)."""
        dialects = self._dialects(events)
        order = np.argsort(dialects, kind="stable")
        written = [
            self._write(events[dialects == index], DIALECTS[index]) for index in np.unique(dialects).tolist()
        ]
        if not written:
            return pa.array([], pa.binary())
        back = np.empty(len(order), np.int64)
        back[order] = np.arange(len(order))
        return pa.concat_arrays(written).take(pa.array(back)).cast(pa.binary())

    def says(self, events: Events) -> Bools:
        """Tell for which events there is a message at all: some monitors don't tell the end of an alarm."""
        silent = np.array([[word is None for word in dialect.states] for dialect in DIALECTS])
        unsaid = (events["alarm"] != MISSING) & silent[self._dialects(events), events["alarm_state"]]
        return ~np.asarray(unsaid, np.bool_)

    def _dialects(self, events: Events) -> Integers:
        kinds = [events["kind"] == SPOT, events["kind"] == ROUND]
        dialects: Integers = np.select(
            kinds, [SPOT_DIALECT, ROUND_DIALECT], default=self._cohort.vendor[events["patient"]]
        )
        return dialects

    def _write(self, events: Events, dialect: Dialect) -> pa.Array:
        parts = [self._part(key, events, dialect) for key in dialect.keys]
        present = [part for part in parts if part.null_count < len(part)]
        present[0] = _join("{", present[0])
        present[-1] = _join(present[-1], "}")
        return pc.binary_join_element_wise(*present, dialect.comma, null_handling="skip")

    def _part(self, key: str, events: Events, dialect: Dialect) -> pa.Array:
        """Yield the text of one key and its value; null where it is not sent."""
        if key in VITAL:
            return _take(_vital_pool(key, dialect), events["vitals"][:, VITAL[key]])
        own: dict[str, Callable[[Events, Dialect], pa.Array]] = {
            "patient_id": self._patient_id,
            "event_id": self._event_id,
            "event_time": self._event_time,
            "place": self._place,
            "device_id": self._device_id,
            "alert": _alert,
            "bp_method": _bp_method,
            "method": _method,
            "temperature_unit": _temperature_unit,
        }
        write = own[key] if key in own else partial(_code, key)
        return write(events, dialect)

    def _patient_id(self, events: Events, dialect: Dialect) -> pa.Array:
        return _quoted("patient_id", self.names.take(pa.array(events["patient"])), dialect)

    def _event_id(self, events: Events, dialect: Dialect) -> pa.Array:
        kinds = pa.array([f"-{kind[0]}" for kind in KINDS]).take(pa.array(events["kind"]))
        name = self.names.take(pa.array(events["patient"]))
        return _quoted("event_id", _join(name, kinds, pa.array(events["number"]).cast(pa.string())), dialect)

    def _event_time(self, events: Events, dialect: Dialect) -> pa.Array:
        offset, digits = {"Z": ("Z", 3), "+01:00": ("+01:00", 3), "+00:00 us": ("+00:00", 6)}[dialect.time]
        shift = 60 * _MINUTE_MS if offset == "+01:00" else 0
        minute, rest = np.divmod(events["time_ms"] + self._start_ms + shift, _MINUTE_MS)
        distinct, index = np.unique(minute, return_inverse=True)
        minutes = pc.strftime(pa.array(distinct * _MINUTE_MS, pa.timestamp("ms")), format="%Y-%m-%dT%H:%M")
        seconds = _seconds_pool(offset, digits).take(pa.array(rest))
        return _quoted("event_time", _join(minutes.take(pa.array(index)), seconds), dialect)

    def _place(self, events: Events, dialect: Dialect) -> pa.Array:
        cohort, patient = self._cohort, events["patient"].astype(np.int64)
        moved = events["time_ms"] >= cohort.moves[patient]
        wards = pa.array([ward_name(number) for number in range(cohort.wards)])
        ward, bed = cohort.ward(patient, moved), cohort.bed(patient, moved)
        stay = pa.array(["-1", "-2"]).take(pa.array((moved & cohort.readmitted[patient]).astype(np.int8)))
        return _join(
            _quoted("encounter_id", _join("E", self.names.take(pa.array(patient)), stay), dialect),
            dialect.comma,
            _quoted("ward", wards.take(pa.array(ward)), dialect),
            dialect.comma,
            _quoted("bed", pa.array(bed).cast(pa.string()), dialect),
        )

    def _device_id(self, events: Events, dialect: Dialect) -> pa.Array:
        patient = events["patient"].astype(np.int64)
        attached = np.isin(events["kind"], (MONITOR, ALARM))
        owner = np.where(
            attached, patient, patient % self._cohort.wards
        )  # a ward shares its spot check device
        return _quoted(
            "device_id", _join(f"{dialect.name.upper()}-", pa.array(owner).cast(pa.string())), dialect
        )


def _join(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _take(pool: pa.Array, index: Integers) -> pa.Array:
    """Yield the pool's text at each index; null where that is MISSING."""
    return pool.take(pa.array(index, mask=index == MISSING))


def _quoted(key: str, values: pa.Array, dialect: Dialect) -> pa.Array:
    return _join(f'"{key}"{dialect.colon}"', values, '"')


def _entry(key: str, value: str, dialect: Dialect) -> str:
    return f'"{key}"{dialect.colon}{value}'


@cache
def _vital_pool(vital: str, dialect: Dialect) -> pa.Array:
    """Yield the text of a vital for each number of tenths."""
    write: Callable[[int], str] = {
        "whole": lambda tenths: str((tenths + 5) // 10),
        "tenth": lambda tenths: f"{tenths / 10:.1f}",
        "text": lambda tenths: f'"{(tenths + 5) // 10}"',
    }[dialect.style(vital)]
    if vital == "temperature" and dialect.fahrenheit:
        return pa.array(
            [_entry(vital, f"{tenths * 0.18 + 32:.1f}", dialect) for tenths in range(HIGHEST_TENTH)]
        )
    return pa.array([_entry(vital, write(tenths), dialect) for tenths in range(HIGHEST_TENTH)])


@cache
def _seconds_pool(offset: str, digits: int) -> pa.Array:
    """Yield the seconds, fraction and offset of a time for each millisecond of a minute."""
    zeros = "0" * (digits - 3)
    return pa.array([f":{ms // 1000:02d}.{ms % 1000:03d}{zeros}{offset}" for ms in range(_MINUTE_MS)])


def _method(events: Events, dialect: Dialect) -> pa.Array:
    text = None if dialect.method is None else _entry("method", f'"{dialect.method}"', dialect)
    return pa.repeat(pa.scalar(text, pa.string()), len(events))


def _bp_method(events: Events, dialect: Dialect) -> pa.Array:
    measured = (events["vitals"][:, _PRESSURES] != MISSING).any(axis=1)
    pool = pa.array([_entry("bp_method", f'"{word}"', dialect) for word in BP_METHODS])
    return _take(pool, np.where(measured, events["arterial"], MISSING))


def _temperature_unit(events: Events, dialect: Dialect) -> pa.Array:
    measured = dialect.fahrenheit & (events["vitals"][:, VITAL["temperature"]] != MISSING)
    return _take(pa.array([_entry("temperature_unit", '"degF"', dialect)]), np.where(measured, 0, MISSING))


@cache
def _code_pool(field: str, dialect: Dialect) -> pa.Array:
    values: dict[str, list[str]] = {
        "consciousness": [f'"{word}"' for word in CONSCIOUSNESS],
        "on_oxygen": ["false", "true"],
        "oxygen_flow": [f"{tenths / 10:g}" for tenths in range(801)],
        "fio2": [f"{hundredths / 100:g}" for hundredths in range(101)],
        "spo2_scale": ["0", "1", "2"],
    }
    return pa.array([_entry(field, value, dialect) for value in values[field]])


def _code(field: str, events: Events, dialect: Dialect) -> pa.Array:
    return _take(_code_pool(field, dialect), events[field])


@cache
def _alert_pool(dialect: Dialect) -> pa.Array:
    """Yield the text of the alert for each rule and state."""
    vendor = DIALECTS.index(dialect)
    texts = []
    for rule in RULES:
        for word in dialect.states:
            alert = {"code": rule.codes[vendor], "text": rule.codes[vendor].strip("* ")}
            alert |= {"priority": rule.priority} if dialect.priorities else {}
            alert |= {"state": word} if word else {}
            texts.append(
                _entry("alert", json.dumps(alert, separators=(dialect.comma, dialect.colon)), dialect)
            )
    return pa.array(texts)


def _alert(events: Events, dialect: Dialect) -> pa.Array:
    if (events["alarm"] == MISSING).all():
        return pa.nulls(len(events), pa.string())
    index = events["alarm"].astype(np.int64) * len(dialect.states) + events["alarm_state"]
    return _take(_alert_pool(dialect), np.where(events["alarm"] == MISSING, MISSING, index))
