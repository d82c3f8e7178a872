"""What a lake tells other systems, by the commands that tell it and hear it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from following import assert_alerts_told, done, hear, lake_id, vitalake

from vitalake.dev.kafka import Broker
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.kafka.address import KafkaAddress
from vitalake.kafka.connection import Connection
from vitalake.publish.topics import ALERTS, PIPELINE, QUARANTINE, RELAY
from vitalake.stages.progress import read_progress

MakeTopic = Callable[..., KafkaAddress]

SIMULATED = ("--patients", 10, "--hours", 2, "--malformed", "0.02", "--late", 0)


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("simulated") / "messages.ndjson"
    done("simulate", *SIMULATED, "--to", path)
    return path


@pytest.fixture
def lake(tmp_path: Path, messages: Path) -> Path:
    """A lake that has told nobody anything yet."""
    done("run", messages, "--lake", tmp_path / "lake")
    return tmp_path / "lake"


def publish(lake: Path, brokers: str, *more: object) -> dict[str, int]:
    told: dict[str, int] = json.loads(done("publish", "--lake", lake, "--to", brokers, *more, "--json"))
    return told


def test_a_lake_is_published_once(lake: Path, connection: Connection) -> None:
    first = publish(lake, connection.brokers)
    assert first["alert_changes"] > 0
    assert publish(lake, connection.brokers) == {"alert_changes": 0, "other_events": 0}
    events = hear(connection, lake_id(lake))
    assert len(events) == first["alert_changes"]
    assert_alerts_told(events, lake)
    assert {event["data"]["notify"] for event in events} == {False}  # long ago


def test_from_sends_again(lake: Path, connection: Connection) -> None:
    count = publish(lake, connection.brokers)["alert_changes"]
    again = publish(lake, connection.brokers, "--from", count - 1, "--backfill")
    assert again == {"alert_changes": 2, "other_events": 0}
    seqs = [event["data"]["seq"] for event in hear(connection, lake_id(lake))]
    assert sorted(seqs) == sorted([*range(1, count + 1), count - 1, count])


def test_quarantined_messages_are_told_without_their_content(lake: Path, connection: Connection) -> None:
    publish(lake, connection.brokers)
    events = hear(connection, lake_id(lake), QUARANTINE)
    (told,) = json.loads(done("sql", "select count(*) as n from silver_quarantine", "--lake", lake, "--json"))
    assert len(events) == len({event["id"] for event in events}) == told["n"] > 0
    assert {name for event in events for name in event["data"]} == {
        "source", "partition", "offset", "ingest_time", "batch", "reason",
    }  # fmt: skip


def test_each_run_tells_that_it_completed(tmp_path: Path, messages: Path, connection: Connection) -> None:
    lake = tmp_path / "lake"
    for _ in range(2):
        done("run", messages, "--lake", lake, "--publish-to", f"kafka://{connection.brokers}")
    events = hear(connection, lake_id(lake), PIPELINE)
    runs = [event for event in events if event["type"] == "vitalake.run.completed"]
    stages = [event["data"]["stage"] for event in events if event["type"] == "vitalake.stage.completed"]
    assert sorted(stages) == ["curate", "curate", "refine", "refine"]
    assert len({run["id"] for run in runs}) == len(runs) == 2
    total = len(messages.read_bytes().splitlines())
    assert [run["data"]["rows_in"] for run in runs] == [total, 0]
    assert runs[0]["data"]["versions"]["gold_patient_risk_snapshot"] >= 1
    assert_alerts_told(hear(connection, lake_id(lake)), lake)


def test_a_run_that_fails_tells_it(tmp_path: Path, messages: Path, connection: Connection) -> None:
    lake = tmp_path / "lake"
    publish_to = ("--publish-to", connection.brokers)
    done("run", messages, "--lake", lake, *publish_to)
    (tmp_path / "broken.ndjson.gz").write_bytes(b"no gzip at all")
    failed = vitalake("run", tmp_path / "broken.ndjson.gz", "--lake", lake, *publish_to)
    assert failed.returncode == 2
    (event,) = (e for e in hear(connection, lake_id(lake), PIPELINE) if e["type"] == "vitalake.run.failed")
    assert event["data"]["error"].endswith("is no gzip file")


def test_a_run_goes_on_where_kafka_is_away(tmp_path: Path, messages: Path, connection: Connection) -> None:
    lake = tmp_path / "lake"
    ended = vitalake("run", messages, "--lake", lake, "--publish-to", "127.0.0.1:1")
    assert ended.returncode == 0
    assert ended.stderr.startswith(
        "not published yet, goes out with the next run: Kafka at 127.0.0.1:1 does not answer"
    )
    publish(lake, connection.brokers)
    assert_alerts_told(hear(connection, lake_id(lake)), lake)
    kinds = [event["type"] for event in hear(connection, lake_id(lake), PIPELINE)]
    assert "vitalake.run.completed" in kinds


def test_a_lake_whose_position_is_gone_stops_and_asks(lake: Path, own_broker: Broker) -> None:
    brokers = own_broker.brokers
    count = publish(lake, brokers)["alert_changes"]
    admin = AdminClient({"bootstrap.servers": brokers})
    for future in admin.delete_topics([RELAY]).values():
        future.result(10)
    refused = vitalake("publish", "--lake", lake, "--to", brokers)
    assert refused.returncode == 2
    assert f"published its alerts up to {count}" in refused.stderr
    assert f"--from {count + 1}" in refused.stderr
    assert publish(lake, brokers, "--from", count + 1)["alert_changes"] == 0
    assert len(hear(Connection(brokers), lake_id(lake))) == count


def test_listening_shows_events_and_takes_one_topic(lake: Path, connection: Connection) -> None:
    count = publish(lake, connection.brokers)["alert_changes"]
    listen = ("listen", "--from-beginning", "--until-quiet", 2)
    lines = done(*listen, f"{connection.brokers}/{ALERTS}", "--json").splitlines()
    own_id = lake_id(lake)
    mine = [event for event in map(json.loads, lines) if event["source"].endswith(own_id)]
    assert len(mine) == count
    shown = done(*listen, connection.brokers)
    assert "alert.raised" in shown
    assert "message.quarantined" in shown
    assert "stage.completed" in shown


def test_a_topic_is_a_source_like_files(tmp_path: Path, make_topic: MakeTopic, messages: Path) -> None:
    topic, lake = make_topic(partitions=3), tmp_path / "lake"
    done("simulate", *SIMULATED, "--to", topic.url, "--rate", 100_000)
    total = len(messages.read_bytes().splitlines())
    assert json.loads(done("run", topic.url, "--lake", lake, "--json"))["messages"] == total
    assert json.loads(done("run", topic.url, "--lake", lake, "--json"))["messages"] == 0


def test_mistakes_are_told(tmp_path: Path, lake: Path) -> None:
    for arguments, told in {
        ("publish", "--lake", lake): "No Kafka is named",
        ("publish", "--lake", tmp_path / "no", "--to", "localhost:9092"): "is no lake",
        ("run", "kafka://localhost:9092", "--lake", lake): "names no topic",
        ("run", "kafka://localhost:9092/t", "x.ndjson", "--lake", lake): "one of them is a topic",
        ("simulate", "--rate", 5): "are for a topic",
        ("listen", "localhost:9092/bad topic"): "can't be the name of a Kafka topic",
    }.items():
        ended = vitalake(*arguments)
        assert ended.returncode == 2, arguments
        assert told in ended.stderr


def test_an_unknown_topic_is_told(lake: Path, connection: Connection) -> None:
    before = read_progress(EmbeddedLake(lake))
    ended = vitalake("run", f"kafka://{connection.brokers}/nowhere", "--lake", lake)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: There is no topic kafka://{connection.brokers}/nowhere. ")
    assert ended.stderr.count("\n") == 1
    assert read_progress(EmbeddedLake(lake)) == before
