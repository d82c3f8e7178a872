"""Write ``jars.lock.json`` anew from the roots that it names: ``python -m vitalake.java.lock``.

Each root is resolved by itself: together, the one's recommended versions would displace the other's needs.
"""

from __future__ import annotations

import json
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from vitalake.java.jars import LOCK, download, sha256_of

PATH: Final = Path(__file__).with_name(LOCK)


def resolve_root(root: str, transitive: bool) -> list[str]:
    """Yield the coordinates that a root brings, itself first."""
    if not transitive:
        return [root]
    import jgo  # noqa: PLC0415 - optional, and slow to import

    return [f"{a.groupId}:{a.artifactId}:{a.version}" for a in jgo.resolve(root)]


def lock_set(roots: list[str], transitive: bool) -> dict[str, str]:
    """Yield coordinate → SHA-256 of all that the roots need; the first version named of an artifact counts."""
    chosen: dict[str, str] = {}
    for root in roots:
        for coordinate in resolve_root(root, transitive):
            chosen.setdefault(coordinate.rpartition(":")[0], coordinate)
    with tempfile.TemporaryDirectory() as scratch, ThreadPoolExecutor(8) as pool:
        paths = pool.map(lambda c: download(c, Path(scratch)), chosen.values())
        return {coordinate: sha256_of(path) for coordinate, path in zip(chosen.values(), paths, strict=True)}


def main() -> None:
    """Resolve, download and hash every set, and write the lock."""
    lock = json.loads(PATH.read_text(encoding="utf-8"))
    for jar_set in lock.values():
        jar_set["jars"] = lock_set(jar_set["roots"], jar_set["transitive"])
    PATH.write_text(json.dumps(lock, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
