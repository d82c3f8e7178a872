from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from vitalake.dev.kafka import Broker
from vitalake.errors import Unavailable, UserError
from vitalake.kafka.address import KafkaAddress
from vitalake.sources.kafka import KafkaSource, kafka_source
from vitalake.sources.messages import MESSAGES, Batch

MakeTopic = Callable[..., KafkaAddress]


def send(producer: Producer, topic: KafkaAddress, *values: bytes | None, partition: int = 0) -> None:
    for value in values:
        producer.produce(topic.topic, value, partition=partition)
    assert producer.flush(10) == 0


def payloads(*batches: Batch) -> list[bytes | None]:
    return [value for batch in batches for value in batch.messages["payload"].to_pylist()]


def test_a_message_comes_with_its_bytes_and_all_that_kafka_knows(
    make_topic: MakeTopic, producer: Producer
) -> None:
    topic = make_topic()
    headers = [("trace", b"\xff\x00"), ("trace", None), ("", b"")]
    producer.produce(topic.topic, b"\xff\xfe{", b"k\x00", headers=headers, timestamp=1_767_323_045_678)
    producer.produce(topic.topic, None, None, timestamp=1)
    producer.produce(topic.topic, b"", b"", timestamp=2)
    assert producer.flush(10) == 0

    (batch,) = KafkaSource(topic).read({}, 100)

    assert batch.messages.schema.equals(MESSAGES, check_metadata=True)
    assert batch.messages.to_pylist()[0] == {
        "source": topic.url,
        "partition": 0,
        "offset": 0,
        "key": b"k\x00",
        "payload": b"\xff\xfe{",
        "headers": [{"key": k, "value": v} for k, v in headers],
        "source_time": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
    }
    assert batch.messages.select(["key", "payload", "headers"]).to_pylist()[1:] == [
        {"key": None, "payload": None, "headers": None},
        {"key": b"", "payload": b"", "headers": None},
    ]


def test_a_read_goes_on_where_the_lake_is_and_ends_at_the_end(
    make_topic: MakeTopic, producer: Producer
) -> None:
    topic = make_topic(partitions=2)
    source = KafkaSource(topic)
    send(producer, topic, b"a0", b"a1", b"a2")
    send(producer, topic, b"b0", b"b1", partition=1)

    batches = list(source.read({(topic.url, 0): 1, ("kafka://elsewhere:9092/t", 1): 99}, 100))
    assert payloads(*batches) == [b"a1", b"a2", b"b0", b"b1"]
    assert batches[0].next_offsets == {(topic.url, 0): 3, (topic.url, 1): 2}
    assert batches[0].at_end

    (nothing,) = source.read(batches[0].next_offsets, 100)
    assert (payloads(nothing), nothing.next_offsets, nothing.at_end) == ([], {}, True)
    assert nothing.messages.schema.equals(MESSAGES)


def test_a_batch_has_at_most_the_rows_asked_for_and_only_the_last_is_at_end(
    make_topic: MakeTopic, producer: Producer
) -> None:
    topic = make_topic(partitions=2)
    for partition in (0, 1):
        send(producer, topic, *(b"%d" % n for n in range(7)), partition=partition)
    batches = list(KafkaSource(topic).read({}, 4))
    assert [len(batch.messages) for batch in batches] == [4, 4, 4, 2]
    assert [batch.at_end for batch in batches] == [False, False, False, True]
    reached: dict[tuple[str, int], int] = {}
    for batch in batches:
        reached |= batch.next_offsets
    assert reached == {(topic.url, 0): 7, (topic.url, 1): 7}


def test_a_read_ends_though_messages_keep_coming(make_topic: MakeTopic, producer: Producer) -> None:
    topic = make_topic()
    send(producer, topic, *(b"x" for _ in range(100)))
    read = KafkaSource(topic).read({}, 10)
    first = next(read)
    send(producer, topic, *(b"later" for _ in range(100)))
    assert len(payloads(first, *read)) < 200


