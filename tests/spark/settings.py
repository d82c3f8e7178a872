"""How tests set Spark: for a few rows, in a JVM that lives shortly or as long as the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from vitalake.engines.spark.session import local_settings

LONG_LIVED: Final = "-XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC"
"""For the session that tests share: there the better compiler is worth its work."""
SHORT_LIVED: Final = f"{LONG_LIVED} -XX:TieredStopAtLevel=1"
"""Most of what a JVM that lives shortly compiles is never used: the quick compiler does.

By itself that one gets 48 MB for its code, which Spark fills; the JVM then interprets, many times slower.
"""

SETTINGS: Final = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "7",  # cuts patients
    "spark.sql.shuffle.partitions": "3",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",  # compiling costs more than a few rows gain
}
"""So that what depends on an order or on where batches are cut shows."""


_OPTIONS: Final = "spark.driver.extraJavaOptions"


def session_settings(jvm: str = SHORT_LIVED) -> dict[str, str]:
    """Yield the settings of a session that a test opens."""
    return {**SETTINGS, _OPTIONS: f"{local_settings()[_OPTIONS]} {jvm}"}


def connect_settings(host: str, port: int) -> dict[str, str]:
    """Yield the settings of a session that serves Spark Connect as well."""
    return {
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": host,
        "spark.connect.grpc.binding.port": str(port),
    }


def command_environment(folder: Path) -> dict[str, str]:
    """Yield the variables that set Spark where a command opens the session, by a file in the folder.

    What vitalake sets itself, it sets there too.
    """
    lines = [f"{name} {value}\n" for name, value in SETTINGS.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines))
    return {"SPARK_CONF_DIR": str(folder), "JAVA_TOOL_OPTIONS": SHORT_LIVED}
