from __future__ import annotations

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest

from vitalake.errors import UserError
from vitalake.sources.batching import Batcher
from vitalake.sources.files import FileSource, find_files, messages_of_file
from vitalake.sources.messages import MESSAGES, Batch, Position
from vitalake.sources.splitter import split_lines


def write(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


Row = tuple[str, int, bytes]


def rows(batch: Batch) -> list[Row]:
    columns = [batch.messages[name].to_pylist() for name in ("source", "offset", "payload")]
    return [(Path(source).name, offset, payload) for source, offset, payload in zip(*columns, strict=True)]


def read_into(source: FileSource, offsets: dict[Position, int], found: list[Row], max_rows: int) -> None:
    for batch in source.read(offsets, max_rows):
        found += rows(batch)
        offsets.update(batch.next_offsets)


def read_all(source: FileSource, offsets: dict[Position, int], max_rows: int = 1000) -> list[Row]:
    found: list[Row] = []
    read_into(source, offsets, found, max_rows)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "b" / "2.jsonl", b'{"e":2}\n\n{"e":3}')
    write(tmp_path / "a.NDJSON", b'{"e":0}\r\n{"e":1}\n')
    write(tmp_path / "c.json.gz", b'{"e":4}\n{"e":5}\n')
    write(tmp_path / "notes.txt", b"not read")
    write(tmp_path / ".hidden.ndjson", b"not read")
    write(tmp_path / ".git" / "x.ndjson", b"not read")
    write(tmp_path / "lake" / "table" / "_delta_log" / "0.json", b"not read")
    write(tmp_path / "lake" / "table" / "_change_data" / "0.json", b"not read")
    return tmp_path


ALL = [
    ("a.NDJSON", 0, b'{"e":0}\r'),
    ("a.NDJSON", 9, b'{"e":1}'),
    ("2.jsonl", 0, b'{"e":2}'),
    ("2.jsonl", 9, b'{"e":3}'),
    ("c.json.gz", 0, b'{"e":4}'),
    ("c.json.gz", 8, b'{"e":5}'),
]


@pytest.mark.parametrize("max_rows", [1, 2, 4, 5, 6, 100])
def test_a_folder_is_read_whole_in_batches(folder: Path, max_rows: int) -> None:
    batches = list(FileSource([folder]).read({}, max_rows))
    assert [row for batch in batches for row in rows(batch)] == ALL
    assert [batch.messages.num_rows for batch in batches[:-1]] == [max_rows] * (len(batches) - 1)
    assert [batch.at_end for batch in batches] == [False] * (len(batches) - 1) + [True]
    assert batches[-1].messages.num_rows > 0
    assert batches[0].messages.schema.equals(MESSAGES, check_metadata=True)
    batches[0].messages.validate(full=True)


@pytest.mark.parametrize("max_rows", [1, 2, 4, 5])
def test_reading_goes_on_after_any_batch(folder: Path, max_rows: int) -> None:
    offsets: dict[Position, int] = {}
    found = []
    while batch := next(batch for batch in FileSource([folder]).read(offsets, max_rows)):
        found += rows(batch)
        offsets.update(batch.next_offsets)
        if batch.at_end:
            break
    assert found == ALL


def test_where_nothing_is_new_one_empty_batch_tells_that_the_end_is_reached(folder: Path) -> None:
    source = FileSource([folder])
    offsets: dict[Position, int] = {}
    read_all(source, offsets)
    (batch,) = source.read(offsets, 10)
    assert (batch.messages.num_rows, batch.next_offsets, batch.at_end) == (0, {}, True)
    assert batch.messages.schema.equals(MESSAGES)


