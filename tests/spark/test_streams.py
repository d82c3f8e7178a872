"""``vitalake ingest`` on a Spark of this machine: Structured Streaming goes ahead, the reader brings what it leaves."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession
from roads import rows_of, run_of
from services.brokers import encrypted_broker, make_certificates, trusting
from spark.topics import Topic, bronze, new_topic

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.cli import main
from vitalake.cli.streams import _giving_way
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.spark.lake import SparkLake
from vitalake.errors import SourceAway, Unavailable, UserError
from vitalake.gold.records import GOLD_PIPELINE_RUNS
from vitalake.kafka.connection import Options
from vitalake.silver.tables import LAKE_BATCHES
from vitalake.sources.files import FileSource
from vitalake.sources.kafka import kafka_source
from vitalake.sources.messages import Nothing
from vitalake.stages.streaming import Ahead

Ingest = Callable[..., Mapping[str, Any]]


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    return tmp_path / "lake"


@pytest.fixture
def ingest(spark: SparkSession, lake: Path, capsys: pytest.CaptureFixture[str]) -> Ingest:
    """Runs the command on the session at hand; yields what it counted."""
    assert spark

    def run(source: object, code: int = 0, **more: str) -> Mapping[str, Any]:
        options = [part for name, value in more.items() for part in (f"--{name}", value)]
        arguments = ["ingest", str(source), "--lake", str(lake), "--engine", "spark", "--json", *options]
        assert main(arguments) == code
        out, err = capsys.readouterr()
        return {"said": err} | json.loads(out or "{}")

    return run


def batches(lake: Path) -> list[tuple[int, bool]]:
    """Yield how many messages each bronze batch has, and whether it reached the end."""
    rows = rows_of(EmbeddedLake(lake), LAKE_BATCHES)
    return [(row["rows_in"], row["at_end"]) for row in rows if row["stage"] == "ingest"]


def as_read(folder: Path, lake: Path) -> list[dict[str, Any]]:
    """Yield what the reader alone makes of a folder, as far as it can be read."""
    with suppress(UserError):
        run_of(EmbeddedLake(lake)).ingest(FileSource([folder]), 10**9)
    return bronze(EmbeddedLake(lake))


def test_files_are_streamed_and_the_reader_brings_what_a_stream_can_not_know(
    ingest: Ingest, lake: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "wards [a]{b,c} %20?*é"
    (folder / "night").mkdir(parents=True)
    (folder / "night" / "whole [1].ndjson").write_bytes(b'{"e":1}\r\n\n\xff\x00{\n')
    (folder / "packed.jsonl.gz").write_bytes(gzip.compress(b'{"e":3}\n{"e":4}'))
    (folder / "growing.ndjson").write_bytes(b'{"e":5}\n{"e":')
    (folder / "cut.json.gz").write_bytes(gzip.compress(b'{"e":6}\n' * 9)[:-9])
    (folder / "link.ndjson").symlink_to(folder / "growing.ndjson")
    (folder / "_UPPER.NDJSON").write_bytes(b'{"e":7}\n')
    (folder / "large.ndjson").write_bytes(b'{"e":8}' + b" " * 3000 + b"\n")
    (folder / "empty.ndjson").touch()
    assert "cut.json.gz" in ingest(folder, code=2, **{"batch-rows": "10"})["said"]
    streamed = [row["source"] for row in rows_of(EmbeddedLake(lake), BRONZE_EVENTS) if row["batch"] == 1]
    assert {Path(source).name for source in streamed} <= {"whole [1].ndjson", "growing.ndjson"}
    assert bronze(EmbeddedLake(lake)) == as_read(folder, tmp_path / "quiet")

    (folder / "cut.json.gz").write_bytes(gzip.compress(b'{"e":6}\n' * 9))
    for name in ("night/whole [1].ndjson", "growing.ndjson"):
        with (folder / name).open("ab") as file:
            file.write(b'2}\n{"e":9}\n')
    (folder / "new.ndjson").write_bytes(b'{"e":10}\n')
    ingest(folder.parent)  # which has a checkpoint of its own
    assert bronze(EmbeddedLake(lake)) == as_read(folder, tmp_path / "quiet")
    assert batches(lake)[-1][1]

    before = batches(lake)
    assert ingest(folder)["messages"] == 0
    assert batches(lake) == before
    runs = rows_of(EmbeddedLake(lake), GOLD_PIPELINE_RUNS)
    assert len({(row["run_id"], row["stage"]) for row in runs}) == len(runs) == 3


def test_what_the_reader_passes_over_is_not_streamed(ingest: Ingest, lake: Path, tmp_path: Path) -> None:
    landing, elsewhere = tmp_path / "landing", tmp_path / "elsewhere"
    (landing / "table" / "_delta_log").mkdir(parents=True)
    elsewhere.mkdir()
    for folder in (landing, landing / "table", elsewhere):
        (folder / "a.ndjson").write_bytes(b"{}\n")
    (landing / "archive").symlink_to(elsewhere)
    assert ingest(landing)["messages"] == 1
    assert batches(lake) == [(1, True)]


def test_a_stream_that_is_stopped_is_gone_on_with(
    spark: SparkSession, ingest: Ingest, lake: Path, tmp_path: Path
) -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    folder = tmp_path / "wards"
    folder.mkdir()
    for number in range(6):
        (folder / f"{number}.ndjson").write_bytes(b"%200d\n" % number)  # each a batch
    streaming = SparkLake.in_folder(lake, spark)
    ahead = Ahead(streaming, 1, stop)
    with pytest.raises(KeyboardInterrupt):
        run_of(streaming).ingest(Nothing(), 1, lambda run_id, _: ahead.folder(folder, run_id, {}))
    assert len(batches(lake)) < 6
    ingest(folder)
    assert bronze(EmbeddedLake(lake)) == as_read(folder, tmp_path / "quiet")


def test_where_a_stream_fails_the_reader_goes_on(ingest: Ingest, lake: Path, tmp_path: Path) -> None:
    (tmp_path / "wards").mkdir()
    (tmp_path / "wards" / "a.ndjson").write_bytes(b"{}\n")
    (lake / ".vitalake").mkdir(parents=True)
    (lake / ".vitalake" / "checkpoints").touch()  # no folder can be there
    counted = ingest(tmp_path / "wards")
    assert (counted["messages"], "no stream" in counted["said"]) == (1, True)


def test_who_answers_spark_not_may_answer_the_reader_but_a_spark_that_is_gone_is_told(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with _giving_way():
        raise SourceAway("Kafka does not answer", "Try again")
    assert "no stream, vitalake reads by itself: Kafka does not answer" in capsys.readouterr().err
    with pytest.raises(Unavailable), _giving_way():
        raise Unavailable("Spark's process has ended", "Run again")


@pytest.fixture(scope="module")
def options(tmp_path_factory: pytest.TempPathFactory) -> Options:
    """The client's settings for a broker that encrypts and wants a password."""
    return trusting(make_certificates(tmp_path_factory.mktemp("certificates")) / "ca.pem")


