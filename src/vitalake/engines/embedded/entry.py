"""One commit of a Delta table as its log has it: an entry, put there whole and only if its number is still free.

The driver's own commit costs about 10 ms of work and several changes of thread, five times a batch; this is the part
of the protocol that a batch needs: files added and removed, an application transaction.
"""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterable
from pathlib import Path

from deltalake.transaction import AddAction


def log_entry(
    adds: Iterable[AddAction],
    removes: Iterable[str],
    *,
    app: str,
    version: int,
    now_ms: int,
    same_rows: bool = False,
) -> str:
    """Yield the text of an entry: one action a line; ``app`` and ``version`` are its application transaction.

    ``same_rows`` says that the files added hold the rows of those removed.
    """
    actions: list[dict[str, object]] = [
        {"commitInfo": {"timestamp": now_ms, "operation": "WRITE", "engineInfo": "vitalake"}}
    ]
    if app:
        actions.append({"txn": {"appId": app, "version": version, "lastUpdated": now_ms}})
    actions += [
        {"remove": {"path": path, "deletionTimestamp": now_ms, "dataChange": not same_rows}}
        for path in removes
    ]
    actions += [
        {
            "add": {
                "path": add.path,
                "partitionValues": dict(add.partition_values),
                "size": add.size,
                "modificationTime": add.modification_time,
                "dataChange": not same_rows,
                "stats": add.stats,
            }
        }
        for add in adds
    ]
    return "".join(f"{json.dumps(action, separators=(',', ':'))}\n" for action in actions)


def put_entry(log: Path, number: int, entry: str) -> bool:
    """Put an entry into a table's log; tell whether its number was free. Readers see all of it or nothing."""
    draft = log / f"_commit_{uuid.uuid4()}.json.tmp"  # the driver's own name for drafts: readers pass over it
    try:
        draft.write_text(entry, encoding="utf-8")
        os.link(draft, log / f"{number:020d}.json")
    except FileExistsError:
        return False
    finally:
        draft.unlink(missing_ok=True)
    return True
