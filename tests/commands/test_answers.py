"""The commands that answer: what they print, what they write, what they refuse."""

from __future__ import annotations

import json
import re
import shlex
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from vitalake.analytics import extra, report
from vitalake.cli import main

VITALS = {
    "resp_rate": 16,
    "spo2": 98,
    "systolic_bp": 120,
    "temperature": 36.8,
    "consciousness": "A",
    "on_oxygen": False,
}


def message(patient: str, minute: int, heart_rate: int) -> str:
    who = {
        "event_id": f"{patient}-{minute}",
        "patient_id": patient,
        "event_time": f"2026-01-05T08:{minute:02}:00Z",
    }
    return json.dumps({**who, "ward": "A", "heart_rate": heart_rate, **VITALS})


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("lake")
    lines = [message("o'hara <i>", minute, 135) for minute in range(0, 30, 2)] + [message("well", 5, 70)]
    (folder / "messages.ndjson").write_text("\n".join(lines))
    assert main(["run", str(folder / "messages.ndjson"), "--lake", str(folder / "ward's")]) == 0
    return str(folder / "ward's")


@pytest.fixture(scope="module")
def page(lake: str) -> str:
    out = Path(lake).parent / "report.html"
    assert main(["report", "--lake", lake, "--out", str(out)]) == 0
    return out.read_text(encoding="utf-8")


