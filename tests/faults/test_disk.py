"""A disk that is full or read-only: a clear error, the lake as it was before, and the next run goes on."""

from __future__ import annotations

import errno
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from forking import COMPILED
from roads import Payloads, gold_of, lawful, refined, run_of
from strategies.histories import as_payloads, history

from vitalake.bronze.tables import BRONZE_EVENTS
from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.errors import LakeError, Unavailable

PAYLOADS = as_payloads(history(7, patients=3, events=10))
BATCHES = [PAYLOADS[:10], PAYLOADS[10:20], PAYLOADS[20:]]
MOMENTS = range(1, 12)
WITHOUT_PRIVILEGE = """
import ctypes, os, sys
if os.geteuid() == 0:  # root may write everywhere, unless it gives that up
    PR_CAPBSET_DROP, CAP_DAC_OVERRIDE = 24, 1
    assert ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0) == 0
os.execv(sys.executable, [sys.executable, "-m", "vitalake", *sys.argv[1:]])
"""
"""Runs vitalake as a user for whom the permissions of files hold."""


@pytest.fixture(scope="module")
def quiet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    return lawful(refined(tmp_path_factory.mktemp("quiet"), BATCHES))


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_full_disk_loses_nothing(
    tmp_path: Path, quiet: dict[str, object], monkeypatch: pytest.MonkeyPatch, moment: int
) -> None:
    write, writes = pq.write_table, iter(range(1, 1000))

    def fill(*args: object, **kwargs: object) -> None:
        if next(writes) == moment:
            raise OSError(errno.ENOSPC, "No space left on device")
        write(*args, **kwargs)

    monkeypatch.setattr(pq, "write_table", fill)
    with pytest.raises(Unavailable, match=r"No space left on device.*Free the disk"):
        run_of(EmbeddedLake(tmp_path / "lake")).silver(Payloads(BATCHES), 10**9)
    monkeypatch.setattr(pq, "write_table", write)
    lake = EmbeddedLake(tmp_path / "lake")
    run_of(lake).silver(Payloads(BATCHES), 10**9)
    assert lawful(lake) == quiet


def test_a_lake_without_permission_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied", str(tmp_path))

    lake = refined(tmp_path / "lake", BATCHES[:1])
    before = lawful(lake)
    monkeypatch.setattr(pq, "write_table", refuse)
    with pytest.raises(LakeError, match=r"no permission.*write access"):
        run_of(lake).silver(Payloads(BATCHES), 10**9)
    assert lawful(lake) == before


@pytest.fixture(scope="module")
def curated(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, object], dict[str, object]]:
    """Silver and Gold of a run whose disk had room."""
    lake = EmbeddedLake(tmp_path_factory.mktemp("curated") / "lake")
    run_of(lake).all(Payloads(BATCHES), 10**9)
    return lawful(lake), gold_of(lake)


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """Let the system cut every write off at ``size`` bytes of a file, as a disk does that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize(
    ("size", "table"),
    [
        (4_000, "lake_batches"),
        (9_000, "silver_alert_changes"),
        (20_000, "silver_observations"),
        (40_000, "gold_patient_risk_snapshot"),
    ],
)
def test_a_file_that_is_written_half_is_never_seen(
    tmp_path: Path, curated: tuple[dict[str, object], dict[str, object]], size: int, table: str
) -> None:
    with room_for(size), pytest.raises(Unavailable, match=rf"Can't \w+ \S+/{table}: .*Free the disk"):
        run_of(EmbeddedLake(tmp_path / "lake")).all(Payloads(BATCHES), 10**9)
    lake = EmbeddedLake(tmp_path / "lake")
    run_of(lake).all(Payloads(BATCHES), 10**9)
    assert (lawful(lake), gold_of(lake)) == curated


def unprivileged(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT_PRIVILEGE, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=COMPILED)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Take the permission to write from a folder and all that is in it."""
    parts = {path: path.stat().st_mode for path in (folder, *folder.rglob("*"))}
    for path, mode in parts.items():
        path.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for path, mode in parts.items():
            path.chmod(mode)


def test_a_read_only_lake_can_be_read_and_is_left_alone(tmp_path: Path) -> None:
    file, lake = tmp_path / "messages.ndjson", tmp_path / "lake"
    file.write_bytes(b"\n".join(payload or b"" for payload in BATCHES[0]))
    assert unprivileged("run", file, "--lake", lake).returncode == 0
    with file.open("ab") as more:
        more.write(b"\n" + b"\n".join(payload or b"" for payload in BATCHES[1]))
    before = {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()}
    with read_only(lake):
        for command in (("run", file), ("curate",)):
            ended = unprivileged(*command, "--lake", lake)
            assert (ended.returncode, ended.stdout) == (1, ""), ended.stderr
            assert ended.stderr.startswith("error: Can't lock the ")
            assert f" of {lake}: no permission (" in ended.stderr
            assert ended.stderr.endswith("write access to the lake, or choose another --lake.\n")
            assert ended.stderr.count("\n") == 1
        assert unprivileged("status", "--lake", lake).returncode == 0
        inside = unprivileged("run", file, "--lake", lake / "another")
        assert inside.stderr.startswith(f"error: Can't create {lake / 'another'}")
        assert {path: path.read_bytes() for path in lake.rglob("*") if path.is_file()} == before
    assert unprivileged("run", file, "--lake", lake).returncode == 0
    assert EmbeddedLake(lake).read(BRONZE_EVENTS).num_rows == len(file.read_bytes().splitlines())
