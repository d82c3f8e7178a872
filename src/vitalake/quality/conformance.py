"""How messages meet the wire contract: counts by reason and issue, and the fields that it does not know."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from vitalake.domain.contract import ALERT_FIELDS, FIELDS
from vitalake.silver.parse import parse

SAMPLE: Final = 10_000
"""How many messages of each batch, evenly spread, are looked through for unknown fields."""

_KNOWN: Final = frozenset(known.name for known in FIELDS)
_KNOWN_IN_ALERT: Final = frozenset(known.name for known in ALERT_FIELDS)
_HARMLESS: Final = "coerced"
"""The one reason whose field keeps its value."""


@dataclass
class Conformance:
    """What was found: ``quarantined`` by reason, ``issues`` by ``field:reason``, ``unknown`` by field.

    Each message is good, quarantined or one of the ``duplicates``.
    """

    count_repeats: Callable[[pa.Table], tuple[int, int]]
    """Told the observations of batch after batch, says how many repeat an event: the same, and with other content."""
    messages: int = 0
    good: int = 0
    duplicates: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    issues: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def fine(self) -> bool:
        """Whether no message goes to quarantine and no field loses its value."""
        return not self.quarantined and all(issue.endswith(f":{_HARMLESS}") for issue in self.issues)

    def look_at(self, messages: pa.Table) -> None:
        """Take in rows of bronze_events, in bronze order."""
        if not messages.num_rows:
            return
        parsed = parse(messages)
        self.messages += messages.num_rows
        same, conflicting = self.count_repeats(parsed.observations)
        self.good += parsed.observations.num_rows - same - conflicting
        self.duplicates += same
        self.quarantined += _count(parsed.quarantine["reason"])
        self.quarantined += Counter({"conflicting_duplicate": conflicting} if conflicting else {})
        self.issues += _count(pc.list_flatten(parsed.observations["issues"]))
        places = range(0, messages.num_rows, max(1, messages.num_rows // SAMPLE))
        for payload in messages["payload"].take(list(places)).to_pylist():
            self.unknown.update(unknown_fields(payload))


def unknown_fields(payload: bytes | None) -> list[str]:
    """Yield the fields of a message that the contract does not know.

    >>> unknown_fields(b'{"event_id": "1", "hart_rate": 80, "alert": {"code": "x", "colour": "red"}}')
    ['hart_rate', 'alert.colour']
    """
    try:
        message: Any = json.loads(payload or b"")
    except (ValueError, RecursionError):
        return []
    if not isinstance(message, dict):
        return []
    alert = message.get("alert")
    inside = (
        [f"alert.{name}" for name in alert if name not in _KNOWN_IN_ALERT] if isinstance(alert, dict) else []
    )
    return [name for name in message if name not in _KNOWN] + inside


def _count(values: pa.ChunkedArray) -> Counter[str]:
    return Counter({each["values"]: each["counts"] for each in pc.value_counts(values).to_pylist()})
