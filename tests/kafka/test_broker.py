from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient

from vitalake.dev.kafka import Broker
from vitalake.errors import Unavailable, UserError
from vitalake.sources.kafka import kafka_source


def write(broker: Broker, *values: bytes) -> None:
    producer = Producer({"bootstrap.servers": broker.brokers})
    for value in values:
        producer.produce("kept", value, partition=0)
    assert producer.flush(10) == 0


def read(broker: Broker) -> list[bytes]:
    batches = kafka_source(f"kafka://{broker.brokers}/kept").read({}, 100)
    return [value for batch in batches for value in batch.messages["payload"].to_pylist()]


def test_a_broker_keeps_what_it_acknowledged_through_a_stop_and_a_kill(own_broker: Broker) -> None:
    write(own_broker, b"a")
    own_broker.stop()
    assert own_broker.pid is None
    own_broker.start()
    write(own_broker, b"b")
    own_broker.kill()
    own_broker.start()
    assert read(own_broker) == [b"a", b"b"]


def test_other_machines_know_it_by_the_name_that_it_was_given(tmp_path: Path) -> None:
    running = Broker(tmp_path, name="localhost")
    running.start()
    try:
        told = AdminClient({"bootstrap.servers": running.brokers}).list_topics(timeout=10).brokers
        assert [(node.host, node.port) for node in told.values()] == [("localhost", running.port)]
    finally:
        running.stop()


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"Port {port} is in use.*--port"):
            Broker(tmp_path, port).start()


def test_a_folder_that_it_cannot_use_is_told(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=x\n")
    with pytest.raises(Unavailable, match="ended while it started"):
        Broker(tmp_path).start()


def test_in_the_foreground_it_runs_until_it_is_told_to_end(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from vitalake.dev.kafka import run_broker\n"
        "sys.exit(run_broker(0, Path(sys.argv[1]), lambda b: print(b.pid, flush=True)))\n"
    )
    running = subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE, text=True)
    assert running.stdout is not None
    with running.stdout:
        broker_pid = int(running.stdout.readline())
        os.kill(broker_pid, 0)
        running.send_signal(signal.SIGTERM)
        assert running.wait(30) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(broker_pid, 0)
