"""The road in memory: a pandas frame in, Silver's tables out."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random
from typing import Any, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from deltalake.transaction import AddAction
from roads import refined
from strategies.histories import as_payloads, history

import vitalake
from vitalake.domain.tables import Table
from vitalake.engines.embedded.alerts import AlertTeller
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.errors import UserError
from vitalake.silver.tables import SILVER_ALERTS, SILVER_OBSERVATIONS, SILVER_VITAL_WINDOWS

OF_THE_LAKE = ("source", "partition", "offset", "ingest_time", "batch", "updated_batch", "revision")
EVENT = {"event_id": "e1", "patient_id": "p1", "event_time": "2026-01-05T08:00:00Z"}


def flat(payload: bytes | None) -> dict[str, Any]:
    message = json.loads(payload or b"")
    alert = message.pop("alert", None) or {}
    return message | {f"alert_{name}": value for name, value in alert.items()}


def cells(frame: pd.DataFrame, key: list[str]) -> str:
    rows = frame.drop(columns=[name for name in OF_THE_LAKE if name in frame])
    return rows.sort_values(key).to_json(orient="records", date_format="iso", date_unit="us")


def test_a_frame_becomes_what_a_lake_of_its_messages_has(tmp_path: Path) -> None:
    payloads = list(as_payloads(history(Random(3), 4, 30)))
    frame = pd.DataFrame([flat(payload) for payload in payloads])
    lake = refined(tmp_path, [payloads])
    keys = {
        SILVER_OBSERVATIONS: ["patient_id", "event_time", "event_id"],
        SILVER_VITAL_WINDOWS: ["patient_id", "vital", "window_start"],
        SILVER_ALERTS: ["alert_id"],
    }
    for rows in (frame, frame.sample(frac=1, random_state=1)):
        silver = vitalake.refine(rows)
        found = (silver.observations, silver.windows, silver.alerts)
        for (table, key), made in zip(keys.items(), found, strict=True):
            assert len(made)
            assert cells(made, key) == cells(lake.read(table).to_pandas(), key), table.name
        assert len(silver.observations) + len(silver.quarantine) + len(silver.duplicates) == len(rows)


def test_each_row_is_found_by_its_position() -> None:
    rows = [EVENT | {"heart_rate": 80}, EVENT | {"heart_rate": 80}, EVENT | {"event_id": None}]
    frame = pd.DataFrame(rows, index=["a", "b", "c"]).astype({"patient_id": "category"})
    silver = vitalake.refine(frame)
    assert silver.observations["offset"].tolist() == [0]
    assert silver.duplicates["offset"].tolist() == [1]
    assert silver.quarantine[["offset", "reason"]].to_numpy().tolist() == [[2, "missing_event_id"]]


def test_instants_and_rules_are_taken_as_they_are_given() -> None:
    row = EVENT | {"event_time": pd.Timestamp("2026-01-05T10:00:00.123456+02:00"), "spo2_scale": 1}
    later = EVENT | {"event_id": "e2", "event_time": "2026-01-05T08:01:00Z", "heart_rate": 80}
    frame = pd.DataFrame([row | {"heart_rate": 70}, later])
    silver = vitalake.refine(frame, vitalake.Rules(window_minutes=60))
    assert silver.observations["event_time"].min() == pd.Timestamp("2026-01-05T08:00:00.123456Z")
    assert set(silver.observations["spo2_scale_carried"]) == {1}
    assert silver.windows["vital"].tolist() == ["heart_rate"]


def test_numbers_are_judged_as_they_are_given() -> None:
    rows = [
        EVENT | {"heart_rate": float("inf"), "temperature": 45.00000000001, "spo2": 97},
        EVENT | {"event_id": "e2", "heart_rate": np.int64(80), "temperature": None, "spo2": None},
        EVENT | {"event_id": "e3", "heart_rate": float("nan"), "temperature": 37.5, "spo2": pd.NA},
    ]
    found = vitalake.refine(pd.DataFrame(rows)).observations.set_index("event_id")
    assert {name: list(issues) for name, issues in found["issues"].items()} == {
        "e1": ["heart_rate:not_finite", "temperature:implausible"],
        "e2": [],
        "e3": [],
    }
    assert (found.loc["e1", "spo2"], found.loc["e2", "heart_rate"]) == (97, 80)


def test_an_alarm_comes_as_a_dictionary_or_as_columns() -> None:
    said = {"code": "ASYSTOLE", "priority": None, "state": "start"}
    rows = [
        EVENT | {"alert": said},
        EVENT | {"event_id": "e2", "alert_code": "ASYSTOLE", "alert_state": "start"},
    ]
    found = vitalake.refine(pd.DataFrame(rows)).observations
    columns = ["alert_code", "alert_type", "alert_priority", "alert_state", "issues"]
    first, second = found[columns].astype(str).to_numpy().tolist()
    assert first == second
    assert first[0] == "ASYSTOLE"


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = EmbeddedLake.write

    def take_long(lake: EmbeddedLake, table: Table, rows: pa.Table) -> list[AddAction]:
        time.sleep(0.5 if table is SILVER_OBSERVATIONS else 0)
        return write(lake, table, rows)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(EmbeddedLake, "write", take_long)
    monkeypatch.setattr(AlertTeller, "write", interrupt)
    with pytest.raises(KeyboardInterrupt):
        vitalake.refine(pd.DataFrame([EVENT | {"heart_rate": 80}]))
    time.sleep(1)
    assert not list(tmp_path.iterdir())


def test_no_events_are_no_rows() -> None:
    silver = vitalake.refine(pd.DataFrame(columns=list(EVENT)))
    assert all(frame.empty for frame in vars(silver).values())
    assert "news2_score" in silver.observations


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"patient_id": "p1"}, "The frame has no column event_id. Required are: event_id, patient_id"),
        (EVENT | {"event_id": 7}, "event_id is no text but int64. Make it text: .astype"),
        (EVENT | {"event_time": pd.Timestamp("2026-01-05")}, "event_time has no time zone. Say which it is"),
        (EVENT | {"HR": 80}, "The contract knows no field HR. Rename it as docs/contract.md calls it"),
    ],
)
def test_columns_that_can_not_be_right_are_told(row: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        vitalake.refine(pd.DataFrame([row]))


def test_what_is_no_frame_is_told() -> None:
    with pytest.raises(UserError, match="Events are a pandas frame, not list"):
        vitalake.refine(cast("pd.DataFrame", [EVENT]))


def test_importing_the_package_imports_no_kernels() -> None:
    code = "import sys, vitalake; assert not {'numba', 'pandas'} & set(sys.modules); assert dir(vitalake)"
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="no attribute 'refined'"):
        vitalake.refined  # noqa: B018
