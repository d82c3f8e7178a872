"""One Spark session for all tests, and what sets Spark in the processes that they start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from pyspark.sql import SparkSession
from spark.settings import SETTINGS, SHORT_LIVED, child_environment

from vitalake.engines.spark.session import local_settings, open_session

OPTIONS = "spark.driver.extraJavaOptions"


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    settings = {
        **SETTINGS,
        OPTIONS: f"{local_settings()[OPTIONS]} {SHORT_LIVED}",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
    }
    session = open_session(settings=settings)
    yield session
    session.stop()


@pytest.fixture(scope="session")
def spark_environment(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return child_environment(tmp_path_factory.mktemp("spark-conf"))
