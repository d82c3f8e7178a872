from __future__ import annotations

import itertools
import threading
import time
import uuid
from datetime import UTC, datetime

import pytest
from confluent_kafka import Producer

from vitalake.dev.kafka import Broker
from vitalake.errors import Unavailable
from vitalake.kafka.connection import Connection
from vitalake.publish.events import run_event
from vitalake.publish.listen import listen
from vitalake.publish.send import send_events, send_messages
from vitalake.publish.topics import PIPELINE
from vitalake.sources.kafka import kafka_source

WHEN = datetime(2026, 1, 1, tzinfo=UTC)


def test_events_arrive_with_key_and_content(connection: Connection) -> None:
    runs = [run_event("lake-1", str(uuid.uuid4()), "completed", WHEN, {"rows": n}) for n in range(3)]
    assert send_events(connection, PIPELINE, runs) == 3
    everything = listen(connection, [PIPELINE], from_beginning=True, quiet_s=2)
    mine = [h for h in everything if h.event["id"] in {run.event["id"] for run in runs}]
    assert [h.event for h in mine] == [run.event for run in runs]
    assert {h.key for h in mine} == {"lake-1"}
    assert all(h.appended_at is not None for h in mine)


def test_messages_of_a_key_keep_their_order_and_their_bytes(connection: Connection) -> None:
    topic = f"raw-{uuid.uuid4()}"
    sent = [(f"p{n % 3}", b"%d\xff" % n) for n in range(500)] + [(None, None), ("", b"")]
    assert send_messages(connection, topic, sent) == 502
    (batch,) = kafka_source(f"kafka://{connection.brokers}/{topic}").read({}, 1000)
    got = [(row["key"], row["payload"]) for row in batch.messages.to_pylist()]
    for key in {key for key, _ in sent}:
        wire = key if key is None else key.encode()
        assert [value for k, value in got if k == wire] == [value for k, value in sent if k == key]


def test_a_rate_is_kept(connection: Connection) -> None:
    began = time.monotonic()
    send_messages(connection, "paced", [("p", b"x")] * 100, rate_per_s=200)
    assert 0.45 <= time.monotonic() - began < 5


def test_nothing_to_send_is_fine(connection: Connection) -> None:
    assert send_events(connection, PIPELINE, []) == 0


def test_a_broker_that_is_away_is_given_up() -> None:
    away = Connection("127.0.0.1:1", deadline_s=1)
    began = time.monotonic()
    with pytest.raises(Unavailable):
        send_events(away, PIPELINE, [run_event("lake-1", "r", "failed", WHEN, {})])
    with pytest.raises(Unavailable):
        next(listen(away))
    assert time.monotonic() - began < 10


def test_listening_begins_before_the_topic_is_there_and_passes_over_what_is_no_event(
    connection: Connection, kafka_broker: Broker
) -> None:
    topic = f"later-{uuid.uuid4()}"
    run = run_event("lake-1", "r", "completed", WHEN, {})

    def send() -> None:
        time.sleep(0.5)
        producer = Producer({"bootstrap.servers": kafka_broker.brokers})
        for value in (b"\xff", b"[]", None, run.value):
            producer.produce(topic, value, partition=0)
        producer.flush(10)

    sending = threading.Thread(target=send)
    sending.start()
    (heard,) = itertools.islice(listen(connection, [topic], from_beginning=True), 1)
    sending.join()
    assert heard.event == run.event
