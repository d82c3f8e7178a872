"""What the folds carry of each patient, in memory and packed for silver_patient_states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa

from vitalake.silver import alarm_state, carry, device
from vitalake.silver.kernel import Int64s, Records
from vitalake.silver.records import copy_records, join_records, put_records
from vitalake.silver.strings import NONE, StringPool

_FIXED: Final = (
    ("carry", carry.CARRY_STATE, carry.NAMES),
    ("alarms", alarm_state.ALARM_STATE, alarm_state.NAMES),
)
"""What every patient has one record of."""
_WIDTH: Final = sum(dtype.itemsize for _, dtype, _ in _FIXED)
_CODES: Final = sum(
    int(np.prod(dtype[name].shape, dtype=np.int64)) for _, dtype, names in _FIXED for name in names
)


@dataclass
class States:
    """Records of ``n`` patients (or patient-hours).

    ``carry`` and ``alarms`` have one record each; ``held`` are the open device alarms, ``owner`` saying whose, in
    the order of their owners.
    """

    carry: Records
    alarms: Records
    held: Records

    @classmethod
    def initial(cls, n: int) -> States:
        """Yield ``n`` patients of whom nothing is known."""
        return cls(carry.initial(n), alarm_state.initial(n), device.nothing_held())

    def __len__(self) -> int:
        """How many there are."""
        return len(self.carry)

    def take(self, rows: Int64s) -> States:
        """Yield copies of the records at ``rows``."""
        bounds = np.searchsorted(self.held["owner"], np.arange(len(self) + 1))
        first, count = bounds[rows], bounds[rows + 1] - bounds[rows]
        ends = np.cumsum(count)
        at = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - count - first, count)
        held: Records = self.held.take(at)
        held["owner"] = np.repeat(np.arange(len(rows)), count)
        return States(self.carry.take(rows), self.alarms.take(rows), held)

    def put(self, rows: Int64s, states: States) -> None:
        """Set the records at ``rows``."""
        put_records(self.carry, rows, states.carry)
        put_records(self.alarms, rows, states.alarms)
        if not len(self.held) and not len(states.held):
            return
        gone = np.zeros(len(self), bool)
        gone[rows] = True
        new = copy_records(states.held)
        new["owner"] = rows[new["owner"]]
        held = join_records([self.held.compress(~gone[self.held["owner"]]), new])
        self.held = held.take(np.argsort(held["owner"], kind="stable"))

    def extended(self, n: int) -> States:
        """Yield these and fresh ones up to ``n``."""
        more = States.initial(n - len(self))
        return States(
            join_records([self.carry, more.carry]), join_records([self.alarms, more.alarms]), self.held
        )

    def settle_names(self, pool: StringPool, event_ids: pa.ChunkedArray) -> None:
        """Turn the codes that a fold set for its own rows into codes of the pool."""
        fields = [(codes, codes < NONE) for codes in self.code_fields()]
        distinct = np.unique(np.concatenate([-2 - codes[fresh] for codes, fresh in fields]))
        texts = pool.encode(event_ids.take(pa.array(distinct)))
        for codes, fresh in fields:
            codes[fresh] = texts[np.searchsorted(distinct, -2 - codes[fresh])]

    def recode(self, old: StringPool, new: StringPool) -> None:
        """Move the codes from one pool to another."""
        for codes in self.code_fields():
            codes[...] = new.encode(old.decode(codes.reshape(-1))).reshape(codes.shape)

    def fixed_fields(self) -> list[Int64s]:
        """Yield the fields of the fixed records that hold codes, a view each."""
        return [
            records[name]
            for records, (_, _, names) in zip(self.fixed(), _FIXED, strict=True)
            for name in names
        ]

    def code_fields(self) -> list[Int64s]:
        """Yield every field that holds codes, a view each."""
        return [*self.fixed_fields(), *(self.held[name] for name in device.NAMES)]

    def fixed(self) -> tuple[Records, ...]:
        """Yield the arrays that have one record each."""
        return (self.carry, self.alarms)

    def pack(self, pool: StringPool) -> dict[str, pa.Array]:
        """Yield the columns of silver_patient_states that hold a state: the same bytes for the same meaning."""
        n = len(self)
        bare = self.take(np.arange(n))
        codes = np.concatenate([field.reshape(n, _wide(field)) for field in bare.fixed_fields()], axis=1)
        held_codes = np.stack([bare.held[name] for name in device.NAMES], axis=1)
        for field in bare.code_fields():
            field[...] = np.where(field == NONE, NONE, 0)
        bare.held["owner"] = 0
        blobs = np.concatenate(
            [
                records.view(np.uint8).reshape(n, dtype.itemsize)
                for records, (_, dtype, _) in zip(bare.fixed(), _FIXED, strict=True)
            ],
            axis=1,
        )
        counts = np.searchsorted(self.held["owner"], np.arange(n + 1))
        return {
            "state": _binary(blobs, np.arange(n + 1) * _WIDTH),
            "names": _texts(codes, np.arange(n + 1) * _CODES, pool),
            "devices": _binary(bare.held.view(np.uint8), counts * device.DEVICE_STATE.itemsize),
            "device_names": _texts(held_codes, counts * len(device.NAMES), pool),
        }


def concat(parts: list[States]) -> States:
    """Yield the records of all parts, in order."""
    starts = np.cumsum([0, *(len(part) for part in parts)])
    held = [copy_records(part.held) for part in parts]
    for records, start in zip(held, starts, strict=False):
        records["owner"] += start
    return States(
        join_records([part.carry for part in parts]),
        join_records([part.alarms for part in parts]),
        join_records(held),
    )


def unpack(rows: pa.Table, pool: StringPool) -> States:
    """Yield the states that :meth:`States.pack` packed."""
    n = rows.num_rows
    raw = _bytes(rows["state"]).reshape(n, _WIDTH)
    fixed: list[Records] = []
    at = 0
    for _, dtype, _ in _FIXED:
        fixed.append(np.ascontiguousarray(raw[:, at : at + dtype.itemsize]).reshape(-1).view(dtype).copy())
        at += dtype.itemsize
    held: Records = _bytes(rows["devices"]).view(device.DEVICE_STATE).copy()
    sizes = np.array([len(blob) for blob in rows["devices"].to_pylist()], np.int64)
    held["owner"] = np.repeat(np.arange(n), sizes // device.DEVICE_STATE.itemsize)
    states = States(fixed[0], fixed[1], held)
    codes = pool.encode(_flat(rows["names"])).reshape(n, _CODES)
    column = 0
    for field in states.fixed_fields():
        width = _wide(field)
        field[...] = codes[:, column : column + width].reshape(field.shape)
        column += width
    held_codes = pool.encode(_flat(rows["device_names"])).reshape(len(held), len(device.NAMES))
    for k, name in enumerate(device.NAMES):
        held[name] = held_codes[:, k]
    return states


def _wide(codes: Int64s) -> int:
    """Yield how many codes a record has in a field."""
    return int(np.prod(codes.shape[1:], dtype=np.int64))


def _binary(blob: Records, offsets: Int64s) -> pa.Array:
    data = pa.py_buffer(np.ascontiguousarray(blob))
    return pa.Array.from_buffers(
        pa.binary(), len(offsets) - 1, [None, pa.py_buffer(offsets.astype(np.int32)), data]
    )


def _texts(codes: Int64s, offsets: Int64s, pool: StringPool) -> pa.Array:
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), pool.decode(codes.reshape(-1)))


def _bytes(blobs: pa.ChunkedArray) -> Records:
    joined: Records = np.frombuffer(b"".join(blobs.to_pylist()), np.uint8)
    return joined


def _flat(lists: pa.ChunkedArray) -> pa.Array:
    return lists.combine_chunks().flatten()
