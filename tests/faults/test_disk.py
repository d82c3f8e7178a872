"""A disk that is full or read-only: a clear error, the lake as it was before, and the next run goes on."""

from __future__ import annotations

import errno
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from roads import Payloads, lawful, refined, run_of
from strategies.histories import as_payloads, history

from vitalake.engines.embedded.lake import EmbeddedLake
from vitalake.errors import LakeError, Unavailable

PAYLOADS = as_payloads(history(7, patients=3, events=10))
BATCHES = [PAYLOADS[:10], PAYLOADS[10:20], PAYLOADS[20:]]
MOMENTS = range(1, 12)


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
