"""One Spark session for all tests, set so that what depends on an order or on where batches are cut shows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession
from spark.jvm import SHORT_LIVED

from vitalake.engines.spark.session import local_settings, open_session

OPTIONS = "spark.driver.extraJavaOptions"
SETTINGS = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "7",  # cuts patients
    "spark.sql.shuffle.partitions": "3",
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",  # compiling costs more than a few rows gain
    OPTIONS: f"{local_settings()[OPTIONS]} {SHORT_LIVED}",
}


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    warehouse = tmp_path_factory.mktemp("warehouse")
    session = open_session(settings=SETTINGS | {"spark.sql.warehouse.dir": str(warehouse)})
    yield session
    session.stop()