def test_only_committed_messages_are_read_and_markers_count_as_read(
    make_topic: MakeTopic, kafka_broker: Broker, producer: Producer
) -> None:
    topic = make_topic()
    writer = Producer({"bootstrap.servers": kafka_broker.brokers, "transactional.id": topic.topic})
    writer.init_transactions(10)
    for value, end in ((b"yes", writer.commit_transaction), (b"no", writer.abort_transaction)):
        writer.begin_transaction()
        writer.produce(topic.topic, value)
        writer.flush(10)
        end(10)
    send(producer, topic, b"after")
    (batch,) = KafkaSource(topic).read({}, 10)
    assert payloads(batch) == [b"yes", b"after"]
    assert batch.at_end
    writer.begin_transaction()
    writer.produce(topic.topic, b"open")
    writer.flush(10)
    (open_,) = KafkaSource(topic).read(batch.next_offsets, 10)
    assert (payloads(open_), open_.at_end) == ([], True)
    writer.abort_transaction(10)


def test_following_waits_for_the_first_message_and_no_longer(
    make_topic: MakeTopic, producer: Producer
) -> None:
    topic = make_topic()
    with KafkaSource(topic).open({}) as reader:
        began = time.monotonic()
        assert len(reader.fetch(10, linger_ms=200).messages) == 0
        assert 0.2 <= time.monotonic() - began < 2
        timer = threading.Timer(0.2, send, (producer, topic, b"a"))
        timer.start()
        batch = reader.fetch(10, linger_ms=20_000)
        timer.join()
        assert (payloads(batch), batch.at_end, batch.next_offsets) == ([b"a"], True, {(topic.url, 0): 1})
        assert time.monotonic() - began < 10


def test_messages_dropped_before_they_were_read_are_an_error(
    make_topic: MakeTopic, producer: Producer, kafka_broker: Broker
) -> None:
    topic = make_topic()
    send(producer, topic, *(b"%d" % n for n in range(10)))
    admin = AdminClient({"bootstrap.servers": kafka_broker.brokers})
    for future in admin.delete_records([TopicPartition(topic.topic, 0, 6)]).values():
        future.result(10)
    lake = {(topic.url, 0): 4}
    with pytest.raises(UserError, match=r"dropped offsets 4 to 5 of partition 0 unread.*skip_lost"):
        list(KafkaSource(topic).read(lake, 100))
    assert payloads(*KafkaSource(topic, skip_lost=True).read(lake, 100)) == [b"6", b"7", b"8", b"9"]
    assert payloads(*KafkaSource(topic).read({}, 100)) == [b"6", b"7", b"8", b"9"]


def test_a_topic_made_anew_is_an_error(make_topic: MakeTopic, producer: Producer) -> None:
    topic = make_topic()
    send(producer, topic, b"a")
    with pytest.raises(UserError, match=r"ends at offset 1 of partition 0, but 5 was reached"):
        list(KafkaSource(topic).read({(topic.url, 0): 5}, 10))


def test_a_missing_topic_is_told(kafka_broker: Broker) -> None:
    with pytest.raises(UserError, match=r"no topic kafka://.*/nowhere"):
        list(kafka_source(f"kafka://{kafka_broker.brokers}/nowhere").read({}, 10))


def test_a_wrong_setting_is_told(kafka_broker: Broker) -> None:
    source = kafka_source(f"kafka://{kafka_broker.brokers}/t", {"securty.protocol": "SSL"})
    with pytest.raises(UserError, match=r"setting is wrong.*securty"):
        list(source.read({}, 10))


@pytest.mark.parametrize("listening", [False, True])
def test_a_broker_that_does_not_answer_is_given_up(listening: bool) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        if listening:
            silent.listen()
        address = KafkaAddress(f"127.0.0.1:{silent.getsockname()[1]}", "t")
        began = time.monotonic()
        with pytest.raises(Unavailable, match="does not answer"):
            list(KafkaSource(address, deadline_s=1).read({}, 10))
        assert time.monotonic() - began < 5


def test_a_reader_goes_on_when_the_broker_comes_back(own_broker: Broker) -> None:
    topic = KafkaAddress(own_broker.brokers, "vitals")
    producer = Producer({"bootstrap.servers": own_broker.brokers})
    send(producer, topic, b"a", b"b")
    with KafkaSource(topic, deadline_s=2).open({}) as reader:
        assert payloads(reader.fetch(1)) == [b"a"]
        own_broker.kill()
        with pytest.raises(Unavailable, match="does not answer"):
            reader.fetch(10)
        own_broker.start()
        send(producer, topic, b"c")
        deadline, seen = time.monotonic() + 30, []
        while len(seen) < 2 and time.monotonic() < deadline:
            try:
                seen += payloads(reader.fetch(10, linger_ms=100))
            except Unavailable:
                continue
        assert seen == [b"b", b"c"]
