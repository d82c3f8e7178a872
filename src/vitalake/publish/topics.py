"""The topics that vitalake writes."""

from __future__ import annotations

from typing import Final

ALERTS: Final = "vitalake.alerts"
"""One event a change of an alert; key: the patient."""

PIPELINE: Final = "vitalake.pipeline"
"""Stages and runs that completed or failed; key: the lake."""

QUARANTINE: Final = "vitalake.quarantine"
"""One event a quarantined message, without its payload; key: its source."""

RELAY: Final = "vitalake.relay"
"""The relay's position, one record a lake; compacted; key: the lake."""

RELAY_CONFIG: Final = {
    "cleanup.policy": "compact",
    "segment.ms": "600000",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "60000",
}
"""Compacted soon: the topic gets a record with every transaction, and only the last of each lake counts."""
