"""Texts that folds point to: kernels carry an ``int64`` code instead of a string.

A code is :data:`NONE`, or ``>= 0`` (a text of the pool), or ``<= -2`` while a fold runs: ``fresh(row)`` stands for
the text in the fold's own row, and becomes a pool code when the fold is done.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.silver.kernel import Int64s

NONE: Final = -1


class StringPool:
    """Distinct texts and their codes, for as long as one process folds."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}
        self._texts: list[str] = []

    def encode(self, texts: pa.Array | pa.ChunkedArray) -> Int64s:
        """Yield the code of each text, adding new ones; null gives NONE."""
        if isinstance(texts, pa.ChunkedArray):
            texts = texts.combine_chunks()
        encoded = texts if isinstance(texts, pa.DictionaryArray) else pc.dictionary_encode(texts)
        codes = np.array(
            [self._code(text) for text in encoded.dictionary.to_pylist()] + [NONE], dtype=np.int64
        )
        indices = pc.fill_null(encoded.indices, len(codes) - 1).to_numpy(zero_copy_only=False)
        found: Int64s = codes[indices]
        return found

    def _code(self, text: str) -> int:
        code = self._codes.setdefault(text, len(self._texts))
        if code == len(self._texts):
            self._texts.append(text)
        return code

    def decode(self, codes: Int64s) -> pa.Array:
        """Yield the text of each code; NONE gives null."""
        encoded = pa.array(codes).dictionary_encode()
        distinct = encoded.dictionary.to_pylist()
        texts = pa.array([None if code < 0 else self._texts[code] for code in distinct], pa.string())
        return texts.take(encoded.indices)

    def __len__(self) -> int:
        """How many texts the pool holds."""
        return len(self._texts)
