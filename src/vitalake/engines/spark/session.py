"""A Spark session that reads and writes Delta tables: the one at hand, a local one, or one behind Spark Connect."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from tempfile import gettempdir
from typing import Final
from urllib.parse import urlsplit

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from vitalake.errors import Unavailable, UserError
from vitalake.java.jars import fetch_jars
from vitalake.java.java import find_java

LOCAL: Final = "local[2]"
_PORT: Final = 15002  # of a Spark Connect server, unless the address has one
_ANSWERS_S: Final = 10

MEANING: Final = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",  # INT96 would read back without its zone
    "spark.sql.ansi.enabled": "true",
}
"""What our SQL and tables rest on, in every session."""

_NEEDED: Final = ("spark.sql.session.timeZone",)

_DELTA: Final = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
}

_ON_ONE_MACHINE: Final = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.adaptive.enabled": "false",  # each shuffle would be a job of its own; there are few cores to adapt to
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.execution.arrow.pyspark.enabled": "true",
    # Compiling what reads and writes our wide tables costs more than it gains, and fails at times.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
}


def open_session(master: str = LOCAL, settings: Mapping[str, str] | None = None) -> SparkSession:
    """Yield the session that is active (on Databricks there always is one), else a new one.

    That is one with the server which ``SPARK_REMOTE`` names, else a local one with Delta.

    Raises:
        UserError: there is no Java, or ``SPARK_REMOTE`` is no address of a server.
        Unavailable: Spark's jars can't be fetched, Spark does not start, or no server answers.
    """
    session = SparkSession.getActiveSession()
    if session is not None:
        return prepare(session)
    if remote := os.environ.get("SPARK_REMOTE"):
        return connect_session(remote, settings)
    return prepare(_start(SparkSession.builder.master(master), settings))


def connect_session(remote: str = LOCAL, settings: Mapping[str, str] | None = None) -> SparkSession:
    """Yield a session through Spark Connect: ``sc://HOST:PORT``, or ``local[N]``, which starts the server as well.

    A process that holds a plain session can't have one of these beside it.

    Raises:
        UserError: this is no address of a server.
        Unavailable: no server answers there.
    """
    builder = SparkSession.builder.remote(remote)
    if not remote.startswith("local"):
        _require_server(remote)
        with _translating():
            return prepare(builder.getOrCreate())
    return prepare(_start(builder, settings))


def _require_server(remote: str) -> None:
    """Ask for the server ourselves: Spark's client tries for many minutes."""
    host, port = _address(remote)
    try:
        socket.create_connection((host, port), timeout=_ANSWERS_S).close()
    except OSError as error:
        message = f"No Spark server answers at {host}:{port}"
        raise Unavailable(message, "Start it, or unset SPARK_REMOTE for a Spark of this machine") from error


def _address(remote: str) -> tuple[str, int]:
    try:
        url = urlsplit(remote)
        host, port = url.hostname, url.port or _PORT
    except ValueError:
        host, port = None, _PORT
    if host is None or not remote.startswith("sc://"):
        raise UserError("SPARK_REMOTE names no Spark server", "Set it to sc://HOST:PORT, or unset it")
    return host, port


def local_settings() -> dict[str, str]:
    """Yield the settings of a session on this machine, jars included."""
    log4j = files(__package__).joinpath("log4j2.properties")
    return {
        **MEANING,
        **_DELTA,
        **_ON_ONE_MACHINE,
        "spark.jars": ",".join(map(str, fetch_jars("spark"))),
        "spark.sql.warehouse.dir": f"{gettempdir()}/vitalake-warehouse",  # else a folder where the user stands
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{log4j}",
    }


def _start(builder: SparkSession.Builder, settings: Mapping[str, str] | None) -> SparkSession:
    java = find_java()  # before jars are fetched in vain
    for name, value in {**local_settings(), **(settings or {})}.items():
        builder = builder.config(name, value)
    environment = {
        "JAVA_HOME": str(java.home),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    with _translating(), _environment(environment), _own_interrupts():
        return builder.appName("vitalake").getOrCreate()


def prepare(session: SparkSession) -> SparkSession:
    """Give a session the settings on which tables rest, as far as it takes them; yield it.

    Databricks' serverless compute takes few: how Parquet writes instants is its own choice there, and as good.
    """
    for name, value in MEANING.items():
        try:
            session.conf.set(name, value)
        except PySparkException:
            if name in _NEEDED:
                raise
    return session


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except (PySparkException, OSError) as error:
        raise Unavailable(
            f"Spark does not start ({error})", "Run with an empty SPARK_HOME, or see above"
        ) from error


@contextmanager
def _own_interrupts() -> Iterator[None]:
    """Keep what the process does on Ctrl-C, if that is its own: PySpark would cancel all jobs."""
    handler = signal.getsignal(signal.SIGINT)
    yield
    if handler is not signal.default_int_handler and signal.getsignal(signal.SIGINT) is not handler:
        signal.signal(signal.SIGINT, handler)


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables for what is started in the body."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
