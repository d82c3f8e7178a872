"""The loop of follow mode over a feed in memory, and what it hands to its company."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import cast

import pyarrow as pa
import pytest
from roads import INGESTED, Payloads, lawful, refined, rows_of
from strategies.histories import as_payloads, history

from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.errors import Unavailable, UserError, VitalakeError
from vitalake.gold.records import GOLD_PIPELINE_RUNS
from vitalake.silver.tables import LAKE_BATCHES, SILVER_ALERT_CHANGES
from vitalake.sources.files import FileSource
from vitalake.sources.messages import MESSAGES, Batch
from vitalake.sources.rereading import Rereading
from vitalake.stages.beside import open_beside
from vitalake.stages.follow import Follow, Pace
from vitalake.stages.progress import Done
from vitalake.stages.publish import Fresh, Publish
from vitalake.stages.publisher import Publisher
from vitalake.stages.run import Run

EMPTY = Batch(MESSAGES.empty_table(), {}, at_end=True)
AWAY = Unavailable("away")


class Script:
    """A feed that does what a test wrote down, then stops the stream."""

    def __init__(self, steps: Sequence[Batch | VitalakeError]) -> None:
        self.stop = threading.Event()
        self._steps = iter(steps)

    def fetch(self, max_rows: int, linger_ms: float = 0) -> Batch:  # noqa: ARG002 - as it is written
        step = next(self._steps, None)
        if step is None:
            self.stop.set()
            return EMPTY
        if isinstance(step, VitalakeError):
            raise step
        return step

    def close(self) -> None:
        """Nothing to let go of."""


class Diary:
    """A company that writes down what it hears."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.changes: list[pa.Table] = []
        self.failure: VitalakeError | None = None

    def refined(self, done: Done) -> None:
        self.heard.append(f"refined {done.rows_in}")

    def paced(self, done: Done | None) -> list[Done]:
        self.heard.append("settled" if done else "nothing to settle")
        return [Done("publish", done.batch, done.run_id, INGESTED, INGESTED)] if done else []

    def stalled(self, since: datetime) -> None:
        self.heard.append(f"stalled {since:%H:%M}")

    def waiting(self, error: VitalakeError | None) -> None:
        self.heard.append(f"waiting: {error.message}" if error else "back")

    def check(self) -> None:
        if self.failure:
            raise self.failure


@pytest.fixture
def payloads() -> list[bytes | None]:
    random = Random(3)
    return [
        p
        for n in range(3)
        for p in as_payloads([m | {"patient_id": f"p{n}"} for m in history(random, 1, 12)])
    ]


def batches(payloads: list[bytes | None], *sizes: int) -> list[Batch]:
    """The payloads as a source yields them, in batches of these sizes."""
    cuts = [sum(sizes[:n]) for n in range(len(sizes) + 1)]
    return list(Payloads([payloads[a:b] for a, b in itertools.pairwise(cuts)]).read({}, 10**9))


def follow(
    lake: EmbeddedLake, script: Script, diary: Diary, pace: Pace | None = None, **clock: object
) -> None:
    run = Run(lake, str(lake.path), now=clock.get("now", lambda: INGESTED))  # type: ignore[arg-type]
    with run.stream() as held:
        held.refine.listen(diary.changes.append)
        Follow(run, held, pace or Pace(10**6, linger_ms=0, least_ms=0), diary).follow(script, script.stop)


def test_what_is_followed_gives_the_tables_of_a_quiet_run(
    tmp_path: Path, payloads: list[bytes | None]
) -> None:
    lake, diary = EmbeddedLake(tmp_path / "lake"), Diary()
    first, second = batches(payloads, 7, len(payloads) - 7)
    follow(lake, Script([EMPTY, first, second, EMPTY]), diary)
    assert diary.heard == ["refined 7", f"refined {len(payloads) - 7}", "settled"]
    assert lawful(lake) == lawful(refined(tmp_path / "quiet", [payloads]))
    told = [row for table in diary.changes for row in table.to_pylist()]
    assert told == rows_of(lake, SILVER_ALERT_CHANGES)
    assert {row["stage"] for row in rows_of(lake, LAKE_BATCHES)} == {"ingest", "refine", "settle", "publish"}


def test_each_settling_ends_a_run(tmp_path: Path, payloads: list[bytes | None]) -> None:
    lake, diary = EmbeddedLake(tmp_path / "lake"), Diary()
    follow(lake, Script(batches(payloads, 5, 6)), diary, Pace(10**6, linger_ms=0, least_ms=0, gold_s=0))
    assert diary.heard.count("settled") == 2
    runs = rows_of(lake, GOLD_PIPELINE_RUNS)
    assert sorted((row["stage"], row["rows_in"]) for row in runs) == [
        ("refine", 5),
        ("refine", 6),
        ("run", 5),
        ("run", 6),
    ]
    assert len({row["run_id"] for row in runs}) == 2
    by_batch = {(row["stage"], row["batch"]): row["run_id"] for row in rows_of(lake, LAKE_BATCHES)}
    assert by_batch["ingest", 1] == by_batch["settle", 1] != by_batch["ingest", 2] == by_batch["settle", 2]


def test_a_source_that_is_away_is_told_once_and_waited_for(
    tmp_path: Path, payloads: list[bytes | None]
) -> None:
    diary = Diary()
    follow(EmbeddedLake(tmp_path / "lake"), Script([AWAY, AWAY, *batches(payloads, 5)]), diary)
    assert diary.heard == ["waiting: away", "back", "refined 5", "settled"]


def test_the_users_mistake_ends_the_stream(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="refused"):
        follow(EmbeddedLake(tmp_path / "lake"), Script([UserError("refused")]), Diary())


