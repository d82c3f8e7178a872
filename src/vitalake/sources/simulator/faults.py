"""What goes wrong on the way: missing and impossible values, delays, repeats, conflicts, broken messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.sources.simulator.cohort import Bools
from vitalake.sources.simulator.events import MISSING, VITAL, Events
from vitalake.sources.simulator.malformed import BREAKS
from vitalake.sources.simulator.settings import HOUR_MS, LATE_FROM_MS, SimulationSettings
from vitalake.sources.simulator.trajectories import Integers
from vitalake.sources.simulator.wire import Writer

VALID, REPEAT, CONFLICT, BROKEN = range(4)
"""What a message is to the lake."""

REPEAT_WITHIN_MS: Final = 20_000
DROPPED_SHARE: Final = 0.4
"""How much of a partial message is missing."""
ARTEFACTS: Final = (0, 3500)
"""Tenths that no instrument can mean: 0, and 350."""
OTHER_RATE: Final = 180
OTHER_RATE_BELOW: Final = 500
"""A conflicting message has a respiratory rate 3 higher, or this: it differs, and is plausible."""
_RESP_RATE: Final = VITAL["resp_rate"]


@dataclass(frozen=True)
class Messages:
    """Messages on their way: event time and arrival in ms from the start of the simulation."""

    payloads: pa.Array
    patient: Integers
    time_ms: Integers
    arrival_ms: Integers
    role: Integers
    reason: Integers

    def __len__(self) -> int:
        """How many."""
        return len(self.role)

    def take(self, index: Integers) -> Messages:
        """Yield the messages at these places."""
        return Messages(
            self.payloads.take(pa.array(index)),
            *(
                column[index]
                for column in (self.patient, self.time_ms, self.arrival_ms, self.role, self.reason)
            ),
        )

    def join(self, other: Messages) -> Messages:
        """Yield these messages, then the others."""
        return Messages(
            pa.concat_arrays([self.payloads, other.payloads]),
            *(
                np.concatenate([getattr(self, name), getattr(other, name)])
                for name in ("patient", "time_ms", "arrival_ms", "role", "reason")
            ),
        )


def drop_values(events: Events, share: float, rng: np.random.Generator) -> Bools:
    """Take some vitals out of a share of the events, never the only ones; yield which lost any."""
    vitals = events["vitals"]
    dropped = (rng.random(len(events)) < share)[:, None] & (rng.random(vitals.shape) < DROPPED_SHARE)
    dropped = dropped & (vitals != MISSING)
    left = (vitals != MISSING) & ~dropped
    dropped = dropped & left.any(axis=1)[:, None]
    vitals[dropped] = MISSING
    partial: Bools = dropped.any(axis=1)
    return partial


def spoil_values(events: Events, share: float, rng: np.random.Generator) -> Bools:
    """Put an impossible value in the place of one vital of a share of the events; yield which have one."""
    vitals = events["vitals"]
    chosen = rng.integers(0, vitals.shape[1], len(events))
    rows = np.arange(len(events))
    spoilt: Bools = (rng.random(len(events)) < share) & (vitals[rows, chosen] != MISSING)
    values = np.array(ARTEFACTS)[rng.integers(0, len(ARTEFACTS), len(events))]
    vitals[rows[spoilt], chosen[spoilt]] = values[spoilt]
    return spoilt


def send(events: Events, writer: Writer, settings: SimulationSettings, rng: np.random.Generator) -> Messages:
    """Yield the messages of the events, broken, repeated, contradicted and delayed as the settings say."""
    count = len(events)
    role, repeated, contradicted = _fates(events, settings, rng)
    delay = _delays(count, settings, rng)
    delay[role == BROKEN] = 0
    changed = events[contradicted]
    rate = changed["vitals"][:, _RESP_RATE]
    rate[:] = np.where((rate == MISSING) | (rate > OTHER_RATE_BELOW), OTHER_RATE, rate + 30)
    reason = np.where(role == BROKEN, rng.integers(0, len(BREAKS), count), MISSING)
    again = np.concatenate([np.arange(count), repeated, contradicted])
    arrival = (events["time_ms"] + delay)[again]
    arrival[count:] += rng.integers(200, REPEAT_WITHIN_MS, len(again) - count)
    payloads = pa.concat_arrays([writer.payloads(events), writer.payloads(changed)])
    written = np.concatenate([again[: count + len(repeated)], count + np.arange(len(contradicted))])
    return Messages(
        _broken(payloads.take(pa.array(written)), reason),
        events["patient"][again].astype(np.int64),
        events["time_ms"][again],
        arrival,
        np.concatenate([role, np.full(len(repeated), REPEAT), np.full(len(contradicted), CONFLICT)]),
        np.concatenate([reason, np.full(len(again) - count, MISSING)]),
    )


def _fates(
    events: Events, settings: SimulationSettings, rng: np.random.Generator
) -> tuple[Integers, Integers, Integers]:
    """Yield each event's role, and the rows of those that are repeated and of those that are contradicted."""
    luck = rng.random(len(events))
    broken = luck < settings.malformed
    repeated = ~broken & (luck < settings.malformed + settings.duplicate)
    measured = (events["vitals"] != MISSING).any(axis=1)
    within = luck < settings.malformed + settings.duplicate + settings.conflicting
    contradicted = ~broken & ~repeated & within & measured
    return np.where(broken, BROKEN, VALID), np.flatnonzero(repeated), np.flatnonzero(contradicted)


def _delays(count: int, settings: SimulationSettings, rng: np.random.Generator) -> Integers:
    """Yield each message's delay: 0 for most, up to a minute for some, up to days for a few."""
    luck = rng.random(count)
    ratio = settings.late_max_hours * HOUR_MS / LATE_FROM_MS
    late = LATE_FROM_MS * ratio ** rng.random(count)
    short = rng.uniform(1000, LATE_FROM_MS, count)
    chosen = [luck < settings.late, luck < settings.late + settings.out_of_order]
    delays: Integers = np.select(chosen, [late, short], default=0).astype(np.int64)
    return delays


def _broken(payloads: pa.Array, reason: Integers) -> pa.Array:
    """Yield the payloads, the first ``len(reason)`` of them broken where there is a reason."""
    rows = np.flatnonzero(reason != MISSING)
    if not len(rows):
        return payloads
    breaks = list(BREAKS.values())
    good = payloads.take(pa.array(rows)).to_pylist()
    bad = [breaks[why](payload) for why, payload in zip(reason[rows].tolist(), good, strict=True)]
    index = np.arange(len(payloads))
    index[rows] = len(payloads) + np.arange(len(rows))
    return pa.concat_arrays([payloads, pa.array(bad, pa.binary())]).take(pa.array(index))
