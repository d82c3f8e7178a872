"""The image of vitalake: small rights, pinned packages, compiled kernels."""

from __future__ import annotations

import json
import re

import pytest
from services.compose import ROOT
from services.containers import Containers, Done

pytestmark = pytest.mark.usefixtures("project")
IMAGE = "vitalake:test"
STRICT = ("--read-only", "--tmpfs=/tmp", "--cap-drop=all", "--security-opt=no-new-privileges")
PACKAGES = """
import importlib.metadata as m, json
print(json.dumps({d.metadata["Name"].lower().replace("_", "-"): d.version for d in m.distributions()}))
"""


def test_the_demo_runs_with_no_rights_and_no_network(containers: Containers) -> None:
    done = containers.run(IMAGE, "demo", "--patients", "10", options=STRICT)
    assert done.returncode == 0, done.stderr
    assert "Every message accounted for" in done.stdout
    assert done.stderr == ""


def test_any_user_finds_the_kernels_compiled(containers: Containers) -> None:
    script = "warmed vitalake demo --patients 10 >/dev/null && diff -r /opt/vitalake/cache /tmp/.cache"
    done = sh(containers, script, "--user=4321:4321", "--workdir=/tmp", *STRICT)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_the_image_was_built_with_stays_behind(containers: Containers) -> None:
    done = sh(
        containers, "id -u; ls -d /build /opt/uv /opt/vitalake/home; touch /opt/vitalake/x; command -v pip"
    )
    assert done.stdout == "10001\n"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 0, "vitalake demo"),
        (("--version",), 0, "vitalake "),
        (("run", "nowhere", "--lake", "lake"), 2, "nowhere does not exist"),
        (("status", "--lake", "nowhere"), 2, "nowhere"),
    ],
)
def test_exit_codes_come_through(
    containers: Containers, arguments: tuple[str, ...], code: int, says: str
) -> None:
    done = containers.run(IMAGE, *arguments)
    assert done.returncode == code
    assert says in done.stdout + done.stderr


@pytest.mark.parametrize(("image", "lock"), [(IMAGE, "dev"), ("vitalake-airflow:test", "airflow")])
def test_every_package_is_the_locked_one(containers: Containers, image: str, lock: str) -> None:
    locked = dict(
        re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / "locks" / f"{lock}.txt").read_text(), re.MULTILINE)
    )
    done = containers.run(image, "-c", PACKAGES, options=("--entrypoint=python",))
    found = json.loads(done.stdout)
    del found["vitalake"]
    assert {name: version for name, version in found.items() if locked.get(name) != version} == {}
    assert {"confluent-kafka", "jinja2", "duckdb"} <= set(found)


def sh(containers: Containers, script: str, *options: str) -> Done:
    return containers.run(IMAGE, "-c", script, options=("--entrypoint=sh", *options))
