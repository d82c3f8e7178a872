from __future__ import annotations

import json
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from vitalake.errors import UserError
from vitalake.sources.datasets.physionet2019 import PhysioNet2019

START = datetime(2026, 1, 5, tzinfo=UTC)
HEADER = "HR|O2Sat|Temp|SBP|MAP|DBP|Resp|EtCO2|FiO2|Unit1|Unit2|ICULOS|SepsisLabel"
LINES = [
    HEADER,
    "NaN|NaN|NaN|NaN|NaN|NaN|NaN|30|NaN|1|0|1|0",
    "93|92.5|NaN|110|76|56|22|NaN|0.4|1|0|2|0",
    "NaN|NaN|36.0|NaN|NaN|NaN|NaN|NaN|NaN|NaN|NaN|26|1",
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stays = tmp_path / "training_setB"
    stays.mkdir()
    (stays / "p2.psv").write_text("\n".join([*LINES[:2], LINES[2]]) + "\n")
    (stays / "p1.psv").write_text("\n".join(LINES) + "\n")
    (tmp_path / "manifest.csv").write_text("file,rows\n")
    return tmp_path


def messages(path: Path) -> list[dict[str, object]]:
    return [json.loads(payload) for chunk in PhysioNet2019(path, START) for payload in chunk]


def test_rows_become_messages_of_the_contract(folder: Path) -> None:
    assert messages(folder)[:2] == [
        {
            "event_id": "p1-0002",
            "patient_id": "p1",
            "event_time": "2026-01-05T02:00:00+00:00",
            "ward": "MICU",
            "method": "manual",
            "heart_rate": 93,
            "spo2": 92.5,
            "systolic_bp": 110,
            "mean_bp": 76,
            "diastolic_bp": 56,
            "resp_rate": 22,
            "fio2": 0.4,
            "sepsis_label": 0,
        },
        {
            "event_id": "p1-0026",
            "patient_id": "p1",
            "event_time": "2026-01-06T02:00:00+00:00",
            "method": "manual",
            "temperature": 36,
            "sepsis_label": 1,
        },
    ]


def test_rows_without_vitals_are_counted_and_left_out(folder: Path) -> None:
    data = PhysioNet2019(folder, START)
    assert sum(len(chunk) for chunk in data) == 3
    summary = data.summary
    assert (summary.patients, summary.septic_patients, summary.rows, summary.events) == (2, 1, 5, 3)
    assert summary.rows_without_vitals == 2


def test_an_archive_gives_the_same_as_its_folder(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "set.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for file in sorted((folder / "training_setB").iterdir()):
            tar.add(file, file.name)
    assert messages(archive) == messages(folder)
    archive.write_bytes(archive.read_bytes()[:-40])
    with pytest.raises(UserError, match=r"is no whole \.tar\.gz"):
        messages(archive)


@pytest.mark.parametrize(
    ("line", "text", "message"),
    [
        (1, HEADER.replace("Resp", "RR"), "line 1: lacks the column Resp"),
        (1, "", "line 1: lacks the column HR"),
        (3, "93|92.5", "line 3: has 2 values for 13 columns"),
        (3, LINES[2].replace("93|", "high|"), "line 3: has no number in HR"),
        (3, LINES[2].replace("93|", "inf|"), "line 3: has no number in HR"),
        (4, LINES[3].replace("|26|", "|1.5|"), "line 4: has no whole number of hours in ICULOS"),
        (4, LINES[3].replace("|26|", "|NaN|"), "line 4: has no whole number of hours in ICULOS"),
    ],
)
def test_what_is_wrong_is_told_with_file_and_line(folder: Path, line: int, text: str, message: str) -> None:
    lines = [*LINES]
    lines[line - 1] = text
    (folder / "training_setB" / "p1.psv").write_text("\n".join(lines) + "\n")
    with pytest.raises(UserError, match=rf"p1\.psv, {message}"):
        messages(folder)


def test_paths_that_hold_no_data_set_are_errors(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="does not exist"):
        messages(tmp_path / "none")
    with pytest.raises(UserError, match=r"holds no \.psv file"):
        messages(tmp_path)
    (tmp_path / "x.psv").write_bytes(b"\xff\xfe")
    with pytest.raises(UserError, match="is no text"):
        messages(tmp_path)
    with pytest.raises(UserError, match="has no offset"):
        PhysioNet2019(tmp_path, datetime(2026, 1, 5))  # noqa: DTZ001


def test_the_real_set_is_read_whole(shared_data: Path) -> None:
    data = PhysioNet2019(shared_data / "physionet2019" / "setB_dev_1000.tar.gz", START)
    events = [json.loads(payload) for chunk in data for payload in chunk]
    assert (data.summary.patients, data.summary.septic_patients, data.summary.rows) == (1000, 200, 40_481)
    assert len(events) == data.summary.events == 40_481 - data.summary.rows_without_vitals
    assert len({(event["patient_id"], event["event_id"]) for event in events}) == len(events)
