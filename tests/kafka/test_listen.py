"""Listening to topics that are not there yet."""

from __future__ import annotations

import json
from threading import Timer

from confluent_kafka import Producer
from following import vitalake

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


def test_a_topic_that_is_not_there_is_told_once(connection: Connection) -> None:
    create_topic(connection, "there-already", 1)
    listening = ("listen", "--until-quiet", "3")
    ended = vitalake(*listening, f"{connection.brokers}/no-such")
    assert (ended.returncode, ended.stdout) == (0, "")
    assert ended.stderr == f"waiting: {connection.brokers} has no topic no-such yet.\n"
    ended = vitalake(*listening, f"{connection.brokers}/there-already")
    assert (ended.returncode, ended.stderr) == (0, "")
