"""Messages to JSON tokens: each field's own text, untyped. The one place that knows the JSON library, DuckDB.

A token is the field's value as compact JSON (``72``, ``"W1"``, ``true``); null stands for a missing field and
for JSON's null.  The library may not choose types: it would make 1.0 of ``true`` and infinity of ``1e400``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.contract import ALERT_FIELDS, FIELDS
from vitalake.silver.kernel import Bools

Connection = duckdb.DuckDBPyConnection
Columns = Mapping[str, pa.StringArray]
"""The tokens of each field."""

UNUSABLE: Final = "[]"
"""The token that stands for a value which no field accepts."""

_ENVELOPE: Final = tuple(field.name for field in FIELDS)
_ALERT: Final = tuple(field.name for field in ALERT_FIELDS)
_ESCAPE: Final = re.compile(
    r"(?P<sound>\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|(?P<lone>\\u[dD][89a-fA-F][0-9a-fA-F]{2})|\\."
)


@dataclass(frozen=True)
class Tokens:
    """The tokens of each field (of an alert: ``alert_code``, ...), and which messages are no JSON object."""

    columns: Columns
    not_json: Bools
    not_object: Bools


def read_tokens(texts: pa.StringArray, connection: Connection | None = None) -> Tokens:
    """Yield the tokens of each message; a null text is no JSON."""
    cursor = (connection or _own_connection()).cursor()
    try:
        columns: Columns
        columns, valid = _read(cursor, texts)
        rejected = pc.indices_nonzero(pc.invert(valid))
        halves = pc.match_substring(texts.take(rejected), "\\ud", ignore_case=True)
        broken = rejected.filter(halves)
        if len(broken):
            columns, valid = _mend(cursor, texts, columns, valid, broken)
    finally:
        cursor.close()
    is_json = valid.to_numpy(zero_copy_only=False)
    return Tokens(columns, ~is_json, is_json & ~_is_object(texts, columns))


@cache
def _own_connection() -> Connection:
    """One database in memory a process, made when first needed; each call works on a cursor of its own."""
    return duckdb.connect(":memory:", config={"threads": 1, "autoinstall_known_extensions": False})


def _read(cursor: Connection, texts: pa.StringArray) -> tuple[dict[str, pa.StringArray], pa.BooleanArray]:
    """Yield the tokens of message and alert, and which texts are JSON at all."""
    valid, columns = _extract(cursor, texts, _ENVELOPE)
    alerts = columns["alert"]
    distinct = pc.filter(alerts, pc.starts_with(alerts, "{")).dictionary_encode().dictionary
    _, fields = _extract(cursor, distinct, _ALERT)
    places = pc.index_in(alerts, distinct)
    columns.update({f"alert_{name}": fields[name].take(places) for name in _ALERT})
    return columns, valid


@cache
def _select(names: tuple[str, ...]) -> str:
    wanted = ",".join(f'"{name}":"JSON"' for name in names)
    plain = ",".join(f'"{name}" varchar' for name in names)
    return (
        f"select json is not null as valid, json_transform(json, '{{{wanted}}}')::struct({plain}) as tokens"
        " from (select try_cast(text as json) as json from texts)"
    )


def _extract(
    cursor: Connection, texts: pa.StringArray, names: tuple[str, ...]
) -> tuple[pa.BooleanArray, dict[str, pa.StringArray]]:
    if not len(texts):
        return pa.array([], pa.bool_()), dict.fromkeys(names, pa.array([], pa.string()))
    cursor.register("texts", pa.table({"text": texts}))
    found = cursor.sql(_select(names)).to_arrow_table().combine_chunks()
    cursor.unregister("texts")
    fields = found["tokens"].chunk(0).flatten()
    return found["valid"].chunk(0), dict(zip(names, fields, strict=True))


def _is_object(texts: pa.StringArray, columns: Columns) -> Bools:
    """Tell which JSON texts are objects; one with an event_id surely is, only the others are looked at."""
    sure = columns["event_id"].is_valid().to_numpy(zero_copy_only=False).copy()
    rest = np.flatnonzero(~sure)
    opening = pc.starts_with(pc.ascii_ltrim(texts.take(rest), " \t\n\r"), "{")
    sure[rest] = pc.fill_null(opening, False).to_numpy(zero_copy_only=False)
    objects: Bools = sure
    return objects


def _mend(
    cursor: Connection, texts: pa.StringArray, columns: Columns, valid: pa.BooleanArray, broken: pa.Array
) -> tuple[Columns, pa.BooleanArray]:
    """Read the rows ``broken`` again without unpaired surrogates: RFC 8259 allows them, the library does not.

    Each is read twice, with two different signs in their place: the tokens that differ held one.
    """
    spoiled = texts.take(broken).to_pylist()
    (one, sound), (other, _) = (
        _read(cursor, pa.array(_replace(spoiled, mark), pa.string())) for mark in "?!"
    )
    mask = np.zeros(len(texts), dtype=np.bool_)
    mask[broken.to_numpy()] = True
    mended = {}
    for name, column in columns.items():
        differs = pc.fill_null(pc.not_equal(one[name], other[name]), False)
        tokens = one[name] if name == "alert" else pc.if_else(differs, UNUSABLE, one[name])
        mended[name] = pc.replace_with_mask(column, pa.array(mask), tokens)
    return mended, pc.replace_with_mask(valid, pa.array(mask), sound)


def _replace(texts: list[str], mark: str) -> list[str]:
    return [_ESCAPE.sub(lambda found: mark if found["lone"] else found[0], text) for text in texts]
