"""qSOFA, MEWS and the shock index against their papers and other people's vectors."""

import csv
from pathlib import Path

import pyarrow as pa
import pytest
from observing import columns, scored

from vitalake.silver.tables import SCORED

CALM = {"systolic_bp": 120, "heart_rate": 75, "resp_rate": 12, "temperature": 37, "consciousness": "A"}
INPUT = {
    "hr": "heart_rate",
    "sbp": "systolic_bp",
    "rr": "resp_rate",
    "temp": "temperature",
    "avpu": "consciousness",
}

MEWS_EDGES = {
    "systolic_bp": [(30, 3), (70, 3), (71, 2), (80, 2), (81, 1), (100, 1), (101, 0), (199, 0), (200, 2)],
    "heart_rate": [
        (10, 2), (40, 2), (41, 1), (50, 1), (51, 0), (100, 0), (101, 1), (110, 1), (111, 2), (129, 2),
        (130, 3), (300, 3),
    ],
    "resp_rate": [(2, 2), (8, 2), (9, 0), (14, 0), (15, 1), (20, 1), (21, 2), (29, 2), (30, 3), (80, 3)],
    "temperature": [(25, 2), (34.9, 2), (35, 0), (38.4, 0), (38.5, 2), (45, 2)],
    "consciousness": [("A", 0), ("C", 1), ("V", 1), ("P", 2), ("U", 3)],
}  # fmt: skip


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@pytest.mark.parametrize(
    ("name", "value", "points"), [(name, *edge) for name, edges in MEWS_EDGES.items() for edge in edges]
)
def test_edge_of_a_mews_band(name: str, value: float, points: int) -> None:
    assert columns([CALM | {name: value}], "mews") == points


@pytest.mark.parametrize("name", CALM)
def test_mews_is_null_where_an_input_is_unknown(name: str) -> None:
    assert columns([CALM | {name: None}], "mews") is None


def test_mews_vectors(shared_data: Path) -> None:
    """All but one agree: 40/min, which the paper leaves open (<40, 41-50), is here in the graver band."""
    differing = []
    for row in read(shared_data / "vectors" / "mews_subbe2001_intensicare.csv"):
        name = INPUT[row["parameter"]]
        value = row["value"] if name == "consciousness" else float(row["value"])
        if columns([CALM | {name: value}], "mews") != int(row["expected"]):
            differing.append((name, value, int(row["expected"])))
    assert differing == [("heart_rate", 40.0, 1)]


@pytest.mark.parametrize(
    ("heart_rate", "systolic_bp", "resp_rate", "temperature", "code", "total"),
    [
        (115, 95, 28, 38.9, "V", 8),
        (35, 65, 6, 34, "U", 12),
        (75, 120, 14, 37, "A", 0),
        (100, 199, 14, 38, "A", 0),
    ],
)
def test_mews_totals(  # the same source's totals
    heart_rate: float, systolic_bp: float, resp_rate: float, temperature: float, code: str, total: int
) -> None:
    event = {
        "heart_rate": heart_rate, "systolic_bp": systolic_bp, "resp_rate": resp_rate,
        "temperature": temperature, "consciousness": code,
    }  # fmt: skip
    assert columns([event], "mews") == total


def test_qsofa_vectors(shared_data: Path) -> None:
    for row in read(shared_data / "vectors" / "qsofa_medical_calc_mcp.csv"):
        event = {
            "resp_rate": float(row["rr"]),
            "systolic_bp": float(row["sbp"]),
            "consciousness": "C" if row["altered_mentation"] == "1" else "A",
        }
        assert columns([event], "qsofa", "qsofa_missing") == [int(row["total"]), 0], row


@pytest.mark.parametrize(
    ("event", "points", "missing"),
    [
        ({"resp_rate": 21.49, "systolic_bp": 100.49}, 1, 1),
        ({"resp_rate": 21.5, "systolic_bp": 100.5}, 1, 1),
        ({"consciousness": "P"}, 1, 2),
        ({"heart_rate": 70}, 0, 3),
    ],
)
def test_qsofa_counts_what_is_known(event: dict[str, object], points: int, missing: int) -> None:
    assert columns([event], "qsofa", "qsofa_missing") == [points, missing]


def test_shock_index_takes_the_kept_values() -> None:
    assert columns([{"heart_rate": 99.6, "systolic_bp": 120.4}], "shock_index") == 9960 / 12040
    assert columns([{"pulse_rate": 90, "systolic_bp": 120}], "shock_index") == 0.75
    assert columns([{"systolic_bp": 120}], "shock_index") is None


def test_the_columns_are_the_tables() -> None:
    schema = pa.schema([column.arrow for column in SCORED])
    assert scored([CALM]).columns.schema.equals(schema, check_metadata=True)
    assert scored([]).columns.num_rows == 0
