"""Pictures say what they show, of how many and in which unit, in colours that everyone can tell apart."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from matplotlib.colors import to_rgb
from matplotlib.text import Text

from vitalake.analytics import extra
from vitalake.analytics.figures.chart import CHART
from vitalake.analytics.figures.gallery import PICTURES
from vitalake.analytics.figures.picture import Picture, render
from vitalake.analytics.figures.style import POINT_COLOURS, PRIORITY_COLOURS, SEVERITY_COLOURS, days, styled
from vitalake.errors import UserError

START = datetime(2026, 1, 5, tzinfo=UTC)
VITALS = ("heart_rate", "spo2", "temperature")
EPISODES = {"episodes": 7, "high_episodes": 1, "medium_episodes": 2, "low_episodes": 4, "same_episodes": 3}
LIMIT = {"alert_type": "hypoxaemia", "priority": "low", "vital": "spo2", "limit_value": 92.0}

TABLES: dict[int, dict[str, list[dict[str, Any]]]] = {
    1: {
        "vitals": [
            {
                "vital": "heart_rate",
                "strength": 0.8,
                "n": 40,
                "r": 0.5,
                "r_from": 0.3,
                "r_to": 0.7,
                "high_r": 0.8,
                "low_r": None,
            },
            {
                "vital": "spo2",
                "strength": 0.6,
                "n": 44,
                "r": -0.4,
                "r_from": None,
                "r_to": None,
                "high_r": None,
                "low_r": 0.6,
            },
        ],
        "readings": [
            {"vital": vital, "charted": 60.0 + 5 * others, "others": others, "readings": 3}
            for vital in VITALS
            for others in range(9)
        ],
    },
    2: {
        "vitals": [
            {
                "vital": vital,
                "before_n": 12,
                "rest_n": 300,
                "effect": 1.25,
                "effect_from": 0.5,
                "effect_to": 2.0,
                "before_outside_pct": 60.0,
                "rest_outside_pct": 20.0,
            }
            for vital in VITALS
        ]
    },
    3: {
        "hours": [
            {"hour": START + timedelta(hours=h), "severity": severity, "patient_hours": 2.0}
            for h in range(3)
            for severity in ("low", "high")
        ],
        "severities": [
            {"ward": "A", "severity": severity, "patient_hours": 6.0} for severity in ("low", "high")
        ],
    },
    4: {"patients": [{"patient_id": "P1", "ward": "A", "share_pct": 100.0, "per_day": 7.0, **EPISODES}]},
    5: {
        "types": [
            {"alert_type": "hypoxaemia", "origin": origin, **EPISODES}
            for origin in ("physiological", "device")
        ]
    },
    6: {
        "limits": [{**LIMIT, "episodes": 7, "near_episodes": 5}],
        "margins": [
            {
                **LIMIT,
                "margin_bin": place,
                "margin_from": place + 1.0,
                "episodes": max(3 - place, 0),
                "minutes": 60.0,
            }
            for place in range(-5, 5)
        ],
    },
    7: {
        "vitals": [{"vital": vital, "patient_hours": 40, "completeness_pct": 80.0} for vital in VITALS],
        "hours": [{"hour": START, "vital": vital, "completeness_pct": 80.0} for vital in VITALS],
    },
    8: {
        "attributes": [
            {
                "kind": "measured",
                "attribute": vital,
                "row_count": 50,
                "null_pct": 10.0,
                "empty_hours_pct": 5.0,
                "rejected_per_10000": 3.0,
            }
            for vital in VITALS
        ]
    },
    9: {
        "measures": [{"place": 4, "share_pct": 78.0}],
        "hours": [
            {"hour": START + timedelta(hours=h), "patient_hours": 20, "reliability_pct": 60.0 + h}
            for h in range(3)
        ],
    },
}

OBSERVATION = {
    "patient_id": "P1", "method": "monitor", "heart_rate": 90.0, "resp_rate": 18.0, "spo2": 91.0, "systolic_bp": 120.0,
    "diastolic_bp": 70.0, "temperature": 37.0, "consciousness": "A", "on_oxygen": True, "on_oxygen_carried": True,
    "spo2_scale_carried": 2, "news2_score": 3, "news2_upper": 5,
}  # fmt: skip
CHART_TABLES: dict[str, list[dict[str, Any]]] = {
    "observations": [{"event_time": START + timedelta(hours=h), **OBSERVATION} for h in range(30)],
    "alerts": [
        {
            "alert_type": "hypoxaemia",
            "origin": "device",
            "priority": "high",
            "started_at": START + timedelta(hours=20),
            "cleared_at": None,
        }
    ],
}
CASES = [(picture, TABLES[number]) for number, pictures in PICTURES.items() for picture in pictures]
CASES.append((CHART, CHART_TABLES))
EVERY = pytest.mark.parametrize(("picture", "tables"), CASES, ids=[picture.name for picture, _ in CASES])


def texts(picture: Picture, tables: dict[str, list[dict[str, Any]]]) -> str:
    """All that is written in a picture."""
    with styled():
        figure = picture.draw(tables)
        figure.draw_without_rendering()
        return "\n".join(text.get_text() for text in figure.findobj(Text) if text.get_visible())


@EVERY
def test_a_picture_says_in_words_what_it_shows_and_of_how_many(
    picture: Picture, tables: dict[str, list[dict[str, Any]]]
) -> None:
    assert "n = " in picture.caption(tables)
    assert len(picture.alternative(tables)) > 40
    assert any(sign.isdigit() for sign in picture.alternative(tables))


@EVERY
@pytest.mark.parametrize(("kind", "magic"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")])
def test_a_picture_is_the_same_file_for_the_same_rows(
    picture: Picture, tables: dict[str, list[dict[str, Any]]], kind: str, magic: bytes
) -> None:
    first = render(picture, tables, kind, captioned=True)
    assert first.startswith(magic)
    assert first == render(picture, tables, kind, captioned=True)


@EVERY
def test_a_picture_of_nothing_says_so(picture: Picture, tables: dict[str, list[dict[str, Any]]]) -> None:
    empty: dict[str, list[dict[str, Any]]] = {name: [] for name in tables}
    assert " yet" in texts(picture, empty)
    assert picture.caption(empty)
    assert picture.alternative(empty)


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("vitals_by_severity", ["Heart rate, /min", "SpO₂, %", "NEWS2 of the other inputs, points"]),
        ("heart_rate_and_severity", ["Heart rate, /min", "points"]),
        ("severity_breakdown", ["Share of patient time, %", "5 Jan 2026, UTC"]),
        ("patients_by_alerts", ["Episodes"]),
        ("alert_types", ["Episodes"]),
        ("thresholds", ["Beyond the limit, %", "Time in hold, h", "< 92 %"]),
        ("completeness", ["Patients with a value, %", "UTC"]),
        ("null_percentages", ["Share, %", "Rejected of 10,000 sent"]),
        ("reliability", ["Patients, %", "UTC"]),
        ("before_critical_alerts", ["standard deviations", "% of readings"]),
        ("news2_chart", ["Resp. rate,\n/min", "Temperature,\n°C", "Systolic BP,\nmmHg", "UTC"]),
    ],
)
def test_axes_have_units(name: str, units: list[str]) -> None:
    picture, tables = next((each, rows) for each, rows in CASES if each.name == name)
    written = texts(picture, tables)
    assert [unit for unit in units if unit not in written] == []


def test_the_chart_shows_the_last_day_on_the_patients_scale() -> None:
    caption = CHART.caption(CHART_TABLES)
    assert "n = 24 observations" in caption
    assert "SpO₂ on scale 2" in caption


def test_a_patient_without_a_score_has_a_chart() -> None:
    bare = dict.fromkeys(OBSERVATION) | {"patient_id": "P1", "method": "manual", "event_time": START}
    tables = {"observations": [bare], "alerts": []}
    assert render(CHART, tables, "png", captioned=True)
    assert "no score yet" in CHART.alternative(tables)


@pytest.mark.parametrize("colours", [list(SEVERITY_COLOURS.values())[:4], list(PRIORITY_COLOURS.values())])
def test_what_rises_gets_darker_so_that_it_reads_in_grey(colours: list[str]) -> None:
    luminances = [
        sum(w * c for w, c in zip((0.21, 0.72, 0.07), to_rgb(colour), strict=True)) for colour in colours
    ]
    assert luminances == sorted(luminances)
    assert all(after - before > 0.1 for before, after in itertools.pairwise(luminances))


def test_points_get_darker_too() -> None:
    luminances = [sum(to_rgb(colour)) for colour in POINT_COLOURS]
    assert luminances == sorted(luminances, reverse=True)


def test_a_period_names_its_days_once() -> None:
    assert days(START, START + timedelta(days=1)) == "5 Jan 2026"
    assert days(START, START + timedelta(hours=25)) == "5 Jan 2026 to 6 Jan 2026"


def test_another_format_is_refused() -> None:
    with pytest.raises(UserError, match="Use one of: png, svg, pdf"):
        render(CHART, CHART_TABLES, "bmp", captioned=False)


def test_a_missing_extra_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda name: None if name == "matplotlib" else object())
    with pytest.raises(UserError, match=r"need Matplotlib, .* pip install 'vitalake\[report\]'"):
        extra.require_extra()
