"""Latency on the road from Kafka to Kafka: the broker's append of an event -> its alert at a separate consumer.

``python -m benchmarks.kafka_latency [RATE] [SECONDS]`` starts a broker, a run that follows, a consumer and a producer,
each a process of its own, and prints one JSON object.  The first ten seconds are not counted.  ``parts`` are medians
of the steps on an alert's way.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from benchmarks.events import million
from benchmarks.road import percentile
from vitalake.dev.kafka import broker
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.kafka.connection import Connection
from vitalake.kafka.topics import create_topic
from vitalake.publish.listen import listen
from vitalake.publish.send import send_messages
from vitalake.publish.topics import ALERTS
from vitalake.silver.tables import LAKE_BATCHES

TOPIC = "vitals"
WARM_S = 10
STAMPED = {"message.timestamp.type": "LogAppendTime"}
KEYS = re.compile(rb'"(event_id|patient_id|event_time)": ?"([^"]*)"')


def facts(payload: bytes) -> dict[str, str]:
    """Yield the ids and the time of an event."""
    return {name.decode(): value.decode() for name, value in KEYS.findall(payload)}


def produce(brokers: str, rate: float, seconds: float) -> None:
    """Send the benchmark's events at a rate."""

    def messages() -> Iterator[tuple[str, bytes]]:
        with million().open("rb") as lines:
            for line in islice(lines, round(rate * (seconds + WARM_S))):
                yield facts(line)["patient_id"], line.rstrip()

    ready = list(messages())
    send_messages(Connection(brokers), TOPIC, ready, rate_per_s=rate)


def consume(brokers: str, out: Path) -> None:
    """Write down each alert change and when it was here, until SIGTERM."""
    with out.open("w") as file:
        for heard in listen(Connection(brokers), [ALERTS], from_beginning=True):
            assert heard.appended_at
            when = {"at_ms": time.time() * 1000, "appended_ms": heard.appended_at.timestamp() * 1000}
            file.write(json.dumps(when | heard.event["data"]) + "\n")
            file.flush()


def appended(brokers: str) -> dict[str, tuple[str, int]]:
    """Yield event id -> its time and when the broker appended it [ms]: the first of repeats."""
    consumer = Consumer({"bootstrap.servers": brokers, "group.id": "latency", "enable.auto.commit": False})
    partitions = list(consumer.list_topics(TOPIC, 10).topics[TOPIC].partitions)
    consumer.assign([TopicPartition(TOPIC, p, 0) for p in partitions])
    found: dict[str, tuple[str, int]] = {}
    while messages := consumer.consume(10_000, 2):
        for message in messages:
            event = facts(message.value() or b"")
            found.setdefault(event["event_id"], (event["event_time"], message.timestamp()[1]))
    consumer.close()
    return found


def instant(text: str) -> datetime:
    """Yield a time that an event or an alert names."""
    return datetime.fromisoformat(text)


@dataclass(frozen=True)
class Told:
    """An alert's change: when the broker had its event, when the consumer's topic had it, when it was here [ms]."""

    batch: int
    event_ms: float
    appended_ms: float
    at_ms: float


def told_changes(alerts: Path, events: dict[str, tuple[str, int]]) -> list[Told]:
    """Yield each change that one event brought about at its own instant."""
    found = []
    for line in alerts.read_text().splitlines():
        told = json.loads(line)
        at, by = (
            (told["cleared_at"], told["clearing_event_id"])
            if told["change"] == "cleared"
            else (told["raised_at"], told["raising_event_id"])
        )
        event = events.get(by or "")
        if told["change"] in ("raised", "cleared") and event and instant(event[0]) == instant(at):
            found.append(Told(told["batch"], event[1], told["appended_ms"], told["at_ms"]))
    return found


def child(*arguments: object) -> subprocess.Popen[bytes]:
    """Start a process of this benchmark."""
    return subprocess.Popen([sys.executable, "-m", "benchmarks.kafka_latency", *map(str, arguments)])


