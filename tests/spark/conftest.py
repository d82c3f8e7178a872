"""One Spark session for all tests, and what sets Spark in the processes that they start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from pyspark.sql import SparkSession
from spark.settings import LONG_LIVED, command_environment, session_settings

from vitalake.engines.spark.session import open_session


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    warehouse = str(tmp_path_factory.mktemp("warehouse"))
    session = open_session(settings={**session_settings(LONG_LIVED), "spark.sql.warehouse.dir": warehouse})
    yield session
    session.stop()


@pytest.fixture(scope="session")
def spark_environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return command_environment(tmp_path_factory.mktemp("spark-conf"))
