"""A topic through Structured Streaming: what the notebooks make of it, from a broker that wants a login."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Final

import pytest
from pyspark.sql import SparkSession
from roads import lawful, rows_of, run_of
from services.brokers import MODULE, RIGHT, guarded_broker
from spark.notebook_runner import NOTEBOOKS, run_notebook
from spark.topics import EPOCH, Row, Topic, bronze, new_topic
from spark.wards import ward
from strategies.hostile import EXTREME, GOOD, json_test_suite
from strategies.odd import RAW, odd_payloads

from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.engines.engine import Engine
from vitalake.engines.spark.lake import SparkLake
from vitalake.errors import LakeError, UserError
from vitalake.kafka.address import KafkaAddress
from vitalake.silver.tables import SILVER_DUPLICATES, SILVER_OBSERVATIONS, SILVER_QUARANTINE
from vitalake.sources.kafka import kafka_source

SCHEMA: Final = "spark_catalog.ward"
"""A lake that is a schema of a catalog."""
OPTIONS: Final = {"kafka.security.protocol": "SASL_PLAINTEXT", "kafka.sasl.mechanism": "PLAIN"}
FOR_FILES: Final = {"format": "cloudFiles", "cloudFiles.format": "binaryFile"}
"""What the bundle says of a source unless it is told otherwise."""
LARGEST: Final = 900_000
"""Bytes that a broker takes as one message."""

Fate = tuple[int, int, str, str | None, bytes | None]
"""A message's place in the topic, the table in which it ended; of one in quarantine the reason and the bytes."""

