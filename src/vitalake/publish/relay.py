"""Alert changes to Kafka, each exactly once and in order of ``seq``.

One transaction carries some changes and the position after them, a record in a compacted topic: both are there,
or none is.  A relay begins thus:

1. ``init_transactions`` fences an older relay of the lake and ends what it left open;
2. a transaction with a record in every partition is aborted.  Where a cluster was killed after it had promised a
   commit and before it wrote the commit's markers, its recovery may forget them: readers then wait for ever, and the
   next commit would bring the forgotten messages to light beside their repeats.  The abort ends them, unseen;
3. the position is read back, committed records only, and which changes of the last transactions subscribers see: the
   markers of a partition may have been forgotten and those of another not.  What is not seen is sent, and only that.

After a call that failed or did not answer in time the client is thrown away and all of this is done again: whether
the last commit took place is then read, not guessed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc
from confluent_kafka import KafkaError, KafkaException, Message, Producer

from vitalake.errors import LakeBusy, Unavailable, UserError
from vitalake.kafka.codes import FATAL, FENCED
from vitalake.kafka.connection import DEADLINE_S, Connection, Options
from vitalake.kafka.topics import create_topic, list_partitions
from vitalake.publish.events import HEADERS, Keyed, alert_events
from vitalake.publish.position import Position, Window, read_ends, read_position, read_seen
from vitalake.publish.topics import ALERTS, RELAY, RELAY_CONFIG

ReadChanges = Callable[[int, int], pa.Table]
"""``(from_seq, limit)`` → the first ``limit`` rows of silver_alert_changes with seq >= from_seq."""

_TRANSACTION_MS: Final = 15_000
"""How long the cluster keeps a dead relay's transaction open, and readers behind it waiting."""


@dataclass(frozen=True)
class RelaySettings:
    """Where a lake's alerts go.

    ``published`` is the position that the lake itself remembers (0: it has never published): finding none in Kafka
    means that the position's topic is gone.  ``begin_at`` is the user's ``--from``: the first seq to publish.
    """

    lake_id: str
    brokers: str
    options: Options = field(default_factory=dict, repr=False)  # may hold a password
    published: int = 0
    begin_at: int | None = None
    backfill: bool = False
    deadline_s: float = DEADLINE_S

    @property
    def transactional_id(self) -> str:
        """What fences a second relay of the same lake."""
        return f"vitalake-relay-{self.lake_id}"


