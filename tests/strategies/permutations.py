"""What may happen to messages on their way: another order, repeats, batches, two contents for one key."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise
from random import Random
from typing import Any

Payloads = Sequence[bytes | None]


def shuffled(random: Random, payloads: Payloads) -> list[bytes | None]:
    """Yield the payloads in another order: a few displaced, or any."""
    order = list(payloads)
    if random.randrange(2):
        random.shuffle(order)
        return order
    for _ in range(random.randint(0, 3)):
        if order:
            order.insert(random.randrange(len(order) + 1), order.pop(random.randrange(len(order))))
    return order


def jostled(random: Random, payloads: Payloads, places: int) -> list[bytes | None]:
    """Yield the payloads, each displaced by some places at most."""
    at = [place + random.random() * places for place in range(len(payloads))]
    return [payloads[place] for place in sorted(range(len(payloads)), key=at.__getitem__)]


def duplicated(random: Random, payloads: Payloads) -> list[bytes | None]:
    """Yield the payloads with some repeated later, byte for byte or with their keys in another order."""
    repeated = list(payloads)
    for _ in range(random.randint(1, 5)):
        if payloads:
            at = random.randrange(len(payloads))
            repeated.insert(
                random.randint(repeated.index(payloads[at]) + 1, len(repeated)),
                _respelled(random, payloads[at]),
            )
    return repeated


def conflicting(random: Random, messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Yield the messages with some followed, at once or later, by one of the same key and other content."""
    mixed = list(messages)
    for _ in range(random.randint(1, 3)):
        first = random.choice(messages)
        other = {**first, "heart_rate": random.choice((77, 78, 160))}
        mixed.insert(random.randint(mixed.index(first) + 1, len(mixed)), other)
    return mixed


def rebatched(random: Random, payloads: Payloads, batches: int = 6) -> list[list[bytes | None]]:
    """Yield the payloads, in order, cut into at most so many batches; some may be empty."""
    cuts = sorted(random.randint(0, len(payloads)) for _ in range(random.randint(0, batches - 1)))
    bounds = [0, *cuts, len(payloads)]
    return [list(payloads[a:b]) for a, b in pairwise(bounds)]


def _respelled(random: Random, payload: bytes | None) -> bytes | None:
    if payload is None or not random.randrange(2):
        return payload
    try:
        message = json.loads(payload)
    except ValueError:
        return payload
    if not isinstance(message, dict):
        return payload
    return json.dumps(dict(reversed(message.items())), indent=1).encode()