def test_a_file_that_grows_is_read_from_where_it_ended(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson", b'{"e":0}\n{"e":')
    source, offsets = FileSource([path], complete=False), dict[Position, int]()
    assert read_all(source, offsets) == [("a.ndjson", 0, b'{"e":0}')]
    with path.open("ab") as file:
        file.write(b"1}\n")
    assert read_all(source, offsets) == [("a.ndjson", 8, b'{"e":1}')]
    assert read_all(source, offsets) == []


def test_a_complete_file_may_end_without_line_feed_and_still_grow(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson", b'{"e":0}')
    source, offsets = FileSource([path]), dict[Position, int]()
    assert read_all(source, offsets) == [("a.ndjson", 0, b'{"e":0}')]
    with path.open("ab") as file:
        file.write(b'\n{"e":1}\n')
    assert read_all(source, offsets) == [("a.ndjson", 8, b'{"e":1}')]


def test_a_gzip_to_which_a_member_was_added_goes_on(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson.gz", b'{"e":0}\n')
    source, offsets = FileSource([path]), dict[Position, int]()
    read_all(source, offsets)
    path.write_bytes(path.read_bytes() + gzip.compress(b'{"e":1}\n'))
    assert read_all(source, offsets) == [("a.ndjson.gz", 8, b'{"e":1}')]


def test_a_gzip_that_did_not_change_is_not_unpacked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.ndjson.gz", b'{"e":0}\n')
    source, offsets = FileSource([path]), dict[Position, int]()
    read_all(source, offsets)
    monkeypatch.setattr("vitalake.sources.files.gunzip", None)
    assert read_all(source, offsets) == []


def test_a_gzip_cut_short_gives_what_it_can_and_all_other_files_before_the_error(tmp_path: Path) -> None:
    whole = b"".join(b'{"e":%d,"text":"%x"}\n' % (i, i**7) for i in range(200))
    cut = write(tmp_path / "a.ndjson.gz", whole)
    packed = cut.read_bytes()
    cut.write_bytes(packed[: len(packed) // 2])
    write(tmp_path / "b.ndjson", b"{}\n")
    source, offsets, found = FileSource([tmp_path]), dict[Position, int](), list[Row]()
    with pytest.raises(UserError, match=r"a\.ndjson\.gz is cut short.*repeat the command"):
        read_into(source, offsets, found, 50)
    assert ("b.ndjson", 0, b"{}") in found
    assert 1 < len(found) < 200
    cut.write_bytes(packed)
    found += read_all(source, offsets)
    assert b"\n".join(payload for name, _, payload in found if name == "a.ndjson.gz") + b"\n" == whole


def test_a_file_that_shrank_is_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "a.ndjson", b'{"e":0}\n{"e":1}\n')
    source, offsets = FileSource([path]), dict[Position, int]()
    read_all(source, offsets)
    write(path, b'{"e":0}\n')
    with pytest.raises(UserError, match=r"a\.ndjson has 8 bytes, but 16 were read"):
        read_all(source, offsets)


def test_two_files_that_shrank_are_both_named(tmp_path: Path) -> None:
    paths = [write(tmp_path / name, b"{}\n{}\n") for name in ("a.ndjson", "b.ndjson")]
    source, offsets = FileSource(paths), dict[Position, int]()
    read_all(source, offsets)
    for path in paths:
        write(path, b"{}\n")
    with pytest.raises(UserError, match=r"a\.ndjson has 3 .*b\.ndjson has 3 "):
        read_all(source, offsets)


def test_a_file_named_twice_or_through_a_link_is_read_once(folder: Path) -> None:
    link = folder / "z.ndjson"
    link.symlink_to(folder / "a.NDJSON")
    assert read_all(FileSource([folder / "a.NDJSON", folder, link]), {}) == ALL


def test_paths_that_hold_no_messages_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        find_files([tmp_path / "none"])
    with pytest.raises(UserError, match="holds no file of messages"):
        find_files([tmp_path])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="neither a file nor a folder"):
        find_files([tmp_path / "pipe"])
    write(tmp_path / "x.ndjson", b"{}\n").rename(tmp_path / "x.ndjson.gz")
    with pytest.raises(UserError, match=r"x\.ndjson\.gz is no gzip file"):
        read_all(FileSource([tmp_path / "x.ndjson.gz"]), {})


def test_a_file_that_can_not_be_read_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "a.ndjson", b"{}\n")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UserError, match=r"a\.ndjson can't be read \(Permission denied\)"):
        read_all(FileSource([path]), {})


def test_long_messages_make_smaller_batches() -> None:
    batcher = Batcher(max_rows=100, max_bytes=1000)
    batches = [b for _ in range(5) for b in batcher.add("f", split_lines(b"x" * 600 + b"\n"))]
    assert [batch.messages.num_rows for batch in [*batches, batcher.rest(at_end=True)]] == [2, 2, 1]


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_engine_that_read_the_file_itself_gets_the_same_positions(
    folder: Path, pack: Callable[[bytes], bytes]
) -> None:
    content = b'{"e":0}\n\n{"e":1}'
    path = folder / ("x.ndjson.gz" if pack is gzip.compress else "x.ndjson")
    path.write_bytes(pack(content))
    (batch,) = FileSource([path]).read({}, 10)
    other = pa.concat_tables(messages_of_file(str(path.resolve()), path.read_bytes()))
    assert other.combine_chunks().equals(batch.messages.combine_chunks())
