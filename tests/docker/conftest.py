"""The images, built as compose.yaml says, and its services."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
from services.compose import from_environment, read_services
from services.containers import Containers, Project

TAG = "test"
SMALL = {"TAG": TAG, "PATIENTS": "20", "INTERVAL_S": "2", "SCHEDULE": "@once"}
"""What a test sets: a ward that fills quickly, and one run of the DAG."""


@pytest.fixture(scope="session")
def containers() -> Containers:
    """Where images and containers are kept."""
    return Containers(Path(platformdirs.user_cache_path("vitalake")) / "containers")


@pytest.fixture(scope="session")
def project(containers: Containers) -> Iterator[Project]:
    """Compose's services with their images built; BASE names another base than ours, which is then pulled."""
    chosen = from_environment("BASE") or {"BASE": containers.base()}
    running = Project(containers, read_services(SMALL | chosen), chosen["BASE"])
    running.build()
    running.down()  # what an interrupted run left
    try:
        yield running
    finally:
        running.down()
        containers.tidy()
