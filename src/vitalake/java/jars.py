"""The Maven jars of the development broker and of Spark, each with its checksum.

``jars.lock.json`` beside this file names them: a set's roots, and coordinate and SHA-256 of all that belongs
to it.  A jar is downloaded once, compared with the lock and kept in the user's cache; what differs is not used.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final, Literal

import platformdirs

from vitalake.errors import Unavailable, UserError, installing

JarSet = Literal["broker", "spark"]

LOCK: Final = "jars.lock.json"
_DOWNLOADS: Final = 8
_TIMEOUT_S: Final = 60


@dataclass(frozen=True)
class Jar:
    """One locked jar; ``coordinate`` is ``group:artifact:version``."""

    coordinate: str
    sha256: str

    @property
    def file_name(self) -> str:
        """Its name in the cache: group included, so that two never meet."""
        group, artifact, version = self.coordinate.split(":")
        return f"{group}.{artifact}-{version}.jar"


def locked_jars(jar_set: JarSet) -> tuple[Jar, ...]:
    """Yield the jars of a set, in the order of the class path."""
    lock = json.loads(files(__package__).joinpath(LOCK).read_text(encoding="utf-8"))
    return tuple(Jar(coordinate, sha256) for coordinate, sha256 in lock[jar_set]["jars"].items())


def fetch_jars(jar_set: JarSet, folder: Path | None = None) -> list[Path]:
    """Yield the paths of a set's jars, downloading what ``folder`` (default: the user's cache) does not hold.

    Raises:
        Unavailable: a jar is missing and can't be downloaded.
        UserError: a downloaded jar is not the locked one, or the downloader is not installed.
    """
    jars = locked_jars(jar_set)
    folder = folder or platformdirs.user_cache_path("vitalake") / "jars"
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(_DOWNLOADS) as pool:
        held = pool.map(lambda jar: _holds(folder, jar), jars)
        missing = [jar for jar, is_held in zip(jars, held, strict=True) if not is_held]
        list(pool.map(lambda jar: _fetch(jar, folder), missing))
    return [folder / jar.file_name for jar in jars]


def sha256_of(path: Path) -> str:
    """Yield the SHA-256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _holds(folder: Path, jar: Jar) -> bool:
    path = folder / jar.file_name
    return path.is_file() and sha256_of(path) == jar.sha256


def _fetch(jar: Jar, folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir=folder, prefix=".download-") as scratch:
        path = download(jar.coordinate, Path(scratch))
        if (found := sha256_of(path)) != jar.sha256:
            raise UserError(
                f"{jar.coordinate} was downloaded with SHA-256 {found}, the lock says {jar.sha256}",
                "It was not kept: something on the way here changes files. Use another network",
            )
        path.replace(folder / jar.file_name)


def download(coordinate: str, scratch: Path) -> Path:
    """Yield the path of one jar, downloaded below ``scratch`` from wherever jgo looks by default."""
    try:
        from jgo.maven import MavenContext  # noqa: PLC0415 - optional, and slow to import
    except ImportError as error:
        raise UserError(f"{coordinate} has to be downloaded", f"First: {installing('java')}") from error
    group, artifact, version = coordinate.split(":")
    context = MavenContext(repo_cache=scratch, timeout=_TIMEOUT_S)
    try:
        return context.project(group, artifact).at_version(version).artifact().resolve()
    except (OSError, RuntimeError) as error:  # not found is a RuntimeError, what the network says an OSError
        raise Unavailable(
            f"{coordinate} can't be downloaded ({type(error).__name__})",
            "The jars are needed once: try again with a network, or copy another machine's "
            f"{platformdirs.user_cache_path('vitalake') / 'jars'}",
        ) from error
