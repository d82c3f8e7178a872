"""Publishing beside a stream: a thread of its own, so that a broker that is away holds nothing up."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Final

import pyarrow as pa

from vitalake.errors import TopicMissing, Unavailable, VitalakeError
from vitalake.publish.events import Keyed
from vitalake.stages.backoff import Backoff
from vitalake.stages.publish import Publish

_ALERTS: Final = "alerts"
_REST: Final = "rest"


class Publisher:
    """Sends what it hears of, in its own thread; what Kafka does not take waits, and is tried again.

    ``waiting`` is called with the reason when Kafka is away, with None when it is back.
    """

    def __init__(self, publish: Publish, waiting: Callable[[VitalakeError | None], None]) -> None:
        self._publish = publish
        self._waiting = waiting
        self._events: deque[Keyed] = deque()
        self._due = {_ALERTS, _REST}  # what waits in the lake
        self._wake = threading.Event()
        self._wake.set()
        self._stopping = False
        self._away = Backoff()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._work, name="publish", daemon=True)
        self._thread.start()

    def hear(self, changes: pa.Table) -> None:
        """Take over alert changes that were just committed."""
        self._publish.fresh.add(changes)
        self._due.add(_ALERTS)
        self._wake.set()

    def tell_rest(self) -> None:
        """Send what was quarantined and completed, as the lake has it."""
        self._due.add(_REST)
        self._wake.set()

    def send(self, event: Keyed) -> None:
        """Send an event of the pipeline."""
        self._events.append(event)
        self._wake.set()

    def check(self) -> None:
        """Raise the error that ended publishing, if one did: access refused, position gone, fenced."""
        if self._failure is not None:
            raise self._failure

    @property
    def away(self) -> bool:
        """Whether Kafka did not answer when it was last asked."""
        return bool(self._away)

    def close(self) -> None:
        """Try once more to send what waits, and end."""
        self._stopping = True
        self._wake.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._stopping or self._due or self._events:
            self._wake.wait(self._away.wait_s or None)
            self._wake.clear()
            try:
                self._send_all()
            except (Unavailable, TopicMissing) as error:
                if not self._away:
                    self._waiting(error)
                self._away.longer()
                if self._stopping:
                    return
            except Exception as error:  # noqa: BLE001 - whoever asks is told: the stream must not go on in silence
                self._failure = error
                return
            else:
                if self._away:
                    self._waiting(None)
                    self._away.reset()

    def _send_all(self) -> None:
        self._send_due(_ALERTS, self._publish.alerts)
        while self._events:
            self._publish.send(self._events[0])
            self._events.popleft()
        self._send_due(_REST, self._publish.rest)

    def _send_due(self, what: str, send: Callable[[], int]) -> None:
        if what not in self._due:
            return
        self._due.discard(what)  # first: what comes while it is sent is due again
        try:
            send()
        except VitalakeError:
            self._due.add(what)
            raise
