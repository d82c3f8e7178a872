"""Texts that folds point to: kernels carry an ``int64`` code instead of a string.

A code is :data:`NONE`, or ``>= 0`` (a text of the pool), or ``<= -2`` while a fold runs: ``fresh(row)`` stands for
the text in the fold's own row, and becomes a pool code when the fold is done.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.silver.kernel import Int64s

NONE: Final = -1


class Numbered:
    """Distinct texts, numbered as they come: whoever asks for a new one's number gives it the next."""

    def __init__(self) -> None:
        self._number = defaultdict[str, int](count().__next__)
        self.texts: list[str] = []

    def __len__(self) -> int:
        """How many there are."""
        return len(self.texts)

    def numbers(self, texts: list[str]) -> Int64s:
        """Yield the number of each text."""
        found = np.fromiter(map(self._number.__getitem__, texts), np.int64, len(texts))
        new = np.flatnonzero(found >= len(self.texts))
        _, first = np.unique(found[new], return_index=True)
        self.texts.extend(texts[place] for place in new[first].tolist())
        return found


class StringPool:
    """Distinct texts and their codes, for as long as one process folds."""

    def __init__(self) -> None:
        self._codes = Numbered()

    def encode(self, texts: pa.Array | pa.ChunkedArray) -> Int64s:
        """Yield the code of each text, adding new ones; null gives NONE."""
        if isinstance(texts, pa.ChunkedArray):
            texts = texts.combine_chunks()
        encoded = texts if isinstance(texts, pa.DictionaryArray) else pc.dictionary_encode(texts)
        codes = np.append(self._codes.numbers(encoded.dictionary.to_pylist()), NONE)
        indices = pc.fill_null(encoded.indices, len(codes) - 1).to_numpy(zero_copy_only=False)
        found: Int64s = codes[indices]
        return found

    def decode(self, codes: Int64s) -> pa.Array:
        """Yield the text of each code; NONE gives null."""
        encoded = pa.array(codes).dictionary_encode()
        known = self._codes.texts
        texts = pa.array(
            [None if code < 0 else known[code] for code in encoded.dictionary.to_pylist()], pa.string()
        )
        return texts.take(encoded.indices)

    def __len__(self) -> int:
        """How many texts the pool holds."""
        return len(self._codes)