def test_no_vital_explains_itself(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Only the heart rate moves, and with it NEWS2: of its own points nothing is left that it could go with."""
    lines = [message(f"p{rate}", 0, rate) for rate in range(60, 150, 5)]
    (tmp_path / "messages.ndjson").write_text("\n".join(lines))
    assert main(["run", str(tmp_path / "messages.ndjson"), "--lake", str(tmp_path / "lake")]) == 0
    capsys.readouterr()
    assert main(["ask", "1", "--lake", str(tmp_path / "lake"), "--json"]) == 0
    rows = {row["vital"]: row for row in json.loads(capsys.readouterr().out)["tables"]["vitals"]}
    assert rows["heart_rate"]["n"] == len(lines)
    assert rows["heart_rate"]["high_n"] > 5
    assert {name: rows["heart_rate"][name] for name in ("r", "high_r", "low_r")} == dict.fromkeys(
        ("r", "high_r", "low_r")
    )


@pytest.fixture
def empty_lake(tmp_path: Path) -> str:
    (tmp_path / "messages.ndjson").write_text("")
    assert main(["run", str(tmp_path / "messages.ndjson"), "--lake", str(tmp_path / "empty")]) == 0
    return str(tmp_path / "empty")


def test_the_questions_are_listed_without_a_lake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [each["number"] for each in listed] == list(range(1, 10))
    assert main(["ask"]) == 0
    assert "Who generates most alerts?" in capsys.readouterr().out


def test_an_answer_has_a_sentence_its_tables_and_its_sql(
    lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", "3", "--lake", lake, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["answer"].startswith("0 of 2 patients (0 %) seen in the last 12 h are CRITICAL, 1 MODERATE")
    first = told["tables"]["patients"][0]
    assert (first["rank"], first["patient_id"], first["news2_score"]) == (1, "o'hara <i>", 3)
    assert first["as_of"] == "2026-01-05T08:28:00Z"
    assert [row["patients"] for row in told["tables"]["wards"]] == [2]
    assert "gold_patient_risk_snapshot" in told["sql"]["patients"]


@pytest.mark.parametrize("number", range(1, 10))
def test_every_question_is_answered_in_print(
    number: int, lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", str(number), "--lake", lake, "--top", "2"]) == 0
    question, sentence, *_ = capsys.readouterr().out.splitlines()
    assert question.endswith("?")
    assert sentence.endswith(".")


def test_the_rest_of_a_long_table_is_counted(lake: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ask", "3", "--lake", lake, "--top", "1"]) == 0
    assert "... and 1 more" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", ["png", "SVG", "pdf"])
def test_an_answer_is_drawn(suffix: str, lake: str, tmp_path: Path) -> None:
    out = tmp_path / f"alerts.{suffix}"
    assert main(["ask", "5", "--lake", lake, "--plot", str(out)]) == 0
    assert out.stat().st_size > 5_000
    assert list(tmp_path.iterdir()) == [out]


def test_an_answer_of_several_pictures_is_drawn_in_as_many_files(lake: str, tmp_path: Path) -> None:
    assert main(["ask", "1", "--lake", lake, "--plot", str(tmp_path / "vitals.svg")]) == 0
    assert {path.name for path in tmp_path.iterdir()} == {"vitals.svg", "vitals-2.svg", "vitals-3.svg"}


class _Page(HTMLParser):
    """Gathers what a page refers to and which elements it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        self.addresses += [
            value for name, value in attrs if name in ("src", "href", "action", "data", "poster")
        ]


def test_the_page_refers_to_nothing_but_itself(page: str) -> None:
    parsed = _Page(page)
    assert all(address.startswith(("#", "data:image/svg+xml;base64,")) for address in parsed.addresses)
    assert not {"script", "link", "iframe", "object", "form"} & set(parsed.tags)
    assert "url(" not in page
    assert "@import" not in page


def test_the_page_answers_all_with_pictures_tables_and_sql(page: str) -> None:
    tags = _Page(page).tags
    assert [tags.count(tag) for tag in ("section", "h1", "details")] == [9, 1, 9]
    assert tags.count("img") == tags.count("figure") == 12
    assert page.count("from gold_alert_frequency") == 1
    assert "Not a medical device." in page


def test_ids_of_patients_are_escaped(page: str) -> None:
    assert "o&#39;hara &lt;i&gt;" in page
    assert "<i>" not in page


def test_a_table_that_is_cut_names_the_command_that_prints_all_of_it(
    page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = [shlex.split(unescape(each)) for each in re.findall(r"<code>(vitalake ask .*?)</code>", page)]
    assert told
    for _, *arguments in told:
        capsys.readouterr()
        assert main(arguments) == 0
        out = capsys.readouterr().out
        assert "... and" not in out
        assert out.count("\n") > int(arguments[-1])


def test_where_there_is_no_command_line_none_is_named(
    lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    render = report.render_report
    monkeypatch.setattr(
        report,
        "render_report",
        lambda answers, chart, *, made_at, **_: render(answers, chart, lake="main.ward", made_at=made_at),
    )
    assert main(["report", "--lake", lake, "--out", str(tmp_path / "r.html")]) == 0
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "vitalake ask" not in page
    assert re.search(r"The first 12 of \d+</p>", page)


def test_the_report_is_written_again_over_the_old_one(lake: str, page: str) -> None:
    out = Path(lake).parent / "report.html"
    assert main(["report", "--lake", lake, "--out", str(out)]) == 0
    written = re.compile(r"<time.*?</time>")
    assert written.sub("", out.read_text(encoding="utf-8")) == written.sub("", page)


@pytest.mark.parametrize(
    "command", [["report", "--out", "r.html"], ["ask", "9"], ["ask", "3", "--plot", "r.png"]]
)
def test_an_empty_lake_says_how_to_fill_it(
    command: list[str],
    empty_lake: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    capsys.readouterr()
    assert main([*command, "--lake", empty_lake]) == 2
    err = capsys.readouterr().err
    assert err == (
        "error: Gold is empty: there is nothing to ask yet. Fill the lake with: vitalake run SOURCE --lake DIR.\n"
    )
    assert not list(tmp_path.glob("r.*"))


def test_where_nothing_can_be_written_it_is_told_before_any_work(
    lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(report, "answer_all", lambda _: pytest.fail("all was asked in vain"))
    assert main(["report", "--lake", lake, "--out", str(tmp_path)]) == 2
    assert "is a folder. Name a file." in capsys.readouterr().err
    assert main(["report", "--lake", lake, "--out", str(tmp_path / "nowhere" / "r.html")]) == 2
    assert "can't be written: No such file or directory" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["ask", "10"], "There is no question 10. They are numbered 1 to 9."),
        (
            ["ask", "1", "--plot", "picture"],
            "A picture can't be a file without a suffix. Use one of: png, svg, pdf.",
        ),
    ],
)
def test_mistakes_are_told(
    command: list[str], told: str, lake: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--lake", lake]) == 2
    assert capsys.readouterr().err == f"error: {told}\n"


@pytest.mark.parametrize("command", [["report", "--out"], ["ask", "5", "--plot"]])
def test_a_missing_extra_is_told_before_anything_is_written(
    command: list[str],
    lake: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(extra, "find_spec", lambda _: None)
    assert main([*command, str(tmp_path / "out.svg"), "--lake", lake]) == 2
    assert "pip install 'vitalake[report]'" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
