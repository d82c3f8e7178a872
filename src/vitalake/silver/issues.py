"""What is wrong with single fields, and its list of ``field:reason`` in the contract's order."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.domain.contract import ISSUE_FIELDS, REASONS
from vitalake.silver.kernel import Bools, Int8s

_NAMES: Final = pa.array([f"{field}:{reason}" for field in ISSUE_FIELDS for reason in REASONS], pa.string())
_NONE: Final = -1


class Issues:
    """At most one issue a field and row: a later one takes the place of an earlier."""

    def __init__(self, rows: int) -> None:
        self._codes = np.full((len(ISSUE_FIELDS), rows), _NONE, dtype=np.int8)

    def note(self, field: str, where: Bools, reason: str) -> None:
        """Note ``reason`` for ``field`` in the rows of the mask."""
        self._codes[ISSUE_FIELDS.index(field)][where] = REASONS.index(reason)

    def note_codes(self, field: str, codes: Int8s) -> None:
        """Note one reason a row, by its index in REASONS (negative: none)."""
        self._codes[ISSUE_FIELDS.index(field)] = codes

    def has(self, field: str, reason: str) -> Bools:
        """Tell in which rows ``field`` has the issue ``reason``."""
        found: Bools = self._codes[ISSUE_FIELDS.index(field)] == REASONS.index(reason)
        return found

    def to_lists(self) -> pa.ListArray:
        """Yield each row's issues as texts, empty where there is none."""
        count = self._codes.shape[1]
        places = np.flatnonzero(self._codes.reshape(-1) != _NONE)
        fields, rows = np.divmod(places, max(count, 1))
        names = fields * len(REASONS) + self._codes.reshape(-1)[places]
        bounds = np.zeros(count + 1, dtype=np.int32)
        np.cumsum(np.bincount(rows, minlength=count), out=bounds[1:])
        return pa.ListArray.from_arrays(bounds, _NAMES.take(pa.array(names[np.argsort(rows, kind="stable")])))
