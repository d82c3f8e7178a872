"""Random histories of a ward: drawn by Hypothesis (they shrink) or from one integer seed (fast)."""

from strategies.histories import as_payloads, history
from strategies.hypotheses import arrivals, histories, payload_histories
from strategies.odd import odd_payloads
from strategies.permutations import conflicting, duplicated, rebatched, shuffled

__all__ = [
    "arrivals",
    "as_payloads",
    "conflicting",
    "duplicated",
    "histories",
    "history",
    "odd_payloads",
    "payload_histories",
    "rebatched",
    "shuffled",
]
