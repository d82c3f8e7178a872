"""Payload bytes to text: what is not UTF-8 becomes null, before any library sees it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from vitalake.silver.kernel import Bools, Int32s

Bytes = npt.NDArray[np.uint8]


def decode_payloads(payloads: pa.Array) -> tuple[pa.Array, Bools]:
    """Yield the payloads as text, null where they are no UTF-8 (or null), and which ones are no UTF-8."""
    broken = np.zeros(len(payloads), dtype=np.bool_)
    try:
        return payloads.cast(pa.string()), broken
    except pa.ArrowInvalid:
        for row in np.flatnonzero(~_is_ascii(payloads)).tolist():
            broken[row] = not _is_utf8(payloads[row].as_py())
    return pc.if_else(pa.array(broken), pa.scalar(None, pa.binary()), payloads).cast(pa.string()), broken


def byte_view(texts: pa.Array) -> tuple[Bytes, Int32s]:
    """Yield the bytes of all texts and the ``n + 1`` bounds of each within them, without a copy."""
    _, bounds, data = texts.buffers()
    if bounds is None or not len(texts):
        return np.empty(0, dtype=np.uint8), np.zeros(1, dtype=np.int32)
    offsets = np.frombuffer(bounds, dtype=np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return np.frombuffer(data if data is not None else b"", dtype=np.uint8), offsets


def _is_ascii(payloads: pa.Array) -> Bools:
    unchecked = pa.Array.from_buffers(pa.string(), len(payloads), payloads.buffers(), offset=payloads.offset)
    ascii_only: Bools = pc.string_is_ascii(unchecked).fill_null(True).to_numpy(zero_copy_only=False)
    return ascii_only


def _is_utf8(payload: bytes) -> bool:
    try:
        payload.decode()
    except UnicodeDecodeError:
        return False
    return True
