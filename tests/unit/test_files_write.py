from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from vitalake.errors import UserError
from vitalake.sources.files import FileSource
from vitalake.sources.ndjson import write_ndjson


def test_payloads_are_written_one_a_line(tmp_path: Path) -> None:
    assert write_ndjson(tmp_path / "new" / "a.ndjson", [[b"{}", b'{"a":1}'], [], [b"[]"]]) == 3
    assert (tmp_path / "new" / "a.ndjson").read_bytes() == b'{}\n{"a":1}\n[]\n'


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz"])
def test_what_breaks_off_leaves_no_file(tmp_path: Path, name: str) -> None:
    def broken() -> Iterator[list[bytes]]:
        yield [b"{}"]
        raise UserError("the source ends")

    with pytest.raises(UserError, match="the source ends"):
        write_ndjson(tmp_path / name, broken())
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_can_not_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(UserError, match="can't be written"):
        write_ndjson(tmp_path / "file" / "a.ndjson", [[b"{}"]])
    with pytest.raises(UserError, match="exists already"):
        write_ndjson(tmp_path / "file", [[b"{}"]])


@pytest.mark.parametrize("name", ["a.ndjson", "a.ndjson.gz"])
def test_no_message_at_all_is_a_file_too(tmp_path: Path, name: str) -> None:
    write_ndjson(tmp_path / name, [])
    (batch,) = FileSource([tmp_path]).read({}, 10)
    assert (batch.messages.num_rows, batch.at_end) == (0, True)
