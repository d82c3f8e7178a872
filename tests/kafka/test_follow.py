"""The road from Kafka to Kafka: simulate, run --follow, alerts; ended, killed and without a broker."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import OFFSET_END, TopicPartition
from confluent_kafka.admin import AdminClient
from following import (
    Process,
    assert_alerts_told,
    assert_same_lake,
    count,
    done,
    hear,
    is_refined,
    lake_id,
    running,
    vitalake,
    wait_for_stage,
)

from vitalake.dev.kafka import Broker
from vitalake.kafka.address import KafkaAddress
from vitalake.kafka.connection import Connection
from vitalake.publish.topics import PIPELINE
from vitalake.silver.tables import SILVER_OBSERVATIONS

MakeTopic = Callable[..., KafkaAddress]

FAULTS = ("--late", "0.02", "--late-max-hours", "1", "--out-of-order", "0.05", "--duplicate", "0.03")
SIMULATED = ("--patients", 25, "--hours", 3, "--interval-s", 30, *FAULTS)
QUICK = {"VITALAKE_GOLD_EVERY_S": "3", "VITALAKE_STALLED_AFTER_S": "2"}


@pytest.fixture(scope="module")
def messages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of what the tests also send to topics."""
    path = tmp_path_factory.mktemp("quiet") / "messages.ndjson"
    done("simulate", *SIMULATED, "--to", path)
    return path


@pytest.fixture(scope="module")
def total(messages: Path) -> int:
    """How many messages they are."""
    return len(messages.read_bytes().splitlines())


@pytest.fixture(scope="module")
def quiet(messages: Path) -> Path:
    """The lake that one undisturbed run makes of them."""
    lake = messages.parent / "lake"
    done("run", messages, "--lake", lake)
    return lake


def follow(folder: Path, topic: KafkaAddress, *more: object) -> tuple[object, ...]:
    """Yield the arguments of a run that follows a topic."""
    publish = ("--publish-to", topic.brokers)
    return ("run", topic.url, "--lake", folder / "lake", "--follow", *publish, *more)


def test_from_kafka_to_kafka(
    tmp_path: Path, make_topic: MakeTopic, connection: Connection, quiet: Path, total: int
) -> None:
    topic, lake = make_topic(partitions=2), tmp_path / "lake"
    with running(tmp_path / "log", *follow(tmp_path, topic), settings=QUICK) as process:
        done("simulate", *SIMULATED, "--to", topic.url, "--rate", 2000)
        process.wait_for(lambda: is_refined(lake, total), "all messages refined")
        process.wait_for(lambda: "feed stalled" in process.said(), "the feed called stalled")
        assert process.end(signal.SIGTERM) == 0
    assert_same_lake(lake, quiet)
    assert_alerts_told(hear(connection, lake_id(lake)), lake)
    told = hear(connection, lake_id(lake), PIPELINE)
    kinds = {event["type"] for event in told}
    assert {"vitalake.feed.stalled", "vitalake.stage.completed", "vitalake.run.completed"} <= kinds
    runs = {event["id"]: event["data"] for event in told if event["type"] == "vitalake.run.completed"}
    assert sum(run["rows_in"] for run in runs.values()) == total
    done("curate", "--lake", lake)  # the gate is content with Gold, which was curated while Silver moved


def test_ctrl_c_ends_after_the_batch(tmp_path: Path, make_topic: MakeTopic, total: int, quiet: Path) -> None:
    topic, lake = make_topic(), tmp_path / "lake"
    done("simulate", *SIMULATED, "--to", topic.url)
    with running(tmp_path / "log", *follow(tmp_path, topic, "--batch-rows", 50)) as process:
        process.wait_for(lambda: count(lake, SILVER_OBSERVATIONS) > 0, "a batch refined")
        assert process.end(signal.SIGINT) == 130
        assert count(lake) < total
        assert process.said().endswith(
            "stopped: what was committed to a lake is kept, and its next run goes on from there.\n"
        )
    done("run", topic.url, "--lake", lake)
    assert is_refined(lake, total)
    assert_same_lake(lake, quiet)


def test_a_stream_that_can_not_go_on_ends_and_tells_it(
    tmp_path: Path, make_topic: MakeTopic, connection: Connection
) -> None:
    topic, lake = make_topic(), tmp_path / "lake"
    for _ in range(2):
        done("simulate", *SIMULATED, "--to", topic.url)
        if not lake.exists():
            done("run", topic.url, "--lake", lake)
    admin = AdminClient({"bootstrap.servers": topic.brokers})
    for future in admin.delete_records([TopicPartition(topic.topic, 0, OFFSET_END)]).values():
        future.result(10)
    ended = vitalake(*follow(tmp_path, topic))
    assert ended.returncode == 2
    assert "dropped offsets" in ended.stderr
    told = hear(connection, lake_id(lake), PIPELINE)
    (failed,) = (event for event in told if event["type"] == "vitalake.run.failed")
    assert "dropped offsets" in failed["data"]["error"]


