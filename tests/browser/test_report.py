"""The report in a real browser: complete, self-contained, readable by everyone."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from browser.chromium import PROGRAMS, Page, find_program, opened

HOSTILE = '<b>P1</b> & "co"\''
WIDE, NARROW = 1280, 360

CONTRAST = """
(() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number)
  const weights = [0.2126, 0.7152, 0.0722]
  const light = ([r, g, b]) => [r, g, b].map(c => c / 255).map(
    c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * weights[i], 0)
  const ground = element => {
    for (; element; element = element.parentElement) {
      const colour = rgb(getComputedStyle(element).backgroundColor)
      if (colour.length === 3 || colour[3] > 0) return colour
    }
    return [255, 255, 255]
  }
  const low = []
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement
    if (!walk.currentNode.data.trim() || !element.checkVisibility()) continue
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(ground(element))].sort((x, y) => y - x)
    const ratio = (a + 0.05) / (b + 0.05)
    if (ratio < 4.5) low.push([ratio, walk.currentNode.data.trim()])
  }
  return low
})()
"""
"""Texts whose contrast is below what WCAG 2.2 AA asks of small text, by its own formula."""


def messages() -> Iterator[str]:
    """A patient who gets worse, with a name that HTML could stumble over, and one who is well."""
    for minute in range(0, 180, 5):
        worse = minute / 180
        for patient, rate in ((HOSTILE, 80 + 70 * worse), ("P2", 72)):
            yield json.dumps(
                {
                    "event_id": f"{patient}-{minute}",
                    "patient_id": patient,
                    "event_time": f"2026-01-05T{minute // 60:02}:{minute % 60:02}:00Z",
                    "ward": "A & E",
                    "heart_rate": round(rate),
                    "resp_rate": round(rate / 5),
                    "spo2": 97 - round(9 * worse) if patient == HOSTILE else 98,
                    "systolic_bp": 120,
                    "temperature": 36.8,
                    "consciousness": "A",
                    "on_oxygen": False,
                }
            )


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory, compiled_environment: dict[str, str]) -> Path:
    folder = tmp_path_factory.mktemp("report")
    (folder / "messages.ndjson").write_text("\n".join(messages()))
    for arguments in (["run", "messages.ndjson"], ["report", "--out", "report.html"]):
        subprocess.run(
            [sys.executable, "-m", "vitalake", *arguments, "--lake", "lake"],
            cwd=folder,
            env=compiled_environment,
            check=True,
            capture_output=True,
        )
    return folder / "report.html"


@pytest.fixture(scope="module")
def page(report: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    program = find_program()
    if program is None:
        assert not os.environ.get("CI"), "make test installs a browser"
        pytest.skip(f"needs one of {', '.join(PROGRAMS)}, or VITALAKE_BROWSER")
    with opened(program, tmp_path_factory.mktemp("profile")) as tab:
        tab.resize(WIDE)
        tab.open(report)
        yield tab


def test_it_asks_nothing_of_the_network_and_nothing_goes_wrong(page: Page, report: Path) -> None:
    asked = [
        event["params"]["request"]["url"]
        for event in page.events
        if event["method"] == "Network.requestWillBeSent"
    ]
    assert [url for url in asked if not url.startswith("data:")] == [report.as_uri()]
    wrong = [
        event for event in page.events if event["method"] in ("Log.entryAdded", "Runtime.exceptionThrown")
    ]
    assert wrong == []


def test_every_question_is_answered_in_order(page: Page) -> None:
    titles = page.run("[...document.querySelectorAll('section h2')].map(title => title.innerText)")
    assert [title.split()[0] for title in titles] == [str(number) for number in range(1, 10)]
    answers = page.run("[...document.querySelectorAll('.answer')].map(answer => answer.innerText)")
    assert len(answers) == 9
    assert all(answer.endswith(".") and any(sign.isdigit() for sign in answer) for answer in answers)


def test_every_picture_is_drawn_and_told_in_words(page: Page) -> None:
    pictures = page.run("[...document.images].map(image => [image.naturalWidth, image.alt])")
    assert len(pictures) >= 12
    assert all(width > 500 and len(alternative) > 40 for width, alternative in pictures)
    captions = page.run("[...document.querySelectorAll('figcaption')].map(each => each.innerText)")
    assert len(captions) == len(pictures)
    assert all("n = " in caption for caption in captions)


def test_headings_descend_one_level_at_a_time(page: Page) -> None:
    levels = page.run("[...document.querySelectorAll('h1, h2, h3, h4')].map(each => Number(each.tagName[1]))")
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_tables_say_what_they_are(page: Page) -> None:
    tables = page.run(
        """[...document.querySelectorAll('table')].map(table => ({
             caption: table.caption?.innerText ?? '',
             heads: [...table.tHead.rows[0].cells].map(cell => [cell.tagName, cell.scope]),
             rows: [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.scope ?? '')),
           }))"""
    )
    assert len(tables) >= 11
    for table in tables:
        assert table["caption"]
        assert set(map(tuple, table["heads"])) == {("TH", "col")}
        for row in table["rows"]:
            assert len(row) == len(table["heads"]) or len(row) == 1
            assert row.count("row") == (len(row) > 1)


def test_texts_have_contrast(page: Page) -> None:
    page.run("document.querySelectorAll('details').forEach(each => each.open = true)")
    assert page.run(CONTRAST) == []
    page.run("document.querySelectorAll('details').forEach(each => each.open = false)")


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_page_itself_never_scrolls_sideways(page: Page, width: int) -> None:
    page.resize(width)
    assert page.run("document.documentElement.scrollWidth") <= width
    page.resize(WIDE)


def test_links_lead_to_what_they_name(page: Page) -> None:
    targets = page.run("[...document.querySelectorAll('a')].map(link => link.getAttribute('href'))")
    assert len(targets) == 10
    assert page.run("[...document.querySelectorAll('a')].every(link => document.querySelector(link.hash))")
    ids = page.run("[...document.querySelectorAll('[id]')].map(each => each.id)")
    assert len(ids) == len(set(ids))


def test_what_can_be_reached_by_keyboard_has_a_name(page: Page) -> None:
    nodes = page.call("Accessibility.getFullAXTree")["nodes"]
    focusable = [
        node
        for node in nodes
        if any(each["name"] == "focusable" and each["value"]["value"] for each in node.get("properties", []))
        and node["role"]["value"] not in ("RootWebArea", "generic", "code")
    ]
    assert len(focusable) > 20
    assert [node["role"]["value"] for node in focusable if not node.get("name", {}).get("value")] == []


def test_names_of_patients_are_text(page: Page) -> None:
    assert page.run("document.querySelectorAll('b').length") == 0
    rows = page.run("[...document.querySelectorAll('tbody th')].map(each => each.innerText)")
    assert HOSTILE in rows
    assert any(
        HOSTILE in alternative for alternative in page.run("[...document.images].map(image => image.alt)")
    )


def test_language_title_and_policy_are_said(page: Page) -> None:
    assert page.run("[document.documentElement.lang, document.title]") == [
        "en",
        "Vital signs and alerts: lake",
    ]
    policy = page.run("document.querySelector('meta[http-equiv]').content")
    assert policy.startswith("default-src 'none'")


def test_it_prints_without_what_only_a_screen_needs(page: Page) -> None:
    page.call("Emulation.setEmulatedMedia", media="print")
    assert not page.run("document.querySelector('nav').checkVisibility()")
    assert page.run("document.querySelector('figure img').checkVisibility()")
    assert len(page.call("Page.printToPDF")["data"]) > 10_000
    page.call("Emulation.setEmulatedMedia", media="")
