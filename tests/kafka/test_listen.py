"""Listening to topics that are not there yet."""

from __future__ import annotations

import json
from threading import Timer

from confluent_kafka import Producer

from vitalake.kafka.connection import Connection
from vitalake.kafka.topics import create_topic
from vitalake.publish.listen import listen


def test_a_topic_that_comes_later_is_heard_from_its_beginning(
    connection: Connection, producer: Producer
) -> None:
    def begin() -> None:
        for topic in ("heard-second", "heard-third"):
            create_topic(connection, topic, 1)
            producer.produce(topic, json.dumps({"type": topic}).encode())
        producer.flush(10)

    create_topic(connection, "heard-first", 1)
    timer = Timer(1, begin)
    timer.start()
    topics = ("heard-first", "heard-second", "heard-third")
    heard = [each.event["type"] for each in listen(connection, topics, quiet_s=8)]
    timer.join()
    assert sorted(heard) == ["heard-second", "heard-third"]
