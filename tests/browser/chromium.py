"""A real headless browser, spoken to over two pipes in Chrome's DevTools protocol."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

PROGRAMS: Final = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable",
)  # fmt: skip
FLAGS: Final = (
    "--headless",
    "--remote-debugging-pipe",
    "--no-sandbox",  # root has none
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND",
)


def find_program() -> str | None:
    """Yield the browser of this machine (VITALAKE_BROWSER names another), None where there is none."""
    named = os.environ.get("VITALAKE_BROWSER")
    return named or next((found for name in PROGRAMS if (found := shutil.which(name))), None)


class Page:
    """One tab: ``call`` sends a command; what the browser tells meanwhile gathers in ``events``."""

    def __init__(self, to: IO[bytes], answers: IO[bytes]) -> None:
        self.events: list[dict[str, Any]] = []
        self._to = to
        self._from = answers
        self._sent = 0
        self._rest = b""
        self._session: str | None = None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log", "Accessibility"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._sent += 1
        message = {"id": self._sent, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        self._to.write(json.dumps(message).encode() + b"\0")
        self._to.flush()
        while True:
            answer = self._receive()
            if answer.get("id") != self._sent:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            read = os.read(self._from.fileno(), 1 << 20)
            if not read:
                raise RuntimeError("the browser has ended")
            self._rest += read
        message, _, self._rest = self._rest.partition(b"\0")
        return json.loads(message)

    def open(self, path: Path) -> None:
        """Load a file and wait until it and its images are there."""
        self.call("Page.navigate", url=path.as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self._receive())
        self.run("Promise.all([...document.images].map(image => image.decode())).then(() => null)")

    def run(self, script: str) -> Any:
        """Yield what an expression comes to, a promise's result too."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def resize(self, width: int, height: int = 900) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )


LAUNCH: Final = """
import fcntl, os, sys
read, write = (fcntl.fcntl(int(each), fcntl.F_DUPFD, 10) for each in sys.argv[1:3])
os.dup2(read, 3)
os.dup2(write, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""
"""Starts the browser with the pipes where it looks for them."""


@contextmanager
def opened(program: str, profile: Path) -> Iterator[Page]:
    """Yield a page of a browser of its own, which ends with the block."""
    their_read, our_write = os.pipe()
    our_read, their_write = os.pipe()
    launched = [sys.executable, "-c", LAUNCH, str(their_read), str(their_write), program]
    with subprocess.Popen(
        [*launched, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=(their_read, their_write),
        stderr=subprocess.DEVNULL,
    ) as browser:
        os.close(their_read)
        os.close(their_write)
        with os.fdopen(our_write, "wb") as to, os.fdopen(our_read, "rb") as answers:
            try:
                yield Page(to, answers)
            finally:
                browser.terminate()


if __name__ == "__main__":
    sys.exit(find_program() is None)
