"""One Spark for all tests: a session in their process, and beside it a server for the clients that they start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from pyspark.sql import SparkSession
from spark.settings import LONG_LIVED, command_environment, connect_settings, session_settings

from vitalake.dev.kafka import HOST, free_port
from vitalake.engines.spark.session import open_session


@pytest.fixture(scope="session")
def port() -> int:
    """The port of the server."""
    return free_port()


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[SparkSession]:
    """The session."""
    warehouse = {"spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse"))}
    session = open_session(
        settings={**session_settings(LONG_LIVED), **connect_settings(HOST, port), **warehouse}
    )
    yield session
    session.stop()


@pytest.fixture(scope="session")
def remote(spark: SparkSession, port: int) -> dict[str, str]:
    """The environment of who uses the server: it is warm, and outlives the clients that tests kill.

    Its workers run uncompiled kernels, as the tests' process does.
    """
    assert spark
    return {"SPARK_REMOTE": f"sc://{HOST}:{port}"}


@pytest.fixture(scope="session")
def spark_environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """The environment of who starts a Spark of his own."""
    return command_environment(tmp_path_factory.mktemp("spark-conf"))
