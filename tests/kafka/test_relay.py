from __future__ import annotations

import os
import signal
import struct
import subprocess
import sys
import threading
import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from confluent_kafka import KafkaException, Producer
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType
from services.subscriber import all_events

from vitalake.dev.kafka import Broker, broker
from vitalake.errors import LakeBusy, Unavailable, UserError
from vitalake.kafka.codes import FENCED
from vitalake.kafka.connection import Connection
from vitalake.publish.events import source_of
from vitalake.publish.position import read_position
from vitalake.publish.relay import ReadChanges, Relay, RelaySettings
from vitalake.publish.topics import ALERTS, RELAY
from vitalake.silver.tables import SILVER_ALERT_CHANGES

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
PATIENTS = 7


def now() -> datetime:
    return BEGAN + timedelta(days=1)


def change(seq: int) -> dict[str, Any]:
    patient = f"p{seq % PATIENTS}"
    return {
        **dict.fromkeys(SILVER_ALERT_CHANGES.names),
        "seq": seq,
        "revision": 1,
        "change": "raised",
        "batch": 1,
        "alert_id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{patient}/{seq}")),
        "patient_id": patient,
        "origin": "physiological",
        "alert_type": "tachycardia",
        "state": "active",
        "priority": "high",
        "started_at": BEGAN,
        "raised_at": BEGAN + timedelta(seconds=seq),
        "policy_version": "abc",
    }


def changes(count: int) -> ReadChanges:
    """A change log of ``count`` changes."""
    log = pa.Table.from_pylist([change(n) for n in range(1, count + 1)], schema=SILVER_ALERT_CHANGES.schema)
    return lambda from_seq, limit: log.slice(from_seq - 1, limit)


@pytest.fixture(scope="module")
def own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """A broker of these tests' own, to kill.

    Where it forgets markers, a relay must have written to each partition last: tests of other messages come after.
    """
    with broker(tmp_path_factory.mktemp("own")) as running:
        yield running


@pytest.fixture
def lake_id() -> str:
    return f"lake-{uuid.uuid4()}"


@pytest.fixture
def settings(lake_id: str, kafka_broker: Broker) -> RelaySettings:
    return RelaySettings(lake_id, kafka_broker.brokers)


def heard(connection: Connection, lake_id: str) -> list[dict[str, Any]]:
    """All committed alert events of a lake, to the end of the topic, as a subscriber gets them."""
    ours = source_of(lake_id)
    return [event.get("data", {}) for event in all_events(connection, ALERTS) if event.get("source") == ours]


def position_of(connection: Connection, lake_id: str) -> int | None:
    found = read_position(connection, lake_id)
    return None if found is None else found.seq


def assert_each_once_in_order(events: list[dict[str, Any]], count: int) -> None:
    assert sorted(event["seq"] for event in events) == list(range(1, count + 1))
    by_patient = defaultdict(list)
    for event in events:
        by_patient[event["patient_id"]].append(event["seq"])
    assert all(seqs == sorted(seqs) for seqs in by_patient.values())


def test_each_change_is_published_once_in_order(settings: RelaySettings, connection: Connection) -> None:
    relay = Relay(settings, changes(25), now)
    assert [relay.publish(limit=10) for _ in range(4)] == [10, 10, 5, 0]
    assert relay.position == 25
    assert_each_once_in_order(heard(connection, settings.lake_id), 25)


def test_another_relay_goes_on_where_the_last_one_ended(
    settings: RelaySettings, connection: Connection
) -> None:
    assert Relay(settings, changes(10), now).publish_all() == 10
    assert position_of(connection, settings.lake_id) == 10
    assert Relay(settings, changes(15), now).publish_all(limit=2) == 5
    assert_each_once_in_order(heard(connection, settings.lake_id), 15)


def test_lakes_do_not_see_each_others_position(kafka_broker: Broker, connection: Connection) -> None:
    ids = [f"lake-{uuid.uuid4()}" for _ in range(2)]
    for lake_id, count in zip(ids, (5, 3), strict=True):
        Relay(RelaySettings(lake_id, kafka_broker.brokers), changes(count), now).publish_all()
    assert [position_of(connection, lake_id) for lake_id in (*ids, "never")] == [5, 3, None]


def test_a_second_relay_fences_the_first(settings: RelaySettings, connection: Connection) -> None:
    first, second = (Relay(settings, changes(30), now) for _ in range(2))
    first.publish(10)
    second.publish(10)
    with pytest.raises(LakeBusy, match="Another relay publishes"):
        first.publish(10)
    second.publish_all()
    assert_each_once_in_order(heard(connection, settings.lake_id), 30)


def test_a_relay_that_is_fenced_while_it_sends_knows_why(settings: RelaySettings) -> None:
    first, second = (Relay(settings, changes(30), now) for _ in range(2))
    first.publish(10)
    second.publish(10)
    producer = first._producer
    assert producer is not None
    producer.begin_transaction()

    def send_on() -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            first._send(producer, deadline, ALERTS, "p1", b"{}")

    with pytest.raises(KafkaException) as told:
        send_on()
    assert told.value.args[0].code() in FENCED