def test_a_topic_that_is_not_there_yet_is_waited_for(
    tmp_path: Path, connection: Connection, total: int
) -> None:
    topic = KafkaAddress(connection.brokers, f"later-{tmp_path.name}")
    with running(tmp_path / "log", *follow(tmp_path, topic)) as process:
        process.wait_for(lambda: "There is no topic" in process.said(), "the topic missed")
        done("simulate", *SIMULATED, "--to", topic.url)
        process.wait_for(lambda: is_refined(tmp_path / "lake", total), "all messages refined")
        assert "it answers again" in process.said()
        assert process.end(signal.SIGTERM) == 0


@pytest.fixture
def without_kafka(tmp_path: Path) -> dict[str, str]:
    """The settings of a process in whose environment Kafka's client is not installed."""
    folder = tmp_path / "missing"
    folder.mkdir()
    name = "confluent_kafka"
    (folder / f"{name}.py").write_text(
        f'raise ModuleNotFoundError("No module named {name!r}", name={name!r})\n'
    )
    return {"PYTHONPATH": str(folder)}


def test_a_folder_is_followed_without_the_client_of_kafka(
    tmp_path: Path, messages: Path, total: int, quiet: Path, without_kafka: dict[str, str]
) -> None:
    drop, lake = tmp_path / "drop", tmp_path / "lake"
    drop.mkdir()
    lines = messages.read_bytes().splitlines(keepends=True)
    settings = {**QUICK, **without_kafka}
    with running(tmp_path / "log", "run", drop, "--lake", lake, "--follow", settings=settings) as process:
        process.wait_for(lambda: "holds no file of messages" in process.said(), "the folder found empty")
        with (drop / "a.ndjson").open("wb") as file:
            file.write(b"".join(lines[:1000]) + lines[1000][:20])
            file.flush()
            process.wait_for(lambda: is_refined(lake, 1000), "whole lines refined")
            file.write(lines[1000][20:])
        (drop / "b.ndjson").write_bytes(b"".join(lines[1001:]))
        process.wait_for(lambda: is_refined(lake, total), "all messages refined")
        process.wait_for(lambda: "feed stalled" in process.said(), "the feed called stalled")
        assert process.end(signal.SIGTERM) == 0
    assert_same_lake(lake, quiet)


def test_a_lake_is_followed_once(tmp_path: Path, make_topic: MakeTopic) -> None:
    topic = make_topic()
    with running(tmp_path / "log", *follow(tmp_path, topic)) as process:
        process.wait_for((tmp_path / "lake" / ".vitalake" / "publish.lock").exists, "the stages held")
        time.sleep(0.5)
        second = vitalake(*follow(tmp_path, topic))
        assert second.returncode == 1
        assert "Another process holds the ingest stage" in second.stderr


def test_kafka_that_is_away_delays_and_stops_nothing(
    tmp_path: Path, own_broker: Broker, messages: Path, total: int, quiet: Path
) -> None:
    """Subscribers' Kafka is away while files are followed: the lake goes on, and they get all of it later."""
    lake, brokers = tmp_path / "lake", own_broker.brokers
    own_broker.kill()
    arguments = ("run", messages, "--lake", lake, "--follow", "--publish-to", brokers)
    with running(tmp_path / "log", *arguments, settings=QUICK) as process:
        process.wait_for(lambda: is_refined(lake, total), "all messages refined")
        process.wait_for(lambda: "waiting: Kafka at" in process.said(), "Kafka missed")
        own_broker.start()
        process.wait_for(lambda: "it answers again" in process.said(), "Kafka found again")
        assert process.end(signal.SIGTERM) == 0
    assert_same_lake(lake, quiet)
    assert_alerts_told(hear(Connection(brokers), lake_id(lake)), lake)


def wait_until_at_work(process: Process, lake: Path, total: int) -> None:
    """Wait until a run has brought messages of its own, or there is nothing left to bring."""
    before = count(lake)
    process.wait_for(lambda: count(lake) > before or is_refined(lake, total), "messages brought")


@pytest.mark.parametrize(
    ("seed", "kills", "of_broker"),
    [(1, 4, 2), *(pytest.param(seed, 10, 4, marks=pytest.mark.soak) for seed in range(2, 7))],
)
def test_kills_of_the_run_and_of_the_broker_change_nothing(
    tmp_path: Path, own_broker: Broker, total: int, quiet: Path, seed: int, kills: int, of_broker: int
) -> None:
    rng, lake = random.Random(seed), tmp_path / "lake"
    with_broker = rng.sample(range(kills), of_broker)
    topic = KafkaAddress(own_broker.brokers, "vitals")
    simulate = ("simulate", *SIMULATED, "--to", topic.url)
    done(*simulate)
    for kill in range(kills):
        process = Process(
            tmp_path / f"log-{kill}", *follow(tmp_path, topic, "--batch-rows", 29), settings=QUICK
        )
        if kill % 2 == 0:  # the others may die while they start, or catch up with what the last one left
            wait_until_at_work(process, lake, total)
        time.sleep(rng.uniform(0, 3))
        if kill in with_broker:
            own_broker.kill()
            own_broker.start()
            time.sleep(rng.uniform(0, 3))
        assert process.end(signal.SIGKILL) == -signal.SIGKILL, process.said()
    wait_for_stage(lake, "curate")
    done("run", topic.url, "--lake", lake, "--publish-to", topic.brokers)
    assert is_refined(lake, total)
    assert_same_lake(lake, quiet)
    assert_alerts_told(hear(Connection(topic.brokers), lake_id(lake)), lake)