FIRST: Final[Sequence[Row]] = (
    {
        "partition": 0,
        "key": b"k\x00",
        "payload": b"\xff\xfe{",
        "headers": [("trace", b"\xff\x00"), ("trace", None), ("", b"")],
        "source_time": EPOCH + timedelta(milliseconds=1_767_323_045_678),
    },
    {"partition": 1, "payload": None},
    {"partition": 0, "key": b"", "payload": b""},
    {"partition": 0, "key": b"p", "payload": b"{}"},
    {"partition": 1, "key": b"q", "payload": b"{}"},
)
MORE: Final[Sequence[Row]] = (
    {"partition": 0, "key": b"p", "payload": b"more"},
    {"partition": 1, "payload": b"more"},
)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address at which a broker wants a password."""
    with guarded_broker(tmp_path_factory.mktemp("guarded")) as address:
        yield address


@pytest.fixture
def topic(guarded: str, request: pytest.FixtureRequest) -> Topic:
    return new_topic(guarded, request.node.name, RIGHT)


@pytest.fixture
def suite(request: pytest.FixtureRequest) -> list[bytes]:
    """The files of the JSON test suite; none where they are not there."""
    try:
        return [file.read_bytes() for file in json_test_suite(request.getfixturevalue("shared_data"))]
    except pytest.skip.Exception:
        return []


def jaas(password: str) -> str:
    """The login as Java takes it."""
    return f'{MODULE} required username="ward" password="{password}";'


def run(name: str, topic: Topic, lake: Path | str, password: str = "right", **more: str) -> Row:
    """Run a notebook with the login in the secret scope; yield what it said."""
    parameters: Mapping[str, str] = {
        "lake": str(lake),
        "source": topic.address.url,
        "secret_scope": "ward",
        "stream_options": json.dumps(OPTIONS | FOR_FILES),
        **more,
    }
    path = NOTEBOOKS / f"{name}.py"
    said: Row = json.loads(
        run_notebook(path, parameters, secrets={("ward", "kafka-jaas"): jaas(password)}) or ""
    )
    return said


@pytest.mark.usefixtures("spark")
def test_each_message_comes_once_with_all_that_kafka_knows(topic: Topic, tmp_path: Path) -> None:
    lake = tmp_path / "lake"
    topic.send(FIRST)
    assert run("01_bronze", topic, lake)["messages"] == len(FIRST)
    assert bronze(EmbeddedLake(lake)) == topic.rows()

    topic.send(MORE)
    topic.abort(b"taken back")
    assert run("01_bronze", topic, lake)["messages"] == len(MORE)
    assert bronze(EmbeddedLake(lake)) == topic.rows()

    topic.send(MORE)
    anew = str(tmp_path / "another-checkpoint")  # knows nothing, so all is read again, in several batches
    assert run("01_bronze", topic, lake, checkpoint=anew, batch_rows="4")["messages"] == len(MORE)
    assert bronze(EmbeddedLake(lake)) == topic.rows()


def malformed(suite: Sequence[bytes]) -> list[bytes | None]:
    """Yield payloads that are no event, or hardly one, and an event with two contents; some twice, in any order."""
    random = Random(13)
    fitting = [each for each in EXTREME if len(each) < LARGEST]
    payloads = [*fitting, *RAW, *odd_payloads(random, 60), *suite, GOOD, GOOD.replace(b"97", b"96")]
    return random.sample([*payloads, *payloads], len(payloads) * 4 // 3)


def fates(lake: Engine) -> list[Fate]:
    """Yield what became of each message, in bronze order."""
    tables = (SILVER_OBSERVATIONS, SILVER_QUARANTINE, SILVER_DUPLICATES)
    found = [(table.name, row) for table in tables for row in rows_of(lake, table)]
    return sorted(
        (row["partition"], row["offset"], name, row.get("reason"), row.get("payload")) for name, row in found
    )


def assert_conserved(found: Sequence[Fate], sent: Sequence[Row]) -> None:
    """Fail unless each message is in one table, what is in quarantine is as it was sent, and no table is empty."""
    payloads = {(row["partition"], row["offset"]): row["payload"] for row in sent}
    assert [fate[:2] for fate in found] == list(payloads)
    assert len({fate[2] for fate in found}) == 3
    quarantined = [fate for fate in found if fate[2] == SILVER_QUARANTINE.name]
    assert [fate[:2] for fate in quarantined if fate[4] != payloads[fate[:2]]] == []


def test_silver_in_a_schema_is_what_the_embedded_engine_makes_of_the_topic(
    spark: SparkSession, topic: Topic, suite: list[bytes], tmp_path: Path
) -> None:
    payloads = [*ward(seed=13, patients=2, events=8), *malformed(suite)]
    topic.send([{"partition": n % 2, "payload": payload} for n, payload in enumerate(payloads)])
    spark.sql(f"create schema {SCHEMA}")
    for name in ("01_bronze", "02_silver"):
        assert run(name, topic, SCHEMA, checkpoint=str(tmp_path / "checkpoints"))["lake_id"]
    lake, quiet = SparkLake.at(SCHEMA, spark), EmbeddedLake(tmp_path / "quiet")
    tables = [row.tableName for row in spark.sql(f"show tables in {SCHEMA}").collect()]
    assert not [name for name in tables if "staging" in name]
    run_of(quiet).silver(kafka_source(topic.address.url, RIGHT), max_rows=10**9)
    assert bronze(lake) == bronze(quiet) == topic.rows()
    assert fates(lake) == fates(quiet)
    assert_conserved(fates(quiet), topic.rows())
    assert lawful(lake) == lawful(quiet)


@pytest.mark.usefixtures("spark")
def test_a_wrong_password_reaches_the_broker_and_is_not_shown(topic: Topic, tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="Can't read kafka://") as error:
        run("01_bronze", topic, tmp_path / "lake", password="mistaken")
    assert "mistaken" not in str(error.value)
    assert bronze(EmbeddedLake(tmp_path / "lake")) == []


@pytest.mark.usefixtures("spark")
@pytest.mark.parametrize("option", ["startingoffsets", "kafka.isolation.level"])
def test_what_the_promises_rest_on_can_not_be_changed(option: str, tmp_path: Path) -> None:
    nowhere = Topic(KafkaAddress("127.0.0.1:1", "vitals"), RIGHT)
    with pytest.raises(UserError, match=f"option {option} can't be changed"):
        run("01_bronze", nowhere, tmp_path / "lake", stream_options=json.dumps({option: "latest"}))