def test_what_an_earlier_relay_left_open_is_never_seen(
    settings: RelaySettings, connection: Connection
) -> None:
    dying = Relay(settings, changes(10), now)
    dying.publish(5)
    producer = dying._producer
    assert producer is not None
    producer.begin_transaction()
    producer.produce(ALERTS, b'{"source": "half"}', "p1")
    producer.flush(10)
    Relay(settings, changes(10), now).publish_all()
    assert_each_once_in_order(heard(connection, settings.lake_id), 10)


def test_a_lake_that_has_published_stops_where_its_position_is_gone(
    lake_id: str, kafka_broker: Broker, connection: Connection
) -> None:
    settings = RelaySettings(lake_id, kafka_broker.brokers, published=20)
    with pytest.raises(UserError, match=r"published its alerts up to 20.*--from 21"):
        Relay(settings, changes(30), now).publish()
    begun = RelaySettings(lake_id, kafka_broker.brokers, published=20, begin_at=21)
    assert Relay(begun, changes(30), now).publish_all() == 10
    assert [event["seq"] for event in sorted(heard(connection, lake_id), key=lambda e: e["seq"])] == [
        *range(21, 31)
    ]


def test_from_sends_again_what_the_user_asks_for(settings: RelaySettings, connection: Connection) -> None:
    Relay(settings, changes(3), now).publish_all()
    again = RelaySettings(settings.lake_id, settings.brokers, published=3, begin_at=2)
    assert Relay(again, changes(3), now).publish_all() == 2
    assert sorted(event["seq"] for event in heard(connection, settings.lake_id)) == [1, 2, 2, 3, 3]


def test_from_passes_over_what_the_user_leaves_out(settings: RelaySettings, connection: Connection) -> None:
    Relay(settings, changes(3), now).publish_all()
    begun = RelaySettings(settings.lake_id, settings.brokers, published=3, begin_at=6)
    assert Relay(begun, changes(8), now).publish_all() == 3
    assert Relay(settings, changes(9), now).publish_all() == 1
    assert sorted(event["seq"] for event in heard(connection, settings.lake_id)) == [1, 2, 3, 6, 7, 8, 9]


def test_the_positions_topic_is_compacted(settings: RelaySettings, kafka_broker: Broker) -> None:
    Relay(settings, changes(1), now).publish()
    admin = AdminClient({"bootstrap.servers": kafka_broker.brokers})
    (future,) = admin.describe_configs([ConfigResource(ResourceType.TOPIC, RELAY)]).values()
    assert future.result(10)["cleanup.policy"].value == "compact"


def test_a_broker_that_is_away_is_given_up_and_nothing_is_lost(lake_id: str) -> None:
    relay = Relay(RelaySettings(lake_id, "127.0.0.1:1", deadline_s=1), changes(3), now)
    began = time.monotonic()
    with pytest.raises(Unavailable, match="does not answer"):
        relay.publish()
    assert time.monotonic() - began < 10


def keep_publishing(relay: Relay, until: Callable[[], bool]) -> None:
    """Publish in small transactions, again after each error, as follow mode does."""
    while not until():
        try:
            relay.publish(limit=5)
        except Unavailable:
            time.sleep(0.1)


def test_killed_brokers_lose_and_repeat_nothing(own_broker: Broker, lake_id: str) -> None:
    relay = Relay(RelaySettings(lake_id, own_broker.brokers, deadline_s=4), changes(100_000), now)
    finished = threading.Event()
    publishing = threading.Thread(target=keep_publishing, args=(relay, finished.is_set))
    publishing.start()
    try:
        for pause_s in (0.9, 0.31, 0.53):
            await_progress(relay)
            time.sleep(pause_s)
            own_broker.kill()
            own_broker.start()
        await_progress(relay)
    finally:
        finished.set()
        publishing.join()
    assert_each_once_in_order(heard(Connection(own_broker.brokers), lake_id), relay.position)


def forget_markers(broker: Broker, topics: str) -> int:
    """Cut the commit marker off the end of each partition that the relay writes; yield how many were cut.

    This is what a broker leaves that was killed after it promised a commit and, while it recovers, finds no leader
    for these partitions: it passes over their markers and takes the transaction for complete.
    """
    cut = 0
    for log in broker.folder.glob(f"data/{topics}/*.log"):
        content, start = log.read_bytes(), 0
        while start < len(content):
            last, (length,) = start, struct.unpack_from(">i", content, start + 8)
            start += 12 + length
        if content and struct.unpack_from(">h", content, last + 21)[0] & 0x20:  # a control batch
            os.truncate(log, last)
            cut += 1
    return cut


def publish_and_forget(broker: Broker, lake_id: str, topics: str) -> int:
    """Publish 20 changes, kill the broker and let it forget markers; yield how many."""
    relay = Relay(RelaySettings(lake_id, broker.brokers), changes(20), now)
    relay.publish(10)
    relay.publish(10)
    while position_of(Connection(broker.brokers), lake_id) != 20:
        time.sleep(0.05)  # the markers follow the promise
    broker.kill()
    cut = forget_markers(broker, topics)
    broker.start()
    return cut


