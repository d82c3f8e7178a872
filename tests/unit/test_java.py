from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from vitalake.errors import UserError
from vitalake.java import java
from vitalake.java.java import VECTOR_MODULE, find_java, probe_version, write_wrapper


@pytest.fixture(autouse=True)
def _nothing_found_before() -> Iterator[None]:
    find_java.cache_clear()
    yield
    find_java.cache_clear()


def fake_java(folder: Path, version: str, *, has_vector: bool = True) -> Path:
    executable = folder / "bin" / "java"
    executable.parent.mkdir(parents=True)
    refuse = "" if has_vector else f'[ "$1" = "{VECTOR_MODULE}" ] && exit 1\n'
    executable.write_text(f"#!/bin/sh\n{refuse}echo 'openjdk version \"{version}\"' >&2\n")
    executable.chmod(0o755)
    return executable


@pytest.mark.parametrize(("said", "version"), [("1.8.0_402", 8), ("17.0.15", 17), ("21", 21), ("25-ea", 25)])
def test_version_is_what_java_says(tmp_path: Path, said: str, version: int) -> None:
    assert probe_version(fake_java(tmp_path, said)) == version


def test_what_does_not_run_has_no_version(tmp_path: Path) -> None:
    assert probe_version(tmp_path / "nothing") == 0


def test_java_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path / "home", "21.0.1")
    fake_java(tmp_path / "path", "25")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "path" / "bin"))
    assert find_java().home == tmp_path / "home"


def test_an_old_java_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path / "old", "11.0.2")
    fake_java(tmp_path / "path", "17.0.1")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    monkeypatch.setenv("PATH", str(tmp_path / "path" / "bin"), prepend=":")
    assert find_java().version == 17


def test_a_java_without_the_vector_module_gets_a_wrapper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake_java(tmp_path / "home", "21.0.1", has_vector=False)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    found = find_java()
    assert found.home != tmp_path / "home"
    assert probe_version(found.executable, VECTOR_MODULE) == 21


def test_no_java_at_all_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_java(tmp_path, "11")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(java, "find_spec", lambda _: None)
    with pytest.raises(UserError, match=r"is Java 11.*pip install"):
        find_java()


def test_wrapper_drops_only_the_one_argument(tmp_path: Path) -> None:
    echo = tmp_path / "echo"
    echo.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    echo.chmod(0o755)
    home = write_wrapper(echo, tmp_path / "home")
    assert write_wrapper(echo, tmp_path / "home") == home
    said = subprocess.run(
        [home / "bin" / "java", "-Xmx1g", VECTOR_MODULE, "a b", "", "*"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "-Xmx1g\na b\n\n*\n"
