"""Small wards for Spark: random histories, and the storms in which they arrive."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from strategies.histories import as_payloads, history
from strategies.permutations import duplicated, shuffled

Payload = bytes | None


def ward(seed: int, patients: int, events: int = 16) -> list[Payload]:
    """Yield the payloads of a few patients, each one's in the order of time."""
    random = Random(seed)
    messages = [
        message | {"patient_id": f"{n}-{message['patient_id']}"}
        for n in range(patients)
        for message in history(random, 1, events)
    ]
    return list(as_payloads(messages))


def stormy(seed: int, payloads: Sequence[Payload]) -> list[Payload]:
    """Yield the payloads out of order, some of them twice."""
    random = Random(seed)
    return duplicated(random, shuffled(random, payloads))


def halves(payloads: Sequence[Payload]) -> list[list[Payload]]:
    """Yield the payloads as two batches."""
    middle = len(payloads) // 2
    return [list(payloads[:middle]), list(payloads[middle:])]
