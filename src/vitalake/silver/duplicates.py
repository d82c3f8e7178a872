"""Which events repeat one that is there already: an open-address table of 128-bit keys."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.silver.kernel import Int64s, kernel

_FREE: Final = -1
_ROOM: Final = 1024


@kernel
def _admit(
    high: Int64s, low: Int64s, entries_high: Int64s, entries_low: Int64s, slots: Int64s, first: int
) -> Int64s:
    """Insert each key; yield for each the entry that it now has (>= its own place ``first + new`` where it is new)."""
    mask = len(slots) - 1
    found = np.empty(len(high), np.int64)
    new = first
    for i in range(len(high)):
        slot = high[i] & mask
        while True:
            entry = slots[slot]
            if entry == -1:
                slots[slot] = new
                entries_high[new] = high[i]
                entries_low[new] = low[i]
                found[i] = new
                new += 1
                break
            if entries_high[entry] == high[i] and entries_low[entry] == low[i]:
                found[i] = entry
                break
            slot = (slot + 1) & mask
    return found


class KeyIndex:
    """The keys of events, each with a content hash and the bronze position of the first that had it."""

    def __init__(self) -> None:
        self.size = 0
        self._high = np.empty(_ROOM, np.int64)
        self._low = np.empty(_ROOM, np.int64)
        self._slots = np.full(4 * _ROOM, _FREE, np.int64)
        self.content = np.empty(_ROOM, np.int64)
        self.position = np.empty((_ROOM, 3), np.int64)

    def admit(self, high: Int64s, low: Int64s) -> tuple[Int64s, Int64s]:
        """Yield each key's entry, and the rows (in order) that are the first of theirs.

        The caller then sets content and position of the new entries.
        """
        self._reserve(self.size + len(high))
        before = self.size
        entry = _admit(high, low, self._high, self._low, self._slots, before)
        fresh = np.flatnonzero(entry >= before)
        _, at = np.unique(entry[fresh], return_index=True)
        firsts = fresh[at]
        self.size = before + len(firsts)
        return entry, firsts

    def _reserve(self, size: int) -> None:
        room = len(self._high)
        if size <= room:
            return
        while room < size:
            room *= 2
        for name in ("_high", "_low", "content", "position"):
            old = getattr(self, name)
            grown = np.empty((room, *old.shape[1:]), old.dtype)
            grown[: self.size] = old[: self.size]
            setattr(self, name, grown)
        high, low = self._high[: self.size].copy(), self._low[: self.size].copy()
        self._slots = np.full(4 * room, _FREE, np.int64)
        _admit(high, low, self._high, self._low, self._slots, 0)


def keyed(hashes: pa.Table, name: str) -> Int64s:
    """Yield an unsigned 64-bit hash column as int64."""
    keys: Int64s = hashes[name].to_numpy().view(np.int64)
    return keys
