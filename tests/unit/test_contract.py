"""The published contract: its schema tells good events from bad ones, and what is generated is not stale."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator, Draft202012Validator

from vitalake.domain.contract import ALERT_FIELDS, FIELDS, ISSUE_FIELDS, QUARANTINE_REASONS, REASONS
from vitalake.domain.schemas import asyncapi_document, event_schema, fill_page, generated_files
from vitalake.silver.tables import NORMALISED

DOCS = Path(__file__).parents[2] / "docs"
KEY = {"event_id": "e", "patient_id": "p", "event_time": "2026-03-01T08:00:00.25+01:00"}

GOOD: tuple[dict[str, Any], ...] = (
    {"heart_rate": 72},
    {"spo2": 97.5, "ward": None, "method": None, "somebody_elses": [1]},
    {"systolic_bp": 120, "diastolic_bp": 80, "mean_bp": 93, "bp_method": "arterial", "method": "manual"},
    {"temperature": 98.6, "temperature_unit": "degF"},
    {"temperature": 36.6},
    {"fio2": 0.4},
    {"fio2": 40},
    {"on_oxygen": False},
    {"spo2_scale": 2},
    {"consciousness": "V"},
    {"alert": {"code": 147842}},
    {"alert": {"code": "TACHY", "priority": "high", "state": "end", "text": "HR"}},
)
BAD: tuple[dict[str, Any], ...] = (
    {},
    {"heart_rate": None, "ward": "W"},
    {"heart_rate": 9},
    {"heart_rate": "72"},
    {"heart_rate": True},
    {"temperature": 98.6},
    {"temperature": 36.6, "temperature_unit": "degF"},
    {"temperature": 36.6, "temperature_unit": "K"},
    {"fio2": 5},
    {"spo2_scale": 3},
    {"consciousness": "alert"},
    {"spo2": 97, "ward": ""},
    {"spo2": 97, "bed": "x" * 129},
    {"spo2": 97, "event_time": "2026-03-01 08:00:00Z"},
    {"spo2": 97, "event_time": "2026-03-01T24:00:00Z"},
    {"spo2": 97, "patient_id": None},
    {"alert": {"priority": "high"}},
    {"alert": {"code": -1}},
    {"alert": {"code": "x", "text": "x" * 1001}},
)


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(event_schema())
    return Draft202012Validator(event_schema())


@pytest.mark.parametrize("fields", GOOD, ids=str)
def test_schema_accepts_a_good_event(validator: Draft202012Validator, fields: dict[str, Any]) -> None:
    validator.validate(KEY | fields)


@pytest.mark.parametrize("fields", BAD, ids=str)
def test_schema_refuses_what_the_contract_calls_bad(
    validator: Draft202012Validator, fields: dict[str, Any]
) -> None:
    assert not validator.is_valid(KEY | fields)


@pytest.mark.parametrize("field", [field.name for field in FIELDS if field.required])
def test_schema_wants_the_required_fields(validator: Draft202012Validator, field: str) -> None:
    event = KEY | {"spo2": 97}
    assert not validator.is_valid({name: value for name, value in event.items() if name != field})


def test_example_of_the_schema_is_a_good_event(validator: Draft202012Validator) -> None:
    for example in event_schema()["examples"]:
        validator.validate(example)


def test_asyncapi_payload_is_lawful_where_only_draft_7_is_known() -> None:
    payload = asyncapi_document()["components"]["messages"]["event"]["payload"]
    Draft7Validator.check_schema(payload)
    assert Draft7Validator(payload).is_valid(KEY | GOOD[0])
    assert not Draft7Validator(payload).is_valid(KEY | {"heart_rate": 9})


def test_each_field_has_its_column_in_silver() -> None:
    columns = {column.name for column in NORMALISED}
    sent = {field.name for field in FIELDS} - {"alert", "temperature_unit"}
    assert sent | {f"alert_{field.name}" for field in ALERT_FIELDS} <= columns
    assert {reason for field in (*FIELDS, *ALERT_FIELDS) for reason in field.reasons} == set(REASONS)


def test_issues_are_listed_in_the_order_of_the_contract() -> None:
    assert ISSUE_FIELDS == (
        "encounter_id", "device_id", "ward", "bed", "method", "heart_rate", "pulse_rate", "resp_rate", "spo2",
        "systolic_bp", "diastolic_bp", "mean_bp", "bp_method", "temperature", "consciousness", "on_oxygen",
        "fio2", "oxygen_flow", "spo2_scale", "alert", "alert_priority", "alert_state", "alert_text",
    )  # fmt: skip


@pytest.mark.parametrize("name", ["contract.md", "vitalake-event.schema.json", "asyncapi.yaml"])
def test_generated_files_are_not_stale(name: str) -> None:
    page = (DOCS / "contract.md").read_text(encoding="utf-8")
    assert (DOCS / name).read_text(encoding="utf-8") == generated_files(page)[name], "run make docs"


def test_contract_page_names_each_field_and_reason() -> None:
    page = (DOCS / "contract.md").read_text(encoding="utf-8")
    for name in (*(field.name for field in FIELDS), *REASONS, *QUARANTINE_REASONS):
        assert f"`{name}`" in page


def test_generated_files_can_be_read() -> None:
    files = generated_files("<!-- fields --><!-- end -->")
    assert json.loads(files["vitalake-event.schema.json"]) == event_schema()
    assert yaml.safe_load(files["asyncapi.yaml"]) == asyncapi_document()


def test_filling_a_page_keeps_its_prose_and_is_stable() -> None:
    page = "a\n<!-- fields -->\nold\n<!-- end -->\nb\n<!-- reasons -->\n<!-- end -->\nc\n"
    filled = fill_page(page)
    assert filled == fill_page(filled)
    assert "old" not in filled
    assert [line for line in filled.splitlines() if line in "abc"] == ["a", "b", "c"]
