"""Takes docs/images/report.png, the README's picture of the demo's report, in a headless browser: ``make picture``."""

from __future__ import annotations

import base64
import io
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

DOCS = Path(__file__).parent
PICTURE = DOCS / "images" / "report.png"
WIDTH, HEIGHT = 1200, 1900

sys.path.append(str(DOCS.parent / "tests"))
from browser.chromium import find_program, opened  # noqa: E402 - the tests' own browser


def take(program: str, folder: Path) -> bytes:
    """Yield the top of the report of a new demo, as PNG."""
    demo = [sys.executable, "-m", "vitalake", "demo", "--dir", "vitalake-demo"]
    subprocess.run(demo, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    with opened(program, folder / "profile") as page:
        page.resize(WIDTH, HEIGHT)
        page.open(folder / "vitalake-demo" / "report.html")
        return base64.b64decode(page.call("Page.captureScreenshot", format="png")["data"])


if __name__ == "__main__":
    program = find_program() or sys.exit("No browser is here: make browser")
    with TemporaryDirectory() as folder:
        shot = take(program, Path(folder))
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(256).save(PICTURE, optimize=True)
