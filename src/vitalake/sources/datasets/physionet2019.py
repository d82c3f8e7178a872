"""The PhysioNet/CinC Challenge 2019 (Reyna 2020, CC BY 4.0): hourly charts of ICU patients as messages.

One ``.psv`` file a patient, one row an hour.  The vitals become those of the wire contract, charted by hand;
whether the patient has sepsis within the next hours (``SepsisLabel``) goes along as ``sepsis_label``, which
bronze keeps.
"""

from __future__ import annotations

import json
import math
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Final

from vitalake.errors import UserError

COLUMNS: Final[dict[str, str]] = {
    "HR": "heart_rate",
    "O2Sat": "spo2",
    "Temp": "temperature",
    "SBP": "systolic_bp",
    "MAP": "mean_bp",
    "DBP": "diastolic_bp",
    "Resp": "resp_rate",
    "FiO2": "fio2",
}
"""What the data set calls the vitals of the contract."""

HOUR: Final = "ICULOS"
LABEL: Final = "SepsisLabel"
WARDS: Final = {"Unit1": "MICU", "Unit2": "SICU"}
"""Its marks of the ward: medical and surgical intensive care."""
NEEDED: Final = (*COLUMNS, HOUR, LABEL)
SUFFIX: Final = ".psv"
MISSING: Final = "NaN"
MOST_HOURS: Final = 100_000
"""No stay is longer: eleven years."""
CHUNK_EVENTS: Final = 10_000


@dataclass
class ImportSummary:
    """What an import read: ``rows`` = ``events`` + ``rows_without_vitals``, which are no message."""

    patients: int = 0
    septic_patients: int = 0
    rows: int = 0
    events: int = 0
    rows_without_vitals: int = 0


class PhysioNet2019:
    """The messages of a folder or a ``.tar.gz`` of ``.psv`` files; iterate once, then read its ``summary``.

    All stays begin at ``start``: hour n of a stay is ``start`` + n hours.
    """

    def __init__(self, path: Path, start: datetime) -> None:
        if start.tzinfo is None:
            raise UserError(f"The start {start} has no offset", "Give one, such as 2026-01-05T00:00Z")
        self._path = path
        self._start = start
        self.summary = ImportSummary()

    def __iter__(self) -> Iterator[list[bytes]]:
        """Yield the payloads in chunks, patient by patient."""
        chunk: list[bytes] = []
        for name, text in _files(self._path):
            chunk += self._stay(name, text)
            if len(chunk) >= CHUNK_EVENTS:
                yield chunk
                chunk = []
        if chunk:
            yield chunk

    def _stay(self, name: str, text: str) -> list[bytes]:
        """Yield the events of one patient and count them."""
        header, *lines = text.splitlines() or [""]
        columns = header.split("|")
        missing = [column for column in NEEDED if column not in columns]
        if missing:
            raise _wrong(name, 1, f"lacks the column {missing[0]}")
        patient = PurePosixPath(name).stem
        septic, events = False, []
        for number, line in enumerate(lines, start=2):
            row = _row(name, number, columns, line)
            septic |= row.get(LABEL) == 1
            event = self._event(name, number, patient, row)
            events += [event] if event else []
        self._count(rows=len(lines), events=len(events), septic=septic)
        return events

    def _event(self, name: str, number: int, patient: str, row: dict[str, float]) -> bytes | None:
        """Yield the message of one hour; None where no vital is charted."""
        hour = row.get(HOUR, math.nan)
        if not (0 <= hour <= MOST_HOURS and hour == int(hour)):
            raise _wrong(name, number, f"has no whole number of hours in {HOUR}")
        vitals = {field: _number(row[column]) for column, field in COLUMNS.items() if column in row}
        if not vitals:
            return None
        time = self._start + timedelta(hours=int(hour))
        ward = next((word for column, word in WARDS.items() if row.get(column) == 1), None)
        event = {
            "event_id": f"{patient}-{int(hour):04d}",
            "patient_id": patient,
            "event_time": time.isoformat(),
            **({"ward": ward} if ward else {}),
            "method": "manual",
            **vitals,
            **({"sepsis_label": _number(row[LABEL])} if LABEL in row else {}),
        }
        return json.dumps(event, separators=(",", ":")).encode()

    def _count(self, *, rows: int, events: int, septic: bool) -> None:
        self.summary.patients += 1
        self.summary.septic_patients += septic
        self.summary.rows += rows
        self.summary.events += events
        self.summary.rows_without_vitals += rows - events


def _row(name: str, number: int, columns: list[str], line: str) -> dict[str, float]:
    """Yield the values that a line has, by column; NaN is none."""
    texts = line.split("|")
    if len(texts) != len(columns):
        raise _wrong(name, number, f"has {len(texts)} values for {len(columns)} columns")
    row = {}
    for column, text in zip(columns, texts, strict=True):
        if text != MISSING and (column in NEEDED or column in WARDS):
            row[column] = _value(name, number, column, text)
    return row


def _value(name: str, number: int, column: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(name, number, f"has no number in {column}")
    return value


def _number(value: float) -> float:
    """Yield the number as one would write it: 93, not 93.0."""
    return int(value) if value == int(value) else value


def _wrong(name: str, line: int, what: str) -> UserError:
    return UserError(
        f"{name}, line {line}: {what}", "The files are those of the PhysioNet/CinC Challenge 2019, unchanged"
    )


def _files(path: Path) -> Iterator[tuple[str, str]]:
    """Yield the name and content of each .psv file of a folder or archive."""
    found = False
    with _told(path):
        for name, content in _in_folder(path) if path.is_dir() else _in_archive(path):
            found = True
            yield name, _text(name, content)
    if not found:
        raise UserError(
            f"{path} holds no {SUFFIX} file", "Name the folder or .tar.gz of the data set's files"
        )


def _in_folder(path: Path) -> Iterator[tuple[str, bytes]]:
    for file in sorted(path.rglob(f"*{SUFFIX}")):
        yield str(file), file.read_bytes()


def _in_archive(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path, "r|*") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() and member.name.endswith(SUFFIX) else None
            if file is not None:
                yield member.name, file.read()


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise UserError(f"{name} is no text", "Get the data set again") from error


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn the system's and the archive's errors into the user's."""
    try:
        yield
    except FileNotFoundError as error:
        raise UserError(f"{path} does not exist", "Check the path") from error
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise UserError(
            f"{path} is no whole .tar.gz", "Get the data set again, or name its folder"
        ) from error
    except OSError as error:
        raise UserError(f"{path} can't be read ({error.strerror or error})", "Check the path") from error