def test_what_ends_publishing_ends_the_stream(tmp_path: Path, payloads: list[bytes | None]) -> None:
    diary = Diary()
    diary.failure = UserError("position gone")
    lake = EmbeddedLake(tmp_path / "lake")
    with pytest.raises(UserError, match="position gone"):
        follow(lake, Script(batches(payloads, 5)), diary)
    assert diary.heard == ["refined 5"]
    ended = [(row["stage"], row["rows_in"], row["error"]) for row in rows_of(lake, GOLD_PIPELINE_RUNS)]
    assert sorted(ended) == [("refine", 5, "position gone"), ("run", 5, "position gone")]


def test_what_is_under_way_is_cut_off_with_the_stream() -> None:
    def interrupted() -> None:
        with open_beside() as beside:
            beside.submit(time.sleep, 600)
            raise KeyboardInterrupt

    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - began < 300


def test_a_settling_that_is_cut_off_is_a_run_that_failed(
    tmp_path: Path, payloads: list[bytes | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_off: Future[dict[str, int]] = Future()
    cut_off.set_exception(BrokenProcessPool())
    monkeypatch.setattr(ProcessPoolExecutor, "submit", lambda *_: cut_off)
    lake, pace = EmbeddedLake(tmp_path / "lake"), Pace(10**6, linger_ms=0, least_ms=0, gold_s=0)
    with pytest.raises(Unavailable, match="was killed"):
        follow(lake, Script(batches(payloads, 5, 6)), Diary(), pace)
    runs = rows_of(lake, GOLD_PIPELINE_RUNS)
    assert sorted((row["stage"], row["status"], row["rows_in"]) for row in runs) == [
        ("refine", "failed", 5),
        ("refine", "failed", 6),
        ("run", "failed", 5),
        ("run", "failed", 6),
    ]
    assert len({row["run_id"] for row in runs}) == 2


class Broken:
    """A way to subscribers with a bug in it."""

    def alerts(self) -> int:
        raise ZeroDivisionError


def test_a_bug_in_publishing_is_not_kept_silent() -> None:
    publisher = Publisher(cast("Publish", Broken()), lambda _: None)
    publisher.close()
    with pytest.raises(ZeroDivisionError):
        publisher.check()


def test_a_quiet_feed_is_called_stalled_once(tmp_path: Path, payloads: list[bytes | None]) -> None:
    minutes = iter(range(10_000))
    diary = Diary()
    pace = Pace(10**6, linger_ms=0, least_ms=0, stalled_s=1800)
    script = Script([*batches(payloads, 5), *[EMPTY] * 60])
    begin = datetime(2027, 1, 1, tzinfo=UTC)
    follow(
        EmbeddedLake(tmp_path / "lake"),
        script,
        diary,
        pace,
        now=lambda: begin + timedelta(minutes=next(minutes)),
    )
    stalled = [line for line in diary.heard if line.startswith("stalled")]
    assert len(stalled) == 1
    assert diary.heard.index(stalled[0]) > diary.heard.index("refined 5")


def test_the_end_of_a_backlog_is_an_empty_batch(tmp_path: Path, payloads: list[bytes | None]) -> None:
    """The watermark moves only when the end was reached, also where that is learnt later."""
    lake, diary = EmbeddedLake(tmp_path / "lake"), Diary()
    (batch,) = batches(payloads, 9)
    backlog = Batch(batch.messages, batch.next_offsets, at_end=False)
    follow(lake, Script([backlog, EMPTY, EMPTY]), diary)
    assert diary.heard == ["refined 9", "refined 0", "settled"]
    ends = {row["batch"]: row["at_end"] for row in rows_of(lake, LAKE_BATCHES) if row["stage"] == "ingest"}
    assert ends == {1: False, 2: True}
    assert all(
        row["watermark"]
        for row in rows_of(lake, LAKE_BATCHES)
        if (row["stage"], row["batch"]) == ("refine", 2)
    )


def changes(*seqs: int) -> pa.Table:
    column = {"seq": pa.array(seqs, pa.int64())}
    return pa.table(
        {f.name: column.get(f.name, pa.nulls(len(seqs), f.type)) for f in SILVER_ALERT_CHANGES.schema}
    )


def test_fresh_changes_are_read_from_memory_where_they_are_there() -> None:
    fresh = Fresh()
    assert fresh.read(1, 10) is None
    fresh.add(changes(4, 5))
    fresh.add(changes(6))
    assert fresh.read(3, 10) is None
    assert [fresh.read(seq, 2)["seq"].to_pylist() for seq in (4, 5, 6)] == [[4, 5], [5, 6], [6]]  # type: ignore[index]
    beyond = fresh.read(7, 10)
    assert beyond is not None
    assert not beyond.num_rows
    assert fresh.read(5, 10) is None  # what was read past is forgotten


def test_files_are_read_again_and_again(tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    feed = Rereading(FileSource([folder], complete=False), {})
    with pytest.raises(Unavailable, match="holds no file of messages"):
        feed.fetch(10)
    (folder / "a.ndjson").write_bytes(b"1\n2\n3\n4")
    first, second = feed.fetch(2), feed.fetch(2)
    assert [batch.messages["payload"].to_pylist() for batch in (first, second)] == [[b"1", b"2"], [b"3"]]
    assert (first.at_end, second.at_end) == (False, True)
    (folder / "a.ndjson").write_bytes(b"1\n2\n3\n4\n")
    assert feed.fetch(2).messages["payload"].to_pylist() == [b"4"]
    assert not feed.fetch(2).messages.num_rows
    feed.close()
