"""The wheel, which ``pip install .`` and the asset bundle build, has all that the package is made of."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("vitalake-*-py3-none-any.whl")
    with ZipFile(path) as packed:
        return packed


def test_it_has_each_file_of_the_package(wheel: ZipFile) -> None:
    source = ROOT / "src"
    files = {
        path.relative_to(source).as_posix() for path in (source / "vitalake").rglob("*") if path.is_file()
    }
    packed = {name for name in wheel.namelist() if name.startswith("vitalake/")}
    assert packed == {name for name in files if "__pycache__" not in name}
    assert "vitalake/py.typed" in packed


def test_it_has_the_command_and_the_licence(wheel: ZipFile) -> None:
    told = {Path(name).name for name in wheel.namelist() if ".dist-info/" in name}
    assert {"entry_points.txt", "LICENSE", "NOTICE"} <= told
