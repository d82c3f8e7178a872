"""The simulation as a stream: slice by slice of event time, delivered in order of arrival."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from vitalake.sources.ndjson import write_ndjson
from vitalake.sources.simulator.alarms import AlarmWatch
from vitalake.sources.simulator.cohort import draw_cohort
from vitalake.sources.simulator.events import Events
from vitalake.sources.simulator.faults import Messages, drop_values, send, spoil_values
from vitalake.sources.simulator.schedule import charted_events, monitor_events
from vitalake.sources.simulator.settings import SimulationSettings
from vitalake.sources.simulator.trajectories import NEVER, Integers
from vitalake.sources.simulator.truth import Overtaking, Truth, patient_truths
from vitalake.sources.simulator.wire import Writer


@dataclass(frozen=True)
class Chunk:
    """Messages in order of arrival.

    ``payloads`` (binary) are their bytes, ``keys`` (string) their Kafka keys, ``arrival_us`` when they
    arrive, in microseconds since 1970.
    """

    payloads: pa.Array
    keys: pa.Array
    arrival_us: Integers

    def __len__(self) -> int:
        """How many messages."""
        return len(self.payloads)


class Simulation:
    """One run of the settings; iterate over it once, then read its ``truth``."""

    def __init__(self, settings: SimulationSettings) -> None:
        self.settings = settings
        self._cohort = draw_cohort(settings)
        self._writer = Writer(self._cohort, settings.start_ms)
        patients = patient_truths(settings, self._cohort, self._writer.names.to_pylist())
        kinds = [patient.trajectory for patient in patients]
        self.truth = Truth(patients=patients, trajectories=dict(sorted(Counter(kinds).items())))

    def __iter__(self) -> Iterator[Chunk]:
        """Yield all messages in order of arrival; memory holds a slice of time and what is under way."""
        settings = self.settings
        watch = AlarmWatch(self._cohort, settings.interval_ms)
        overtaking = Overtaking(settings.patients)
        under_way: Messages | None = None
        for number, begin in enumerate(range(0, settings.length_ms, settings.slice_ms), start=1):
            end = begin + settings.slice_ms
            sent = self._slice(number, begin, watch)
            under_way = under_way.join(sent) if under_way else sent
            until = end if end < settings.length_ms else int(NEVER)
            arrived, under_way = _arrived(under_way, until)
            self.truth.overtaken += overtaking.count(arrived)
            if len(arrived):
                yield self._chunk(arrived)

    def _slice(self, number: int, begin: int, watch: AlarmWatch) -> Messages:
        """Make the messages of one slice of event time and count them."""
        settings, rng = self.settings, self.settings.rng(number)
        end = begin + settings.slice_ms
        shown = monitor_events(settings, self._cohort, begin, end, rng)
        charted = charted_events(self._cohort, begin, end, rng)
        events = self._present(np.concatenate([shown, charted, watch.events(shown)]))
        self.truth.partial += int(drop_values(events, settings.partial, rng).sum())
        self.truth.artefacts += int(spoil_values(events, settings.artefact, rng).sum())
        self.truth.count_events(events)
        sent = send(events, self._writer, settings, rng)
        self.truth.count_messages(sent)
        return sent

    def _present(self, events: Events) -> Events:
        """Yield what is said of patients who are there, by time, patient and kind."""
        leaves = np.minimum(self._cohort.courses.leaves, self.settings.length_ms)
        events = events[events["time_ms"] < leaves[events["patient"]]]
        events = events[self._writer.says(events)]
        return events[np.lexsort((events["number"], events["kind"], events["patient"], events["time_ms"]))]

    def _chunk(self, arrived: Messages) -> Chunk:
        keys = self._writer.names.take(pa.array(arrived.patient))
        return Chunk(arrived.payloads, keys, (arrived.arrival_ms + self.settings.start_ms) * 1000)


def simulate(settings: SimulationSettings) -> Iterator[Chunk]:
    """Yield the messages of a simulation in order of arrival."""
    yield from Simulation(settings)


def write_simulation(settings: SimulationSettings, path: Path, *, overwrite: bool = False) -> Truth:
    """Write a simulation as NDJSON (gzip where the name ends in .gz) and yield its truth."""
    simulation = Simulation(settings)
    write_ndjson(path, (chunk.payloads.to_pylist() for chunk in simulation), overwrite=overwrite)
    return simulation.truth


def _arrived(messages: Messages, until_ms: int) -> tuple[Messages, Messages]:
    """Yield the messages that arrive before ``until_ms``, in that order, and the others."""
    here = np.flatnonzero(messages.arrival_ms < until_ms)
    order = here[np.argsort(messages.arrival_ms[here], kind="stable")]
    return messages.take(order), messages.take(np.flatnonzero(messages.arrival_ms >= until_ms))
