"""One Delta table of a local lake through delta-rs: its log, its files, its commits."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeVar

import pyarrow as pa
from deltalake import DeltaTable, Schema
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from vitalake import clock
from vitalake.domain.tables import Table
from vitalake.engines.embedded.entry import log_entry, put_entry
from vitalake.engines.embedded.faults import told_plainly
from vitalake.errors import LakeError

Listed = TypeVar("Listed")

_CHECKPOINT_EVERY: Final = 50
"""One handle kept open grew three times slower over 300 commits; a checkpoint and a fresh one keeps it flat."""
_PAUSES_S: Final = (0.02, 0.1, 0.5)
_PROPERTIES: Final = {"delta.logRetentionDuration": "interval 1 days"}


def _listed(read: Callable[[], Listed]) -> Listed:
    """Yield what ``read`` does, again where it fails.

    The list of a busy folder may lack an entry that was added meanwhile, which the driver takes for a gap.
    """
    for pause_s in _PAUSES_S:
        try:
            return read()
        except TableNotFoundError:
            raise
        except DeltaError:
            time.sleep(pause_s)
    return read()


class DeltaFolder:
    """A table as a folder of the lake; opened lazily, created by its first commit."""

    def __init__(self, lake: Path, table: Table) -> None:
        self.table = table
        self.path = lake / table.name
        self._delta: DeltaTable | None = None
        self._past: DeltaTable | None = None
        self._version: int | None = None
        """The last entry of the log, as far as this process knows; read when it first writes."""
        self._commits = 0

    def open(self) -> DeltaTable | None:
        """Yield the newest snapshot, or None where there is no table yet."""
        with told_plainly(f"Can't read {self.path}"):
            if self._delta is not None:
                _listed(self._delta.update_incremental)
                return self._delta
            if not (self.path / "_delta_log").is_dir():
                return None
            try:
                self._delta = _listed(lambda: DeltaTable(str(self.path)))
            except TableNotFoundError:
                return None
            return self._delta

    def create(self, configuration: Mapping[str, str] | None = None) -> DeltaTable:
        """Create the empty table, its columns' descriptions with it."""
        with told_plainly(f"Can't create {self.path}"):
            self.path.mkdir(parents=True, exist_ok=True)  # says more than the driver where it can't be
            self._delta = DeltaTable.create(
                str(self.path),
                schema=Schema.from_arrow(self.table.schema),
                mode="ignore",
                partition_by=list(self.table.partition_by),
                name=self.table.name,
                description=f"One row a {self.table.grain}",
                configuration={**_PROPERTIES, **(configuration or {})},
                raise_if_key_not_exists=False,
            )
        return self._delta

    @property
    def version(self) -> int | None:
        """The newest version, None where there is no table yet."""
        delta = self.open()
        return None if delta is None else delta.version()

    def doubt(self) -> None:
        """Take into account that another process may have written since."""
        self._version = None

    def files(self, version: int | None = None) -> list[str]:
        """Yield the paths of the active data files, as of a version or now."""
        delta = self.open()
        if delta is not None and version not in (None, delta.version()):
            delta = self._as_of(version)
        if delta is None:
            return []
        # Its folder the driver encodes as in a URL; what lies below is as on the disk.
        encoded, folder = delta.table_uri.removeprefix("file://"), self.path.resolve()
        files = (uri.removeprefix("file://").removeprefix(encoded).lstrip("/") for uri in delta.file_uris())
        return [str(folder / file) for file in files]

    def sizes(self) -> dict[str, int]:
        """Yield the bytes of each active data file, by its path as the log names it."""
        delta = self.open()
        if delta is None:
            return {}
        files = pa.table(delta.get_add_actions())
        return dict(zip(files["path"].to_pylist(), files["size_bytes"].to_pylist(), strict=True))

    def _as_of(self, version: int | None) -> DeltaTable:
        if self._past is None or self._past.version() != version:
            with told_plainly(f"Can't read version {version} of {self.path}"):
                self._past = _listed(lambda: DeltaTable(str(self.path), version=version))
        return self._past

    def transaction(self, app: str) -> int | None:
        """Yield the last version that ``app`` committed (Delta's application transaction)."""
        delta = self.open()
        return None if delta is None else delta.transaction_version(app)

    def commit(
        self,
        adds: list[AddAction],
        removes: list[str] | None = None,
        *,
        app: str = "",
        version: int = 0,
        same_rows: bool = False,
    ) -> None:
        """Add and remove files in one commit, marked with the application transaction ``app`` where there is one."""
        removes = removes or []
        now_ms = clock.now_ms()
        entry = log_entry(adds, removes, app=app, version=version, now_ms=now_ms, same_rows=same_rows)
        log = self.path / "_delta_log"
        with told_plainly(f"Can't write {self.path}"):
            if self._version is None:
                self._version = (self.open() or self.create()).version()
            while not put_entry(log, self._version + 1, entry):
                self._make_way(app, version, removes)
            self._version += 1
            self._commits += 1
            if self._commits % _CHECKPOINT_EVERY == 0:
                self._checkpoint()

    def _make_way(self, app: str, version: int, removes: list[str]) -> None:
        """Go on after what another process has committed; an error where that was the same batch, or the same files."""
        delta = self.open() or self.create()
        if removes:
            lost = bool(set(removes).difference(self.relative(path) for path in self.files()))
        else:
            lost = bool(app) and (delta.transaction_version(app) or 0) >= version
        if lost:
            message = f"Another process has written batch {version} of {self.table.name}"
            raise LakeError(message, "One process a stage: end the other one, and run again")
        self._version = delta.version()

    def _checkpoint(self) -> None:
        """Sum the log up, drop what is older than it needs to be kept, and open it afresh."""
        delta = _listed(lambda: DeltaTable(str(self.path)))
        delta.create_checkpoint()
        delta.cleanup_metadata()
        self._delta = delta

    def relative(self, path: str) -> str:
        """Yield a data file's path as the log names it."""
        return str(Path(path).relative_to(self.path.resolve())) if Path(path).is_absolute() else path
