"""Codes of devices in the one vocabulary."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from vitalake.domain.device_alarms import (
    as_compared,
    built_in,
    load_device_alarms,
    map_codes,
    parse_device_alarms,
)
from vitalake.errors import UserError


@pytest.mark.parametrize(
    ("code", "alert_type", "priority"),
    [
        ("ASYSTOLE", "asystole", "high"),
        ("*** Asystole", "asystole", "high"),
        ("MDC_EVT_ECG_ASYSTOLE", "asystole", "high"),
        ("199684", "asystole", "high"),
        ("**SpO2\tLow\r\n", "hypoxaemia", "medium"),
        ("196670:150456", "hypoxaemia", "medium"),
        ("hr_too_high", "tachycardia", "medium"),
        ("196648:147842", "tachycardia", "medium"),
        ("VFib/V-Tach", "ventricular_fibrillation", "high"),
        ("leads off", "leads_off", "low"),
        ("never heard of", "other", None),
        ("", "other", None),
    ],
)
def test_a_code_has_a_meaning(code: str, alert_type: str, priority: str | None) -> None:
    meaning = built_in().meaning(code)
    assert (meaning.alert_type, meaning.priority) == (alert_type, priority)


def test_only_ascii_case_is_folded() -> None:
    assert as_compared("İ * Ä_a A") == "İÄaa"


def test_a_column_of_codes_becomes_a_column_of_types() -> None:
    codes = pa.chunked_array([["APNEA", None], ["what", "apnea"]])
    assert map_codes(codes, built_in()).to_pylist() == ["apnoea", None, "other", "apnoea"]
    assert map_codes(pa.array([], pa.string()), built_in()).to_pylist() == []


def test_a_table_of_the_users_own_wins(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_text(
        "\ufeffcode,alert_type,priority,note\nBEEP,device_fault,,ours\napnea,apnoea,low,\n", "utf-8"
    )
    alarms = built_in().extended(load_device_alarms(own))
    assert alarms.meaning("*beep").alert_type == "device_fault"
    assert (alarms.meaning("APNEA").priority, alarms.meaning("ASYSTOLE").priority) == ("low", "high")
    assert alarms.to_mapping()["beep"] == ["device_fault", None]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("code,kind\nA,apnoea\n", "no column alert_type"),
        ("code,alert_type\nA,apnea\n", "line 2: alert_type is 'apnea'"),
        ("code,alert_type,priority\nA,apnoea,urgent\n", "priority is 'urgent'"),
        ("code,alert_type\n* _,apnoea\n", "code is empty"),
        ("code,alert_type\nA B,apnoea\na_b,asystole\n", "line 3: 'a_b' compares as 'ab'"),
    ],
)
def test_a_mistake_is_named(text: str, said: str) -> None:
    with pytest.raises(UserError, match=r"own\.csv") as error:
        parse_device_alarms(text, "own.csv")
    assert said in str(error.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.csv"):
        load_device_alarms(tmp_path / "none.csv")
