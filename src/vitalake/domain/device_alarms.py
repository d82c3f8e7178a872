"""What a vendor's alarm code means in the one vocabulary: a table that users extend with their own.

Codes compare without ASCII case, space, tab, LF, CR, ``*`` and ``_``: vendors write ``** HR HIGH``, ``HR_High``.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.alert_types import DEVICE_TYPES, OTHER
from vitalake.domain.vitals import PRIORITIES
from vitalake.errors import UserError

STATES: Final = ("start", "continue", "update", "end", "point")
"""What a device says of its alarm; the index is the code in kernels."""

DEFAULT_PRIORITY: Final = "medium"
"""The priority where neither the device nor the table says one."""

_MEANING: Final = ("alert_type", "priority")
_COLUMNS: Final = ("code", *_MEANING)
_FOLDED: Final = {ord(upper): upper.lower() for upper in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"} | dict.fromkeys(
    map(ord, " \t\n\r*_")
)


def as_compared(word: str) -> str:
    """Yield a word of an alert as it compares.

    >>> as_compared("*** Vent_Fib/Tach")
    'ventfib/tach'
    """
    return word.translate(_FOLDED)


@dataclass(frozen=True)
class Meaning:
    """What a code means; ``priority`` is None where the table leaves it open."""

    alert_type: str
    priority: str | None = None


@dataclass(frozen=True)
class DeviceAlarms:
    """The table of codes: as compared, to meaning."""

    meanings: Mapping[str, Meaning]

    def meaning(self, code: str) -> Meaning:
        """Yield what a code means; an unknown one is `other`."""
        return self.meanings.get(as_compared(code), Meaning(OTHER))

    def extended(self, other: DeviceAlarms) -> DeviceAlarms:
        """Yield this table with the codes of another, which win."""
        return DeviceAlarms({**self.meanings, **other.meanings})

    def to_mapping(self) -> dict[str, list[str | None]]:
        """Yield the canonical table: code as compared to type and priority."""
        return {code: [m.alert_type, m.priority] for code, m in sorted(self.meanings.items())}


@cache
def built_in() -> DeviceAlarms:
    """Yield the table that comes with the package.

    >>> built_in().meaning("** HR High").alert_type
    'tachycardia'
    """
    name = "device_alarms.csv"
    return parse_device_alarms((files("vitalake.domain") / name).read_text("utf-8"), name)


def load_device_alarms(path: str | Path) -> DeviceAlarms:
    """Yield the table of a CSV file with the columns code, alert_type and (optional) priority."""
    try:
        text = Path(path).read_text("utf-8")
    except OSError as error:
        raise UserError(
            f"The device alarms {path} can't be read ({error.strerror})", "Check the path"
        ) from None
    except UnicodeDecodeError:
        raise UserError(f"The device alarms {path} are not UTF-8", "Save the file as UTF-8") from None
    return parse_device_alarms(text, str(path))


def own_device_alarms(given: Any) -> DeviceAlarms:
    """Yield the table of a mapping as :meth:`DeviceAlarms.to_mapping` yields it, less what is built in already."""
    if not isinstance(given, Mapping):
        raise UserError(
            f"device_alarms is {type(given).__name__}",
            "Name a CSV file, or give codes with alert_type and priority",
        )
    meanings: dict[str, Meaning] = {}
    for code, meaning in given.items():
        where = f"device_alarms of {code!r}"
        if (
            not isinstance(code, str)
            or not isinstance(meaning, list | tuple)
            or len(meaning) != len(_MEANING)
        ):
            raise UserError(where + " can't be read", "Give a list of alert_type and priority")
        _take(meanings, where, code, _check_meaning(where, *meaning))
    known = built_in().meanings
    return DeviceAlarms({code: each for code, each in meanings.items() if known.get(code) != each})


def parse_device_alarms(text: str, where: str) -> DeviceAlarms:
    """Yield the table of a CSV text; ``where`` names it in errors. Further columns are notes."""
    rows = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    missing = [name for name in _COLUMNS[:2] if name not in (rows.fieldnames or ())]
    if missing:
        raise UserError(
            f"{where} has no column {', '.join(missing)}", f"Write the header {','.join(_COLUMNS)}"
        )
    meanings: dict[str, Meaning] = {}
    for row in rows:
        line = f"{where}, line {rows.line_num}"
        _take(meanings, line, row["code"] or "", _read_meaning(line, row))
    return DeviceAlarms(meanings)


def _take(meanings: dict[str, Meaning], where: str, word: str, meaning: Meaning) -> None:
    code = as_compared(word)
    if not code:
        raise UserError(f"{where}: code is empty", "Give the text that the device sends")
    if meanings.setdefault(code, meaning) != meaning:
        raise UserError(f"{where}: {word!r} compares as {code!r}, which stands above", "Keep one of the two")


def _read_meaning(line: str, row: Mapping[str, str | None]) -> Meaning:
    return _check_meaning(
        line, (row["alert_type"] or "").strip(), (row.get("priority") or "").strip() or None
    )


def _check_meaning(where: str, alert_type: Any, priority: Any) -> Meaning:
    if alert_type not in DEVICE_TYPES:
        raise UserError(f"{where}: alert_type is {alert_type!r}", f"Give one of {', '.join(DEVICE_TYPES)}")
    if priority is not None and priority not in PRIORITIES:
        raise UserError(
            f"{where}: priority is {priority!r}", f"Give one of {', '.join(PRIORITIES)}, or nothing"
        )
    return Meaning(alert_type, priority)


def map_codes(codes: pa.Array | pa.ChunkedArray, alarms: DeviceAlarms) -> pa.Array:
    """Yield the alert_type of each alert_code; null for none. Each distinct code is looked up once."""
    encoded = pc.dictionary_encode(codes.combine_chunks() if isinstance(codes, pa.ChunkedArray) else codes)
    types = [alarms.meaning(code).alert_type for code in encoded.dictionary.to_pylist()]
    return pa.array(types, pa.string()).take(encoded.indices)