def measure(rate: float, seconds: float, folder: Path) -> dict[str, Any]:
    """Run it all and yield the figures."""
    million()
    lake, alerts = folder / "lake", folder / "alerts.ndjson"
    with broker(folder / "broker") as running:
        brokers = running.brokers
        for topic in (TOPIC, ALERTS):
            create_topic(Connection(brokers), topic, 2, STAMPED)
        follow = [
            "run",
            f"kafka://{brokers}/{TOPIC}",
            "--lake",
            str(lake),
            "--follow",
            "--publish-to",
            brokers,
        ]
        vitalake = subprocess.Popen([sys.executable, "-m", "vitalake", *follow], stdout=subprocess.DEVNULL)
        consumer = child("consume", brokers, alerts)
        time.sleep(8)
        child("produce", brokers, rate, seconds).wait()
        time.sleep(3)
        usage = Path(f"/proc/{vitalake.pid}/stat").read_text().rsplit(")", 1)[1].split()
        vitalake.send_signal(signal.SIGTERM)
        vitalake.wait()
        consumer.terminate()
        consumer.wait()
        events = appended(brokers)
    first = min(at for _, at in events.values()) + WARM_S * 1000
    counted = [told for told in told_changes(alerts, events) if told.event_ms >= first]
    found = [told.at_ms - told.event_ms for told in counted]
    batches = batch_figures(lake)
    return {
        "events_per_s": rate,
        "alerts": len(found),
        **{f"p{share * 100:g}_ms": round(percentile(found, share), 1) for share in (0.5, 0.9, 0.99, 0.999)},
        "max_ms": round(max(found), 1),
        "parts": parts(lake, counted),
        "cpu_s": (int(usage[11]) + int(usage[12])) / os.sysconf("SC_CLK_TCK"),
        **batches,
    }


def parts(lake: Path, counted: list[Told]) -> dict[str, int]:
    """Yield the medians of the steps on the way of an alert [ms]."""
    engine = EmbeddedLake(lake)
    engine.open(LAKE_BATCHES)
    rows = engine.rows("""
        select batch, min(epoch_us(started_at)) / 1000.0 as begun_ms, max(epoch_us(ended_at)) / 1000.0 as refined_ms
        from lake_batches where stage in ('ingest', 'refine') group by batch
    """).to_pylist()
    batches = {row["batch"]: (row["begun_ms"], row["refined_ms"]) for row in rows}
    steps = [
        (
            batches[told.batch][0] - told.event_ms,
            batches[told.batch][1] - batches[told.batch][0],
            told.appended_ms - batches[told.batch][1],
            told.at_ms - told.appended_ms,
        )
        for told in counted
        if told.batch in batches
    ]
    names = ("waits_for_its_batch", "bronze_and_silver", "relay", "transaction_and_consumer")
    return {name: round(median(step)) for name, step in zip(names, zip(*steps, strict=True), strict=True)}


def batch_figures(lake: Path) -> dict[str, Any]:
    """Yield how many batches there were and how long a batch, and a settling, took [ms]."""
    engine = EmbeddedLake(lake)
    engine.open(LAKE_BATCHES)
    figures = {}
    for stage in ("ingest", "refine", "settle"):
        (row,) = engine.rows(f"""
            select count(*) as batches, median(ms) as p50, quantile_cont(ms, 0.99) as p99, max(ms) as longest
            from (select epoch_us(ended_at) / 1000.0 - epoch_us(started_at) / 1000.0 as ms from lake_batches
                  where stage = '{stage}')
        """).to_pylist()
        figures[stage] = {name: None if value is None else round(value) for name, value in row.items()}
    return figures


def main() -> None:
    """Measure once and print it."""
    if {"-h", "--help"} & set(sys.argv):
        print(__doc__)
    elif sys.argv[1:2] == ["produce"]:
        produce(sys.argv[2], float(sys.argv[3]), float(sys.argv[4]))
    elif sys.argv[1:2] == ["consume"]:
        consume(sys.argv[2], Path(sys.argv[3]))
    else:
        rate, seconds = map(float, (*sys.argv[1:3], *("10000", "60")[len(sys.argv) - 1 :]))
        with tempfile.TemporaryDirectory() as folder:
            print(json.dumps(measure(rate, seconds, Path(folder))))


if __name__ == "__main__":
    main()
