"""The contract as others read it: JSON Schema 2020-12, AsyncAPI 3 and the tables of docs/contract.md.

All of it is generated from domain/contract.py.  The schema describes what a producer should send; the parser
accepts more than that (a number as text, any case of a code) and says so in ``issues``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from vitalake.domain.contract import (
    ALERT_FIELDS,
    BY_NAME,
    CODE_LIMIT,
    FIELDS,
    ISSUE_FIELDS,
    QUARANTINE_REASONS,
    VERSION,
    WireField,
)

Schema = dict[str, Any]

SCHEMA_ID: Final = f"urn:vitalake:event:v{VERSION}"
INSTANT: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?"
    r"([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
)
"""The pattern of an RFC 3339 instant with seconds and offset."""

_CONTEXT: Final = ("encounter_id", "device_id", "ward", "bed", "method", "bp_method", "temperature_unit")
_EXAMPLE: Final = {
    "event_id": "0190f3a1-4c5d",
    "patient_id": "P000123",
    "event_time": "2026-03-01T08:00:00.250Z",
    "device_id": "MON-0042",
    "ward": "4B",
    "heart_rate": 118,
    "resp_rate": 24,
    "spo2": 93,
    "on_oxygen": True,
    "alert": {"code": "TACHY", "priority": "medium", "state": "start", "text": "HR high"},
}


def event_schema() -> Schema:
    """Yield the JSON Schema of one message."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": SCHEMA_ID,
        "title": "vitalake event",
        "description": f"One message of the wire contract, version {VERSION}.",
        "type": "object",
        "required": [field.name for field in FIELDS if field.required],
        "properties": {field.name: _field_schema(field) for field in FIELDS},
        "anyOf": [
            {"required": [field.name], "properties": {field.name: {"not": {"type": "null"}}}}
            for field in FIELDS
            if not field.required and field.name not in _CONTEXT
        ],
        "allOf": [_temperature_schema()],
        "examples": [_EXAMPLE],
    }


def _field_schema(field: WireField) -> Schema:
    schema = {"description": field.doc, **_value_schema(field)}
    if field.unit is not None:
        schema["x-unit"] = field.unit
    if field.default is not None:
        schema["default"] = field.default
    return schema if field.required else _or_null(schema)


def _or_null(schema: Schema) -> Schema:
    if "enum" in schema:
        return schema | {"enum": [*schema["enum"], None]}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return schema | {"type": [*kinds, "null"]}


def _value_schema(field: WireField) -> Schema:
    """Yield what a value that is not null must be."""
    schema: Schema
    match field.kind:
        case "text":
            schema = {"type": "string", "minLength": 1, "maxLength": field.longest}
        case "instant":
            schema = {"type": "string", "format": "date-time", "pattern": INSTANT}
        case "code":
            schema = {"enum": list(field.codes)}
        case "scale":
            schema = {"enum": [int(code) for code in field.codes]}
        case "boolean":
            schema = {"type": "boolean"}
        case "number":
            schema = {"type": "number", **_bounds(field)}
        case "alert":
            properties = {part.name: _field_schema(part) for part in ALERT_FIELDS}
            properties["code"] |= {
                "type": ["string", "integer"],
                "minimum": 0,
                "exclusiveMaximum": CODE_LIMIT,
            }
            required = [part.name for part in ALERT_FIELDS if part.required]
            schema = {"type": "object", "required": required, "properties": properties}
    return schema


def _bounds(field: WireField) -> Schema:
    plain = {"minimum": field.low, "maximum": field.high}
    if field.percent:
        return {"anyOf": [plain, {"minimum": field.low * 100, "maximum": field.high * 100}]}
    return {} if field.name == "temperature" else plain


