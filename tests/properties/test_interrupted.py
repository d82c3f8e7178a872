"""A lake whose runs are cut short anywhere is that of a quiet run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from interruptions import Payloads, Stream, assert_as_quiet, at_commit, killed, streaming
from roads import run_of
from strategies.histories import Message, as_payloads, history
from strategies.permutations import duplicated, jostled, shuffled

from vitalake.domain.rules import Rules
from vitalake.engines.embedded import log, merge, newest, patients, recent, repeats
from vitalake.engines.embedded.lake import EmbeddedLake

PATIENTS = 5
EVENTS = 25
BATCH_ROWS = 15
COMMITS = 30
"""About as many as a run or a rebuild makes, so that kills fall anywhere."""
RULES = (None, Rules(), Rules(window_minutes=5, grace_s=0, maximum_age_s={"heart_rate": 86_400}))
"""What a lake is rebuilt with: its own rules, or some it may not have."""


@dataclass(frozen=True)
class Storm:
    """How payloads come to a lake whose runs are cut short anywhere."""

    random: Random
    path: Path
    payloads: Payloads

    def rage(self) -> None:
        """Let some runs happen in the storm, and a last one in peace that takes what is left."""
        for _ in range(self.random.randint(2, 6)):
            with self._perhaps_killed():
                self.random.choice((self._stream, self._stream, self._stream, self._curate, self._rebuild))()
        self._stream(to_the_end=True)

    def _chance(self, one_in: int) -> bool:
        return self.random.randrange(one_in) == 0

    @contextmanager
    def _perhaps_killed(self) -> Iterator[None]:
        if self._chance(3):
            yield
        else:
            with killed(self.random.randint(1, COMMITS), after=self._chance(2)):
                yield

    def _stream(self, *, to_the_end: bool = False) -> None:
        with streaming(self.path) as stream:
            catches_up = self._chance(2)
            while stream.at < len(self.payloads):
                if catches_up and self._chance(2):
                    stream.catch_up()
                self._take(stream)
                self._settle(stream)
                if self._chance(5):
                    self._curate()
                if not to_the_end and self._chance(5):
                    return
            stream.take([])
            stream.settle()

    def _take(self, stream: Stream) -> None:
        until = stream.at + self.random.randint(1, BATCH_ROWS)
        stream.take(self.payloads[stream.at : until], at_end=until >= len(self.payloads) or self._chance(3))

    def _settle(self, stream: Stream) -> None:
        """Begin to settle, or end what was begun, now and then while the next batch comes or Gold is curated."""
        if self._chance(2):
            return
        if stream.settling is None:
            stream.begin_settling()
        elif self._chance(2):
            stream.end_settling()
        else:
            meanwhile = self.random.choice((lambda: self._take(stream), self._curate))
            with at_commit(self.random.randint(1, 8), meanwhile):
                stream.end_settling()

    def _curate(self) -> None:
        if self.path.exists():
            run_of(EmbeddedLake(self.path)).curate(force=True)

    def _rebuild(self) -> None:
        if self.path.exists():
            run_of(EmbeddedLake(self.path)).rebuild(self.random.choice(RULES))


def ward(random: Random) -> list[bytes]:
    """Yield the payloads of a few patients in the order of time; some come when others were gone for weeks."""
    messages: list[Message] = []
    for n in range(random.randint(1, PATIENTS)):
        later = timedelta(days=random.choice((0, 0, 1, 15, 32, 40)))
        messages += [_moved(message, str(n), later) for message in history(random, 1, EVENTS)]
    return as_payloads(sorted(messages, key=_event_time))


def _moved(message: Message, patient_id: str, later: timedelta) -> Message:
    return message | {"patient_id": patient_id, "event_time": (_event_time(message) + later).isoformat()}


def _event_time(message: Message) -> datetime:
    return datetime.fromisoformat(message["event_time"].upper())


def arrived(random: Random, payloads: Payloads) -> Payloads:
    """Yield the payloads as they come: in order, jostled or in another order, some of them repeated."""
    order = random.choice((payloads, shuffled(random, payloads), jostled(random, payloads, 3 * BATCH_ROWS)))
    return duplicated(random, order)


@pytest.fixture
def few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few are many: files are merged, logs summed up, keys and moments forgotten in lakes of a few batches."""
    monkeypatch.setattr(merge, "_ENOUGH", 4)
    monkeypatch.setattr(repeats, "_MANY", 10)
    monkeypatch.setattr(repeats, "_OF_LATE", 2)
    monkeypatch.setattr(newest, "_FEW", 10)
    monkeypatch.setattr(patients, "_FEW_TEXTS", 100)
    monkeypatch.setattr(recent, "_ROWS", 40)
    monkeypatch.setattr(recent, "_PIECES", 3)
    monkeypatch.setattr(log, "_CHECKPOINT_EVERY", 6)


@pytest.mark.usefixtures("few_are_many")
@pytest.mark.parametrize(
    "seed",
    [*range(4), *(pytest.param(seed, marks=pytest.mark.soak) for seed in (4, 5, *range(1_000, 1_300)))],
)
def test_interrupted_runs_leave_the_lake_of_a_quiet_one(tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    payloads = ward(random)
    Storm(random, tmp_path / "lake", arrived(random, payloads)).rage()
    assert_as_quiet(tmp_path / "lake", payloads)
