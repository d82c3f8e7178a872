from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalake.errors import UserError
from vitalake.sources import splitter
from vitalake.sources.splitter import CutShort, Damaged, gunzip, skip_bytes, split_lines, split_stream


def slow_split(data: bytes) -> list[tuple[int, bytes]]:
    """Say what the lines are, one step a line."""
    at, lines = 0, []
    for line in data.split(b"\n"):
        if line.strip(b" \t\r"):
            lines.append((at, line))
        at += len(line) + 1
    return lines


def pieces_of(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


def lines_of(stream: list[splitter.Lines]) -> list[tuple[int, bytes]]:
    return [
        pair
        for lines in stream
        for pair in zip(lines.offsets.to_pylist(), lines.payloads.to_pylist(), strict=True)
    ]


NDJSON_LIKE = st.lists(
    st.sampled_from([b"{}", b"\n", b"\r\n", b" ", b"\t", b"\x00", b"\xff", b'{"a":1}'])
).map(b"".join)


@given(data=NDJSON_LIKE, size=st.integers(1, 9))
def test_lines_and_their_offsets_do_not_depend_on_the_pieces(data: bytes, size: int) -> None:
    assert lines_of([split_lines(data)]) == slow_split(data)
    assert lines_of(list(split_stream(pieces_of(data, size), name="f"))) == slow_split(data)


@given(data=NDJSON_LIKE, size=st.integers(1, 9))
def test_reading_goes_on_at_the_end_of_any_piece(data: bytes, size: int) -> None:
    ends = [lines.end for lines in split_stream(pieces_of(data, size), name="f", final=False)]
    for end in ends:
        before = [pair for pair in slow_split(data) if pair[0] < end]
        after = lines_of(list(split_stream(pieces_of(data[end:], size), name="f", start=end)))
        assert before + after == slow_split(data)


def test_a_last_line_without_line_feed_is_left_unless_it_is_final() -> None:
    left = split_lines(b'{"a":1}\n{"b"', final=False)
    assert (left.payloads.to_pylist(), left.end) == ([b'{"a":1}'], 8)
    assert split_lines(b'{"a":1}\n{"b"').payloads.to_pylist() == [b'{"a":1}', b'{"b"']


def test_a_line_of_endless_length_is_an_error_that_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitter, "MAX_LINE", 16)
    with pytest.raises(UserError, match=r"big\.ndjson has a line of more than .* at byte 3"):
        list(split_stream([b"{}\n", b"x" * 20], name="big.ndjson"))


@given(
    members=st.lists(st.binary(max_size=50), min_size=1, max_size=4),
    size=st.integers(1, 40),
    zeros=st.integers(0, 9),
)
def test_gunzip_gives_all_members_in_any_pieces(members: list[bytes], size: int, zeros: int) -> None:
    packed = b"".join(gzip.compress(member) for member in members) + b"\0" * zeros
    assert b"".join(gunzip(pieces_of(packed, size), name="f")) == b"".join(members)


def test_gunzip_keeps_its_output_pieces_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(splitter, "CHUNK", 1000)
    unpacked = list(gunzip([gzip.compress(b"\0" * 100_000)], name="f"))
    assert b"".join(unpacked) == b"\0" * 100_000
    assert max(map(len, unpacked)) <= 1000


@pytest.mark.parametrize("cut", [1, 5, 12, 30])
def test_a_gzip_that_is_cut_short_gives_what_it_can_first(cut: int) -> None:
    noise = bytes(zlib.crc32(bytes([i])) % 251 for i in range(250))
    packed = gzip.compress(noise)
    unpacked = gunzip(pieces_of(packed[:-cut], 16), name="x.gz")
    got: list[bytes] = []
    with pytest.raises(CutShort, match=r"x\.gz is cut short"):
        got.extend(unpacked)
    assert noise.startswith(b"".join(got))
    assert len(b"".join(got)) > 100


def test_a_damaged_gzip_says_so() -> None:
    packed = bytearray(gzip.compress(b"some text that is long enough to be packed"))
    packed[-6] ^= 0xFF
    with pytest.raises(Damaged, match=r"x\.gz is damaged"):
        list(gunzip([bytes(packed)], name="x.gz"))


def test_skipping_more_than_there_is_means_that_the_file_shrank() -> None:
    assert b"".join(skip_bytes([b"abc", b"def"], 4, name="f")) == b"ef"
    assert b"".join(skip_bytes([b"abc", b"def"], 6, name="f")) == b""
    with pytest.raises(UserError, match="f has 6 bytes, but 7 were read"):
        list(skip_bytes([b"abc", b"def"], 7, name="f"))