def _temperature_schema() -> Schema:
    """Yield what is plausible in either unit."""
    field = BY_NAME["temperature"]
    fahrenheit = {"minimum": field.low * 9 / 5 + 32, "maximum": field.high * 9 / 5 + 32}
    return {
        "if": {"required": ["temperature_unit"], "properties": {"temperature_unit": {"const": "degF"}}},
        "then": {"properties": {"temperature": fahrenheit}},
        "else": {"properties": {"temperature": {"minimum": field.low, "maximum": field.high}}},
    }


def asyncapi_document() -> Schema:
    """Yield the AsyncAPI 3 document of the topic that vitalake reads."""
    payload = {name: value for name, value in event_schema().items() if not name.startswith("$")}
    event = {
        "name": "event",
        "title": "Vital signs and device alarms of one patient at one instant",
        "contentType": "application/json",
        "bindings": {"kafka": {"key": {"type": "string", "description": "patient_id"}}},
        "payload": payload,
    }
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "vitalake",
            "version": f"{VERSION}.0.0",
            "description": "What vitalake reads. Not a medical device.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": {
                "address": "{topic}",
                "description": "One event a message, as the contract says; each message stays in bronze.",
                "parameters": {"topic": {"description": "The topic", "default": "vitals"}},
                "messages": {"event": {"$ref": "#/components/messages/event"}},
            }
        },
        "operations": {
            "ingest": {
                "action": "receive",
                "channel": {"$ref": "#/channels/events"},
                "messages": [{"$ref": "#/channels/events/messages/event"}],
            }
        },
        "components": {"messages": {"event": event}},
    }


def field_table() -> str:
    """Yield the Markdown table of all fields."""
    rows = [_row(field, "") for field in FIELDS] + [_row(field, "alert.") for field in ALERT_FIELDS]
    return _table(("field", "type", "rule", "issues"), rows)


def reason_table() -> str:
    """Yield the Markdown table of what sends a message to quarantine."""
    rows = [(str(place), f"`{reason}`") for place, reason in enumerate(QUARANTINE_REASONS, start=1)]
    return _table(("order", "reason"), rows)


def _row(field: WireField, prefix: str) -> tuple[str, ...]:
    rule = f"{field.doc}; required" if field.required else field.doc
    if field.default is not None:
        rule += f"; default `{field.default}`"
    issue = prefix.replace(".", "_") + field.name
    reasons = ", ".join(f"`{reason}`" for reason in field.reasons) if issue in ISSUE_FIELDS else ""
    return f"`{prefix}{field.name}`", _kind(field), rule, reasons


def _kind(field: WireField) -> str:
    """Yield the type and what bounds it, as one reads it in a table."""
    if field.kind == "number":
        step = f", resolution {field.resolution:g}" if field.resolution else ""
        return f"number, {field.unit}, {field.low:g}..{field.high:g}{step}"
    if field.kind == "text":
        return f"string 1..{field.longest}"
    if field.codes:
        return ", ".join(f"`{code}`" for code in field.codes)
    return {"instant": "RFC 3339 with offset", "alert": "object"}.get(field.kind, field.kind)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def fill_page(page: str) -> str:
    """Yield the page with its parts between ``<!-- NAME -->`` and ``<!-- end -->`` made again."""
    for name, text in (("fields", field_table()), ("reasons", reason_table())):
        start, mark, rest = page.partition(f"<!-- {name} -->\n")
        _, end, rest = rest.partition("<!-- end -->")
        page = f"{start}{mark}{text}\n{end}{rest}"
    return page


def generated_files(page: str) -> dict[str, str]:
    """Yield the text of each generated file of docs/ by name, from the definition and the present page."""
    return {
        "contract.md": fill_page(page),
        "vitalake-event.schema.json": json.dumps(event_schema(), indent=2) + "\n",
        "asyncapi.yaml": yaml.safe_dump(asyncapi_document(), sort_keys=False, width=100),
    }


def main(folder: Path) -> None:
    """Write the generated files into the folder that holds contract.md."""
    page = (folder / "contract.md").read_text(encoding="utf-8")
    for name, text in generated_files(page).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
