"""What the files say, before anything is built."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from services.compose import ROOT, read_services, read_variables

DOCKERFILES = sorted((ROOT / "docker").glob("*Dockerfile"))
HADOLINT = ROOT / ".venv-docker" / "bin" / "hadolint"
COMPOSE_GO = "github.com/compose-spec/compose-go/v2/cmd@v2.16.2"


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.name)
def test_hadolint_has_nothing_to_say(dockerfile: Path) -> None:
    said = subprocess.run([HADOLINT, "--no-color", dockerfile], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "")


def test_compose_reads_the_file_as_the_tests_do() -> None:
    if shutil.which("go") is None:
        pytest.fail("Go is needed: it brings Compose's own reader")
    command = ["go", "run", COMPOSE_GO, "-format", "json", str(ROOT / "compose.yaml")]
    said = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    assert said.returncode == 0, said.stderr
    theirs = json.loads(said.stdout)["services"]
    ours = read_services({})
    assert set(theirs) == set(ours)
    for name, service in ours.items():
        for key in ("image", "command", "environment", "read_only", "tmpfs", "cap_drop", "security_opt"):
            assert theirs[name].get(key) == service.get(key), f"{key} of {name}"
        assert theirs[name].get("healthcheck", {}).get("test") == service.get("healthcheck", {}).get("test")


def test_the_page_names_every_variable_with_its_default() -> None:
    page = (ROOT / "docs" / "docker.md").read_text(encoding="utf-8")
    assert [
        name for name, default in read_variables().items() if f"| `{name}` | `{default}` |" not in page
    ] == []


def test_no_service_may_do_more_than_it_needs() -> None:
    for name, service in read_services({}).items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", ())), name
