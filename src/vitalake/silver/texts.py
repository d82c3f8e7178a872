"""JSON tokens to texts and codes, each distinct token judged once."""

from __future__ import annotations

import json
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.contract import BY_NAME, CODE_LIMIT
from vitalake.silver.issues import Issues
from vitalake.silver.kernel import Bools, Int8s
from vitalake.silver.numbers import read_number
from vitalake.silver.tokens import Columns
from vitalake.silver.utf8 import byte_view

MISSING: Final = -1
"""The index of a code that was not sent."""
UNKNOWN: Final = -2
"""The index of a code that was sent and is none of those allowed."""

_NULL: Final = pa.scalar(None, pa.string())
_IGNORED_IN_ALERTS: Final = r"[ \t\n\r*_]"


def read_text(name: str, tokens: Columns, issues: Issues | None = None) -> pa.StringArray:
    """Yield the text of the field ``name``, null where missing or unusable (an issue, if they are noted)."""
    texts = _within(unquote(tokens[name]), BY_NAME[name].longest)
    if issues is not None:
        issues.note(name, is_lost(tokens[name], texts), "bad_text")
    return texts


def is_lost(tokens: pa.StringArray, values: pa.Array) -> Bools:
    """Tell where a token is there and yielded no value."""
    lost: Bools = pc.and_(tokens.is_valid(), values.is_null()).to_numpy(zero_copy_only=False)
    return lost


def read_alert_codes(tokens: pa.StringArray) -> pa.StringArray:
    """Yield each alert code: a text, or the digits of a whole number from 0 below 2^53; null for another."""
    encoded = tokens.dictionary_encode()
    texts = _within(unquote(encoded.dictionary), BY_NAME["alert_code"].longest)
    digits = pa.array([_digits(token) for token in encoded.dictionary.to_pylist()], pa.string())
    return pc.coalesce(texts, digits).take(encoded.indices)


def read_code(name: str, tokens: Columns, issues: Issues | None = None) -> Int8s:
    """Yield the index in the codes of the field ``name``, MISSING, or UNKNOWN (an issue, if they are noted).

    Compares without ASCII case; the words of an alert also without blanks, ``*`` and ``_``.
    """
    if tokens[name].null_count == len(tokens[name]):
        return np.full(len(tokens[name]), MISSING, dtype=np.int8)
    encoded = tokens[name].dictionary_encode()
    words = pc.ascii_lower(unquote(encoded.dictionary))
    if name.startswith("alert_"):
        words = pc.replace_substring_regex(words, _IGNORED_IN_ALERTS, "")
    codes = pa.array([code.lower() for code in BY_NAME[name].codes])
    places = pc.index_in(words, codes, skip_nulls=True).fill_null(UNKNOWN).to_numpy(zero_copy_only=False)
    indices = encoded.indices.fill_null(len(places)).to_numpy(zero_copy_only=False)
    found: Int8s = np.append(places, MISSING).astype(np.int8)[indices]
    if issues is not None:
        issues.note(name, found == UNKNOWN, "unknown_code")
    return found


def default_index(name: str) -> int:
    """Yield the index of the default code of the field ``name``; MISSING if it has none."""
    field = BY_NAME[name]
    return MISSING if field.default is None else field.codes.index(field.default)


def spell(name: str, indices: Int8s) -> pa.StringArray:
    """Yield the canonical spelling of each index of the field ``name``; null for a negative one."""
    return pa.array(BY_NAME[name].codes, pa.string()).take(pa.array(indices, mask=indices < 0))


def unquote(tokens: pa.StringArray) -> pa.StringArray:
    """Yield the text of each JSON string token; null for a token of another type."""
    if tokens.null_count == len(tokens):
        return tokens
    quoted = pc.starts_with(tokens, '"')
    inner = pc.binary_slice(tokens.cast(pa.binary()), 1, -1).cast(pa.string())
    if _holds_backslash(tokens):
        escaped = pc.and_(quoted, pc.match_substring(tokens, "\\")).fill_null(False)
        texts = [json.loads(token) for token in tokens.filter(escaped).to_pylist()]
        inner = pc.replace_with_mask(inner, escaped, pa.array(texts, pa.string()))
    return inner if pc.all(quoted).as_py() else pc.if_else(quoted, inner, _NULL)


def _holds_backslash(tokens: pa.StringArray) -> bool:
    data, bounds = byte_view(tokens)
    return bool((data[bounds[0] : bounds[-1]] == ord("\\")).any())


def _within(texts: pa.StringArray, longest: int) -> pa.StringArray:
    length = pc.utf8_length(texts)
    fits = pc.and_(pc.greater(length, 0), pc.less_equal(length, longest))
    return texts if pc.all(fits).as_py() is not False else pc.if_else(fits, texts, _NULL)


def _digits(token: str) -> str | None:
    if token.startswith('"'):
        return None
    value, reason = read_number(token)
    whole = reason is None and 0 <= value < CODE_LIMIT and value == int(value)
    return str(int(value)) if whole else None
