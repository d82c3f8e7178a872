from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from vitalake.errors import Unavailable, UserError
from vitalake.java import jars
from vitalake.java.jars import Jar, fetch_jars, locked_jars

CONTENT = b"a jar"
LOCKED = Jar("org.example:thing:1.0", hashlib.sha256(CONTENT).hexdigest())


@pytest.fixture
def downloads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A lock of one jar and a repository that holds it; yields what was downloaded."""
    asked: list[str] = []

    def download(coordinate: str, scratch: Path) -> Path:
        asked.append(coordinate)
        path = scratch / "thing.jar"
        path.write_bytes(CONTENT)
        return path

    monkeypatch.setattr(jars, "locked_jars", lambda _: (LOCKED,))
    monkeypatch.setattr(jars, "download", download)
    return asked


def test_the_locks_hold_what_was_measured() -> None:
    assert len(locked_jars("broker")) == 45
    assert len(locked_jars("spark")) == 11


@pytest.mark.parametrize("jar_set", ["broker", "spark"])
def test_each_jar_is_locked_once_with_a_checksum(jar_set: jars.JarSet) -> None:
    locked = locked_jars(jar_set)
    assert all(len(jar.sha256) == 64 and jar.coordinate.count(":") == 2 for jar in locked)
    assert len({jar.coordinate.rpartition(":")[0] for jar in locked}) == len(locked)


def test_broker_parts_have_one_version() -> None:
    versions = {
        jar.coordinate.split(":")[2] for jar in locked_jars("broker") if "org.apache.kafka" in jar.coordinate
    }
    assert versions == {"4.4.0"}


def test_a_jar_is_downloaded_once(tmp_path: Path, downloads: list[str]) -> None:
    assert [path.read_bytes() for path in fetch_jars("broker", tmp_path)] == [CONTENT]
    fetch_jars("broker", tmp_path)
    assert downloads == [LOCKED.coordinate]
    assert [path.name for path in tmp_path.iterdir()] == [LOCKED.file_name]


def test_a_spoilt_jar_is_downloaded_again(tmp_path: Path, downloads: list[str]) -> None:
    (tmp_path / LOCKED.file_name).write_bytes(b"half a ja")
    assert [path.read_bytes() for path in fetch_jars("broker", tmp_path)] == [CONTENT]
    assert len(downloads) == 1


def test_a_jar_that_differs_from_the_lock_is_not_kept(
    tmp_path: Path, downloads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jars, "locked_jars", lambda _: (Jar(LOCKED.coordinate, "0" * 64),))
    with pytest.raises(UserError, match="the lock says 000"):
        fetch_jars("broker", tmp_path)
    assert len(downloads) == 1
    assert not list(tmp_path.iterdir())


def test_without_a_network_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setattr(jars, "locked_jars", lambda _: (LOCKED,))
    with pytest.raises(
        Unavailable, match=r"org.example:thing:1.0 can't be downloaded.*try again with a network"
    ):
        fetch_jars("broker", tmp_path)
