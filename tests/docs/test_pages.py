"""Generated pages are fresh, and every link of the docs leads somewhere."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_generated_pages_are_fresh(generate: ModuleType) -> None:
    stale = [
        path.name for path, text in generate.render().items() if path.read_text(encoding="utf-8") != text
    ]
    assert not stale, "run make docs"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = [
        link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith(("http", "mailto", "#"))
    ]
    assert [link for link in links if not (page.parent / link.partition("#")[0]).exists()] == []


def test_the_index_names_every_page() -> None:
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    pages = {page.name for page in (ROOT / "docs").glob("*.md")} - {"README.md"}
    assert {page for page in pages if f"({page})" not in index} == set()


def test_every_decision_is_listed_and_says_when_it_is_violated() -> None:
    folder = ROOT / "docs" / "decisions"
    index = (folder / "README.md").read_text(encoding="utf-8")
    for page in set(folder.glob("*.md")) - {folder / "README.md"}:
        text = page.read_text(encoding="utf-8")
        assert f"({page.name})" in index
        assert all(
            part in text
            for part in ("**Context.**", "**Decision.**", "**Consequences.**", "violates this when")
        )
