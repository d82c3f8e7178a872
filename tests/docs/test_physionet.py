"""docs/physionet.md, followed with the real data set, prints what it says: from import to report."""

from __future__ import annotations

import importlib.util
import os
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "physionet.md"
BLOCK = re.compile(r"<!-- run: (.+?) -->\n```\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def followed(shared_data: Path) -> str:
    """The page as its commands print it now."""
    spec = importlib.util.spec_from_file_location("generate", PAGE.with_name("generate.py"))
    assert spec
    assert spec.loader
    generate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generate)
    (archive,) = (shared_data / "physionet2019").glob("*.tar.gz")
    return str(generate.physionet_page(archive))


def test_every_block_is_what_its_command_prints(followed: str) -> None:
    written = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    assert len(written) > 10
    assert written == BLOCK.findall(followed), f"make docs PHYSIONET2019=ARCHIVE{os.linesep}writes it again"


def test_the_page_goes_from_import_to_report_and_asks_all_nine_questions() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"vitalake {command} " in text for command in ("import physionet2019", "run", "report"))
    assert set(re.findall(r"vitalake ask (\d)", text)) == set("123456789")


def test_figures_in_the_text_stand_in_a_block() -> None:
    _, _, text = PAGE.read_text(encoding="utf-8").partition("\n## ")
    prose = re.sub(r"```.*?```|<!--.*?-->", "", text, flags=re.DOTALL)
    printed = re.findall(r"[\d,]+", "".join(output for _, output in BLOCK.findall(text)))
    told = re.findall(r"\b(?:\d,)?\d{3}\b", prose)
    assert len(told) >= 3
    assert {figure.replace(",", "") for figure in told} <= {figure.replace(",", "") for figure in printed}
