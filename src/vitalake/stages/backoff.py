"""How long to wait before something that is away is asked again."""

from __future__ import annotations

FIRST_S = 0.2
LONGEST_S = 5.0


class Backoff:
    """Waits that double from 0.2 s to 5 s, until it works again.

    >>> backoff = Backoff()
    >>> [backoff.longer() for _ in range(7)]
    [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    """

    def __init__(self) -> None:
        self.wait_s = 0.0

    def longer(self) -> float:
        """Yield the next wait [s]."""
        self.wait_s = min(2 * self.wait_s or FIRST_S, LONGEST_S)
        return self.wait_s

    def reset(self) -> None:
        """Begin anew."""
        self.wait_s = 0.0

    def __bool__(self) -> bool:
        """Whether it is away."""
        return self.wait_s > 0
