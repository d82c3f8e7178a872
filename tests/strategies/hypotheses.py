"""The same histories as Hypothesis strategies, so that what fails is shrunk."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from strategies.histories import as_payloads, history
from strategies.odd import odd_payloads
from strategies.permutations import duplicated, rebatched, shuffled


@st.composite
def histories(draw: st.DrawFn, patients: int = 2, events: int = 20) -> list[dict[str, Any]]:
    """Draw the messages of a history, each patient's in event order."""
    return history(draw(_SOURCES), patients, events)


@st.composite
def payload_histories(draw: st.DrawFn, patients: int = 2, events: int = 20) -> list[bytes | None]:
    """Draw the payloads of a history, with odd ones among them."""
    random = draw(_SOURCES)
    payloads: list[bytes | None] = [*as_payloads(history(random, patients, events))]
    for odd in odd_payloads(random, random.randint(0, 4)):
        payloads.insert(random.randint(0, len(payloads)), odd)
    return payloads


@st.composite
def arrivals(draw: st.DrawFn, payloads: list[bytes | None]) -> list[list[bytes | None]]:
    """Draw another way in which the same payloads might come: order, repeats, batches."""
    random = draw(_SOURCES)
    return rebatched(random, shuffled(random, duplicated(random, payloads)))


_SOURCES = st.randoms(use_true_random=False)
