"""The lesson on the nine questions runs as written, and they mean the same on Spark."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from spark.notebook_runner import run_notebook

from vitalake.analytics.ask import Answer, Ask, answer
from vitalake.analytics.catalogue import Question, questions
from vitalake.analytics.figures.gallery import PICTURES
from vitalake.cli import main
from vitalake.engines.embedded.lake import EmbeddedLake

NOTEBOOK = Path(__file__).parents[2] / "notebooks" / "05_analytics.py"


def message(patient: str, minute: int, heart_rate: float, spo2: float) -> str:
    return json.dumps(
        {
            "event_id": f"{patient}-{minute}",
            "patient_id": patient,
            "event_time": f"2026-01-05T{8 + minute // 60:02}:{minute % 60:02}:00Z",
            "ward": "A",
            "heart_rate": heart_rate,
            "spo2": spo2,
            "resp_rate": heart_rate / 5,
            "systolic_bp": 120,
            "temperature": 36.8,
            "consciousness": "A",
            "on_oxygen": False,
        }
    )


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two patients, of whom one gets worse over five hours."""
    folder = tmp_path_factory.mktemp("answers")
    lines = [message("o'hara\\", minute, 80 + minute / 4, 97 - minute / 30) for minute in range(0, 300, 10)]
    lines += [message("well", minute, 70, 98) for minute in range(0, 300, 60)]
    (folder / "messages.ndjson").write_text("\n".join([*lines, lines[0], "no json"]))
    assert main(["run", str(folder / "messages.ndjson"), "--lake", str(folder / "lake")]) == 0
    return folder / "lake"


def cells(table: pa.Table) -> list[dict[str, Any]]:
    """The rows, a NaN made equal to itself."""
    return [
        {
            name: "NaN" if isinstance(value, float) and math.isnan(value) else value
            for name, value in row.items()
        }
        for row in table.to_pylist()
    ]


@pytest.fixture
def answered(monkeypatch: pytest.MonkeyPatch) -> list[Answer]:
    """What is answered to whoever asks from here on."""
    answers: list[Answer] = []

    def heard(ask: Ask, question: Question) -> Answer:
        answers.append(answer(ask, question))
        return answers[-1]

    monkeypatch.setattr("vitalake.analytics.ask.answer", heard)
    return answers


@pytest.mark.usefixtures("spark")
def test_the_lesson_runs_as_written_and_the_other_engine_answers_alike_in_every_cell(
    lake: Path, tmp_path: Path, answered: list[Answer]
) -> None:
    shown: list[Any] = []
    report = tmp_path / "report.html"
    told = run_notebook(NOTEBOOK, {"lake": str(lake), "report": str(report)}, shown=shown)
    assert json.loads(told or "{}") == {str(each.question.number): each.sentence for each in answered}
    assert [each.question for each in answered] == list(questions())
    drawn = [each for each in shown if isinstance(each, str)]
    assert len(shown) - len(drawn) == sum(part.shown for question in questions() for part in question.parts)
    assert len(drawn) == sum(map(len, PICTURES.values())) + 1
    assert all(
        re.search(r"<img src='data:image/svg\+xml;base64,\S+' alt='[^']{40,}'", each) for each in drawn
    )
    assert report.read_text(encoding="utf-8").count("<section") == 9
    here = EmbeddedLake(lake)
    for theirs in answered:
        for table in theirs.question.reads:
            here.open(table)
        ours = answer(here.rows, theirs.question)
        assert {name: cells(table) for name, table in theirs.tables.items()} == {
            name: cells(table) for name, table in ours.tables.items()
        }
        assert theirs.sentence == ours.sentence
