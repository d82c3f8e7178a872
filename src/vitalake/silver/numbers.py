"""JSON tokens to numbers: doubles, their issue, and the hundredths that silver keeps."""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.domain.contract import REASONS
from vitalake.silver.kernel import Doubles, Int8s

NO_ISSUE: Final = -1
"""The code of a field that is as it should be."""

_NUMBER_TEXT: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_BLANKS: Final = " \t\n\r"


@lru_cache(maxsize=65_536)
def read_number(token: str) -> tuple[float, str | None]:
    """Yield a token's nearest double and its issue.

    The issue is None, ``coerced`` (the value is kept), ``not_a_number`` or ``not_finite`` (it is NaN).

    >>> read_number("36.6"), read_number('" +7.2e1 "'), read_number("true")[1], read_number("1e400")[1]
    ((36.6, None), (72.0, 'coerced'), 'not_a_number', 'not_finite')
    """
    if token[0] == '"':
        return _read_number_text(json.loads(token))
    if token[0] in "[{tf":
        return math.nan, "not_a_number"
    value = float(token)
    return (value, None) if math.isfinite(value) else (math.nan, "not_finite")


def _read_number_text(text: str) -> tuple[float, str]:
    if not _NUMBER_TEXT.fullmatch(trimmed := text.strip(_BLANKS)):
        return math.nan, "not_a_number"
    value = float(trimmed)
    return (value, "coerced") if math.isfinite(value) else (math.nan, "not_finite")


def read_numbers(tokens: pa.StringArray) -> tuple[Doubles, Int8s]:
    """Yield each token's double (NaN where there is none) and its issue's index in REASONS, or NO_ISSUE."""
    if tokens.null_count == len(tokens):
        return np.full(len(tokens), math.nan), np.full(len(tokens), NO_ISSUE, np.int8)
    encoded = tokens.dictionary_encode()
    judged = [read_number(token) for token in encoded.dictionary.to_pylist()]
    values = np.array([value for value, _ in judged] + [math.nan])
    issues = np.array(
        [NO_ISSUE if issue is None else REASONS.index(issue) for _, issue in judged] + [NO_ISSUE], np.int8
    )
    indices = encoded.indices.fill_null(len(judged)).to_numpy(zero_copy_only=False)
    return values[indices], issues[indices]


def keep_hundredths(values: Doubles) -> Doubles:
    """Yield what silver keeps of each value: its hundredths rounded half up, as a double.

    The 1e-9 keeps a half that binary arithmetic moved: ``floor(100 * x + 0.5 + 1e-9) / 100``.
    """
    kept = values * 100
    kept += 0.5
    kept += 1e-9
    np.floor(kept, out=kept)
    kept /= 100
    return kept