@pytest.mark.parametrize("told", [True, False], ids=["promised", "in doubt"])
def test_a_commit_whose_markers_a_killed_broker_forgot_is_seen_once(
    own_broker: Broker, lake_id: str, told: bool
) -> None:
    assert publish_and_forget(own_broker, lake_id, "vitalake.*") == 3
    settings = RelaySettings(lake_id, own_broker.brokers, published=20 if told else 10)
    Relay(settings, changes(30), now).publish_all()
    assert_each_once_in_order(heard(Connection(own_broker.brokers), lake_id), 30)


@pytest.mark.parametrize(("forgotten", "limit"), [(f"{RELAY}-*", 10), (f"{ALERTS}-*", 3), (f"{ALERTS}-1", 4)])
def test_a_commit_of_which_some_markers_were_forgotten_is_seen_once(
    own_broker: Broker, lake_id: str, forgotten: str, limit: int
) -> None:
    """Of a transaction, the partitions whose marker a killed broker remembered are seen, the others are not."""
    assert publish_and_forget(own_broker, lake_id, forgotten)
    settings = RelaySettings(lake_id, own_broker.brokers)
    Relay(settings, changes(40), now).publish(limit)
    # What it saw then it still knows after it was killed in its turn.
    Relay(settings, changes(40), now).publish_all(limit)
    assert_each_once_in_order(heard(Connection(own_broker.brokers), lake_id), 40)


@contextmanager
def left_open(brokers: str) -> Iterator[threading.Timer]:
    """Leave a transaction of another lake open over every partition; the timer, once started, ends it."""
    other = Producer({"bootstrap.servers": brokers, "transactional.id": f"other-{uuid.uuid4()}"})
    other.init_transactions(10)
    other.begin_transaction()
    for topic in (ALERTS, RELAY):
        for partition in other.list_topics(topic, 10).topics[topic].partitions:
            other.produce(topic, b"{}", "other", partition)
    other.flush(10)
    timer = threading.Timer(1, other.abort_transaction)
    yield timer
    timer.join()


@pytest.mark.parametrize("sent", [5, 15], ids=["before the last transactions", "between them"])
def test_what_another_lake_has_open_hides_nothing_that_was_sent(
    settings: RelaySettings, connection: Connection, sent: int
) -> None:
    """Readers see nothing behind an open transaction, committed or not: a relay that begins waits for its end."""
    relay = Relay(settings, changes(20), now)
    while relay.position < sent:
        relay.publish(5)
    with left_open(settings.brokers) as timer:
        relay.publish_all(5)
        with pytest.raises(Unavailable, match="a transaction is open"):
            Relay(replace(settings, deadline_s=1), changes(30), now).publish()
        timer.start()
        Relay(settings, changes(30), now).publish_all()
    assert_each_once_in_order(heard(connection, settings.lake_id), 30)


def test_messages_of_others_on_the_topic_are_passed_over(own_broker: Broker, lake_id: str) -> None:
    settings, connection = RelaySettings(lake_id, own_broker.brokers), Connection(own_broker.brokers)
    Relay(settings, changes(5), now).publish_all()
    producer = Producer({"bootstrap.servers": own_broker.brokers})
    ours = source_of(lake_id)
    no_objects = ("hello", "[1]", "null", "", f'"{ours}"', f"{ours}{{", "[" * 100_000 + ours)
    no_changes = (
        "{}",
        f'{{"data":"{ours}"}}',
        f'{{"source":"{ours}"}}',
        f'{{"source":"{ours}","data":{{"seq":"1"}}}}',
    )
    for value in no_objects + no_changes:
        producer.produce(ALERTS, value)
    producer.produce(ALERTS, b"\xff" + ours.encode())
    assert not producer.flush(10)
    assert Relay(settings, changes(8), now).publish_all() == 3
    changed = [each for each in heard(connection, lake_id) if "patient_id" in each]
    assert_each_once_in_order(changed, 8)


def await_progress(relay: Relay) -> None:
    before, deadline = relay.position, time.monotonic() + 60
    while relay.position <= before:
        assert time.monotonic() < deadline, "the relay does not go on"
        time.sleep(0.01)


RELAY_PROCESS = """
import importlib.util, sys, time
spec = importlib.util.spec_from_file_location("relaying", sys.argv[1])
relaying = importlib.util.module_from_spec(spec)
spec.loader.exec_module(relaying)
settings = relaying.RelaySettings(sys.argv[2], sys.argv[3])
relay = relaying.Relay(settings, relaying.changes(200), relaying.now)
while relay.publish(limit=2):
    print(relay.position, flush=True)
"""


def test_killed_relays_lose_and_repeat_nothing(settings: RelaySettings, connection: Connection) -> None:
    for lines in (1, 5, 2, 9):
        command = [sys.executable, "-c", RELAY_PROCESS, __file__, settings.lake_id, settings.brokers]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            for _ in range(lines):
                process.stdout.readline()
            process.send_signal(signal.SIGKILL)
    Relay(settings, changes(200), now).publish_all()
    assert_each_once_in_order(heard(connection, settings.lake_id), 200)