@pytest.fixture(scope="module")
def encrypted(options: Options, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of that broker."""
    certificates = Path(str(options["ssl.ca.location"])).parent
    with encrypted_broker(tmp_path_factory.mktemp("encrypted"), certificates) as address:
        yield address


@pytest.fixture
def topic(
    encrypted: str, options: Options, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Topic:
    for name, value in options.items():
        monkeypatch.setenv(f"VITALAKE_KAFKA_{name.upper().replace('.', '_')}", str(value))
    return new_topic(encrypted, request.node.name, options)


def test_a_topic_is_streamed_from_where_the_lake_is(
    spark: SparkSession, ingest: Ingest, lake: Path, topic: Topic
) -> None:
    numbers = iter(range(100))

    def send(count: int) -> None:
        topic.send([{"partition": n % 2, "payload": b"%d" % next(numbers)} for n in range(count)])

    send(5)
    assert ingest(topic.address.url, **{"batch-rows": "3"})["messages"] == 5
    assert len(batches(lake)) > 2  # cut by Spark, and the reader says that this is all

    send(2)
    topic.abort(b"taken back")
    run_of(SparkLake.in_folder(lake, spark)).ingest(kafka_source(topic.address.url, topic.options), 10)
    send(2)
    assert ingest(topic.address.url)["messages"] == 2
    assert bronze(EmbeddedLake(lake)) == topic.rows()

    send(2)
    before = batches(lake)
    topic.drop_all()
    assert "unread" in ingest(topic.address.url, code=2)["said"]
    assert batches(lake) == before


def test_a_login_that_spark_can_not_be_told_is_the_readers(
    ingest: Ingest, lake: Path, topic: Topic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITALAKE_KAFKA_SOCKET_TIMEOUT_MS", "9000")
    topic.send([{"partition": 1, "payload": b"{}"}])
    counted = ingest(topic.address.url)
    assert (counted["messages"], "no stream" in counted["said"]) == (1, True)
    assert bronze(EmbeddedLake(lake)) == topic.rows()
    assert batches(lake) == [(1, True)]
