"""The chart against the RCP's, typed off the chart as plain data, and against other people's vectors."""

import csv
from pathlib import Path

import pytest
from observing import columns

from vitalake.domain import news2
from vitalake.domain.vitals import CONSCIOUSNESS

INPUT = {"rr": "resp_rate", "sbp": "systolic_bp", "hr": "heart_rate", "temp": "temperature", "spo2": "spo2"}

EDGES = {
    "resp_rate": [(2, 3), (8, 3), (9, 1), (11, 1), (12, 0), (20, 0), (21, 2), (24, 2), (25, 3), (80, 3)],
    "systolic_bp": [(30, 3), (90, 3), (91, 2), (100, 2), (101, 1), (110, 1), (111, 0), (219, 0), (220, 3)],
    "heart_rate": [
        (10, 3), (40, 3), (41, 1), (50, 1), (51, 0), (90, 0), (91, 1), (110, 1), (111, 2), (130, 2), (131, 3),
    ],
    "temperature": [
        (25, 3), (35.0, 3), (35.1, 1), (36.0, 1), (36.1, 0), (38.0, 0), (38.1, 1), (39.0, 1), (39.1, 2),
        (45, 2),
    ],
}  # fmt: skip
SPO2_EDGES = {
    (1, False): [(30, 3), (91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0), (100, 0)],
    (1, True): [(30, 3), (91, 3), (92, 2), (93, 2), (94, 1), (95, 1), (96, 0), (100, 0)],
    (2, False): [(30, 3), (83, 3), (84, 2), (85, 2), (86, 1), (87, 1), (88, 0), (92, 0), (93, 0), (100, 0)],
    (2, None): [(83, 3), (85, 2), (87, 1), (92, 0), (93, 0), (100, 0)],
    (2, True): [
        (30, 3), (83, 3), (84, 2), (85, 2), (86, 1), (87, 1), (88, 0), (92, 0), (93, 1), (94, 1), (95, 2),
        (96, 2), (97, 3), (100, 3),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("vital", "value", "points"), [(vital, *edge) for vital, edges in EDGES.items() for edge in edges]
)
def test_edge_of_a_band(vital: str, value: float, points: int) -> None:
    assert columns([{vital: value}], f"news2_{vital}") == points


@pytest.mark.parametrize(
    ("scale", "oxygen", "value", "points"),
    [(*key, *edge) for key, edges in SPO2_EDGES.items() for edge in edges],
)
def test_edge_of_an_spo2_band(scale: int, oxygen: bool | None, value: float, points: int) -> None:
    assert columns([{"spo2": value, "spo2_scale": scale, "on_oxygen": oxygen}], "news2_spo2") == points


def test_spo2_without_a_scale_is_read_on_scale_1() -> None:
    assert columns([{"spo2": 91, "on_oxygen": True}], "news2_spo2", "spo2_scale_carried") == [3, None]


@pytest.mark.parametrize(("oxygen", "points"), [(True, 2), (False, 0), (None, None)])
def test_oxygen(oxygen: bool | None, points: int | None) -> None:
    assert columns([{"on_oxygen": oxygen, "resp_rate": 14}], "news2_oxygen") == points


@pytest.mark.parametrize(("code", "points"), [("A", 0), ("C", 3), ("V", 3), ("P", 3), ("U", 3)])
def test_consciousness(code: str, points: int) -> None:
    assert columns([{"consciousness": code}], "news2_consciousness") == points


@pytest.mark.parametrize(
    ("vital", "kept", "points"),
    [
        ("resp_rate", 20.49, 0),
        ("resp_rate", 20.5, 2),
        ("spo2", 91.49, 3),
        ("spo2", 91.5, 2),
        ("systolic_bp", 90.5, 2),
        ("heart_rate", 130.49, 2),
        ("heart_rate", 130.5, 3),
        ("temperature", 35.04, 3),
        ("temperature", 35.05, 1),
        ("temperature", 39.05, 2),
    ],
)
def test_points_are_of_the_charted_value_half_up(vital: str, kept: float, points: int) -> None:
    assert columns([{vital: kept}], f"news2_{vital}") == points


def test_the_lookup_agrees_with_the_bands_at_every_step() -> None:
    table = news2.lookup()
    rows = {
        "resp_rate": news2.RESP_RATE,
        "spo2": news2.SPO2_SCALE_1,
        "systolic_bp": news2.SYSTOLIC_BP,
        "heart_rate": news2.HEART_RATE,
        "temperature": news2.TEMPERATURE,
        "spo2_scale_2_on_air": news2.SPO2_SCALE_2_ON_AIR,
        "spo2_scale_2_on_oxygen": news2.SPO2_SCALE_2_ON_OXYGEN,
    }
    for name, bands in rows.items():
        step = 10 if name == "temperature" else 1
        expected = [bands.points(k / step) for k in range(len(bands.by_step()))]
        assert table[news2.ROWS.index(name), : len(expected)].tolist() == expected


def vectors(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / "vectors" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_single_parameters_of_six_public_test_suites(shared_data: Path) -> None:
    rows = [row for row in vectors(shared_data, "news2_single_parameter.csv") if in_range(row)]
    assert len(rows) > 150
    for row in rows:
        name = INPUT[row["parameter"]]
        event = {name: float(row["value"])}
        if row["spo2_scale"]:
            event |= {"spo2_scale": int(row["spo2_scale"])}
        if row["on_oxygen"]:
            event |= {"on_oxygen": row["on_oxygen"] == "True"}
        assert columns([event], f"news2_{name}") == int(row["rcp2017"]), row


def in_range(row: dict[str, str]) -> bool:
    """What is not plausible never reaches a score."""
    low, high = {"rr": (2, 80), "sbp": (30, 300), "hr": (10, 300), "temp": (25, 45), "spo2": (30, 100)}[
        row["parameter"]
    ]
    return low <= float(row["value"]) <= high


def test_where_a_source_disagrees_it_is_wrong_about_scale_2_on_air(shared_data: Path) -> None:
    """That source scores 88-92 on air 1 and each lower band one more; the RCP's chart has 88-92 at 0."""
    wrong = [row for row in vectors(shared_data, "news2_single_parameter.csv") if row["agrees"] == "0"]
    assert wrong
    for row in wrong:
        assert (row["parameter"], row["spo2_scale"], row["on_oxygen"]) == ("spo2", "2", "False")
        on_chart = news2.SPO2_SCALE_2_ON_AIR.points(float(row["value"]))
        assert (int(row["rcp2017"]), int(row["expected_by_source"])) == (on_chart, on_chart + 1)


def test_totals_and_bands(shared_data: Path) -> None:
    for row in vectors(shared_data, "news2_totals.csv"):
        event = {
            "resp_rate": row["rr"].rstrip("."), "spo2": row["spo2"], "systolic_bp": row["sbp"],
            "heart_rate": row["hr"], "temperature": row["temp_c"],
        }  # fmt: skip
        event = {name: float(value) for name, value in event.items()} | {
            "on_oxygen": row["on_oxygen"] == "1",
            "spo2_scale": int(row["spo2_scale"]),
            "consciousness": "C" if row["acvpu"] == "CVPU" else row["acvpu"],
        }
        assert event["consciousness"] in CONSCIOUSNESS
        expected = [int(row["rcp_total"]), row["rcp_band"].replace("-", "_"), 0]
        assert columns([event], "news2_score", "severity", "news2_missing") == expected, row


def test_where_a_source_disagrees_with_a_total_it_is_wrong(shared_data: Path) -> None:
    """One scores scale 2 on air as above; the other gives 37.5 Cel a point, the chart from 38.1 on."""
    wrong = {row["case"] for row in vectors(shared_data, "news2_totals.csv") if row["total_agrees"] == "0"}
    assert wrong == {"hypercapnic scale2 on air", "adamtest-news2 (all six patients identical)"}
    assert news2.TEMPERATURE.points(37.5) == 0
