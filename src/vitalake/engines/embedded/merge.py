"""Merging small files: a stream leaves one a batch, and whatever is read would cost more with each."""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from vitalake.engines.embedded.files import Part, write_part
from vitalake.engines.embedded.log import DeltaFolder

_SMALL: Final = 2**20
"""Files of fewer bytes are small."""
_ENOUGH: Final = 64
"""So many small files of a partition become one."""


def merge_small_files(folder: DeltaFolder) -> None:
    """Make one file of each partition's small ones, where there are many; in one commit that changes no row.

    Others may append meanwhile.  Whoever reads an older version finds its files where they were.
    """
    small = defaultdict(list)
    for path, size in folder.sizes().items():
        if size < _SMALL:
            small[path.rpartition("/")[0]].append(path)
    merged = {part: paths for part, paths in small.items() if len(paths) >= _ENOUGH}
    if merged:
        adds = [write_part(folder.path, _part(folder, part, paths)) for part, paths in merged.items()]
        removes = [path for paths in merged.values() for path in paths]
        folder.commit(adds, removes, same_rows=True)


def _part(folder: DeltaFolder, part: str, paths: list[str]) -> Part:
    """Yield the rows of some files of a partition, which is named as its folder is (``event_date=2026-01-05``)."""
    rows = pa.concat_tables([pq.ParquetFile(folder.path / path).read() for path in paths])
    if not part:
        return Part("", {}, rows)
    name, _, value = part.partition("=")
    return Part(f"{part}/", {name: value}, rows)
