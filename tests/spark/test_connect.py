"""The same road through Spark Connect, in a process of its own: it can't stand beside a plain session."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from roads import lawful, refined
from spark.wards import ward

from vitalake.engines.embedded.lake import EmbeddedLake

TESTS = Path(__file__).parents[1]
ROAD = """
import os, sys
from roads import Payloads, run_of
from spark.wards import halves, ward
from vitalake.engines.spark.lake import SparkLake
from vitalake.engines.spark.session import open_session
from pathlib import Path
os.environ["SPARK_REMOTE"] = "local[2]"
spark = open_session()
lake = SparkLake.in_folder(Path(sys.argv[1]), spark)
run_of(lake).silver(Payloads(halves(ward(seed=12, patients=3, events=8))), 10**9)
print(type(spark).__module__)
spark.stop()
"""


def test_a_lake_made_through_connect_is_the_same(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    done = subprocess.run(
        [sys.executable, "-c", ROAD, tmp_path / "lake"],
        env=environment, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert done.stdout == "pyspark.sql.connect.session\n", done.stderr
    expected = refined(tmp_path / "quiet", [ward(seed=12, patients=3, events=8)])
    assert lawful(EmbeddedLake(tmp_path / "lake")) == lawful(expected)