class Relay:
    """Publishes a lake's alert changes.  Keeps its connection; any error leaves it able to go on."""

    def __init__(
        self, settings: RelaySettings, read_changes: ReadChanges, clock: Callable[[], datetime]
    ) -> None:
        self.settings = settings
        self._read_changes = read_changes
        self._clock = clock
        self._connection = Connection(settings.brokers, settings.options, settings.deadline_s)
        self._producer: Producer | None = None
        self._begin_at = settings.begin_at
        self.position = settings.published
        """The seq up to which everything is published, as far as this relay knows."""
        self._seen: set[int] = set()
        """Later changes that subscribers see nevertheless."""
        self._windows: list[Window] = []
        """Of the last two transactions: a cluster may still forget an end that it promised."""
        self._ends: dict[int, int] = {}
        """Where each partition of ALERTS ends, as far as this relay wrote to it."""

    def publish(self, limit: int = 1000) -> int:
        """Publish the next changes, at most ``limit``, in one transaction; yield how many there were.

        Raises:
            Unavailable: Kafka does not answer; call again later.
            LakeBusy: another relay publishes this lake now.
            UserError: access refused, or the lake has published before and its position is gone.
        """
        producer = self._producer or self._connect()
        changes = self._read_changes(self.position + 1, limit)
        if not len(changes):
            return 0
        last: int = pc.max(changes["seq"]).as_py()
        unseen = changes
        if self._seen:
            seen = pa.array(sorted(self._seen), pa.int64())
            unseen = changes.filter(pc.invert(pc.is_in(changes["seq"], seen)))
        events = alert_events(unseen, self.settings.lake_id, self._clock(), self.settings.backfill)
        try:
            with self._connection.translating("published alerts"):
                self._transact(producer, events, last)
        except BaseException as error:
            self.close()
            self._refuse_if_fenced(error)
            raise
        self.position = last
        self._seen = {seq for seq in self._seen if seq > last}
        return len(changes)

    def publish_all(self, limit: int = 1000) -> int:
        """Publish until nothing is left; yield how many changes there were."""
        total = 0
        while count := self.publish(limit):
            total += count
        return total

    def close(self) -> None:
        """Throw the client away; the next call makes another."""
        self._producer = None

    def _connect(self) -> Producer:
        """Take the lake's place in the cluster, then learn the position: this order is the guarantee."""
        create_topic(self._connection, RELAY, 1, RELAY_CONFIG)
        create_topic(self._connection, ALERTS)
        with self._connection.translating("opened the relay"):
            producer = Producer(self._configuration())
            producer.init_transactions(self.settings.deadline_s)
            self._end_forgotten(producer)
        found = None if self._begin_at is not None else self._find_position()
        if found is None:
            self._begin(producer, (self._begin_at or 1) - 1)
            self._begin_at = None
        else:
            self._take_up(found)
        self._producer = producer
        return producer

    def _begin(self, producer: Producer, seq: int) -> None:
        """Put down a position after which nothing is sent yet, so that each transaction finds one before it."""
        self.position, self._seen, self._windows = seq, set(), []
        self._ends = read_ends(self._connection)
        with self._connection.translating("opened the relay"):
            self._transact(producer, [], seq)

    def _take_up(self, found: Position) -> None:
        """Go on after the last change before which subscribers see all, and remember what they see after it."""
        seen = read_seen(self._connection, self.settings.lake_id, found.window)
        if seen is None:
            self.position, self._seen, self._windows = found.seq, set(), []
            self._ends = read_ends(self._connection)
            return
        sent = range(found.window.first, found.seq + 1)
        self.position = next((seq - 1 for seq in sent if seq not in seen), found.seq)
        self._seen = {seq for seq in seen if seq > self.position}
        self._windows, self._ends = [found.window], dict(found.window.ends)
        if not self._seen:
            self._ends |= read_ends(self._connection)

    def _end_forgotten(self, producer: Producer) -> None:
        """Abort a transaction that has a record in every partition, and with it what has no end there."""
        deadline = time.monotonic() + self.settings.deadline_s
        producer.begin_transaction()
        for topic in (RELAY, ALERTS):
            for partition in list_partitions(self._connection, producer, topic):
                producer.produce(topic, b"", self.settings.lake_id.encode(), partition)
        if producer.flush(self.settings.deadline_s):
            raise Unavailable(f"Kafka at {self.settings.brokers} does not answer", "Try again")
        producer.abort_transaction(max(deadline - time.monotonic(), 0.1))

    def _configuration(self) -> dict[str, object]:
        return self._connection.configure(
            transactional_id=self.settings.transactional_id,
            transaction_timeout_ms=_TRANSACTION_MS,
            message_timeout_ms=_TRANSACTION_MS,
            partitioner="murmur2_random",  # Java's own: others can join by key
            compression_type="lz4",
            linger_ms=1,
            retry_backoff_ms=5,
        )

    def _find_position(self) -> Position | None:
        """Yield the position that Kafka holds, None for a lake that has never published."""
        found = read_position(self._connection, self.settings.lake_id)
        if found is None and self.position:
            raise UserError(
                f"The lake has published its alerts up to {self.position}, but Kafka at {self.settings.brokers} knows"
                f" nothing of it: the topic {RELAY} was lost, or it is another cluster",
                f"Say where to go on: --from {self.position + 1} sends what came since, --from 1 all again",
            )
        return found

    def _transact(self, producer: Producer, events: Iterable[Keyed], last: int) -> None:
        """Send events and the position after them in one transaction."""
        deadline = time.monotonic() + self.settings.deadline_s
        windows = [*self._windows, Window(self.position + 1, dict(self._ends))][-2:]
        producer.begin_transaction()
        for keyed in events:
            self._send(producer, deadline, ALERTS, keyed.key, keyed.value)
        record = Position(last, windows[0]).record(self.settings.lake_id)
        self._send(producer, deadline, RELAY, self.settings.lake_id, record)
        producer.commit_transaction(max(deadline - time.monotonic(), 0.1))
        self._windows = windows

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        """Note how far a partition of ALERTS has come."""
        partition, offset = message.partition(), message.offset()
        if error is None and message.topic() == ALERTS and partition is not None and offset is not None:
            self._ends[partition] = max(offset + 1, self._ends.get(partition, 0))

    def _send(self, producer: Producer, deadline: float, topic: str, key: str, value: bytes) -> None:
        while True:
            try:
                producer.produce(topic, value, key.encode(), headers=HEADERS, on_delivery=self._delivered)
                return
            except BufferError as error:  # the client's queue is full: let it send
                if time.monotonic() > deadline:
                    raise Unavailable(
                        f"Kafka at {self.settings.brokers} takes no messages", "Try again"
                    ) from error
                producer.poll(0.05)
            except KafkaException as error:
                if error.args[0].code() == FATAL:
                    producer.poll(0)  # raises what was fatal: we were fenced, most likely
                raise

    def _refuse_if_fenced(self, error: BaseException) -> None:
        cause = error.__cause__
        if isinstance(cause, KafkaException) and cause.args[0].code() in FENCED:
            raise LakeBusy(
                f"Another relay publishes the alerts of lake {self.settings.lake_id}",
                "Stop one of the two; if there is none, this one was suspended: try again",
            ) from error
