"""How tests set Spark: for a few rows, in a JVM that lives shortly."""

from __future__ import annotations

from pathlib import Path
from typing import Final

SHORT_LIVED: Final = "-XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m -XX:+UseSerialGC"
"""Most of what a JVM that lives shortly compiles is never used: the quick compiler does.

By itself that one gets 48 MB for its code, which Spark fills; the JVM then interprets, many times slower.
"""

SETTINGS: Final = {
    "spark.sql.execution.arrow.maxRecordsPerBatch": "7",  # cuts patients
    "spark.sql.shuffle.partitions": "3",
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",  # compiling costs more than a few rows gain
}
"""So that what depends on an order or on where batches are cut shows."""


def child_environment(folder: Path) -> dict[str, str]:
    """Yield the variables that set Spark in a process of its own, by a file in the folder."""
    lines = [f"{name} {value}\n" for name, value in SETTINGS.items()]
    (folder / "spark-defaults.conf").write_text("".join(lines))
    return {"SPARK_CONF_DIR": str(folder), "JAVA_TOOL_OPTIONS": SHORT_LIVED}
