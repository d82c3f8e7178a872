"""A real Kafka broker of one node for development and tests: Apache Kafka from Maven jars, in KRaft mode.

Its folder holds configuration, log and data; a broker that is started again there goes on with what it had,
also after it was killed.  It listens on this machine only, unless it is told a name for other machines.
"""

from __future__ import annotations

import base64
import os
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from vitalake.errors import Unavailable, UserError
from vitalake.java.jars import fetch_jars
from vitalake.java.java import find_java

HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 9092

_READY_S: Final = 60
_STOP_S: Final = 20

_JVM: Final = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xms64m", "-Xmx256m")
"""Fast to start and small; a broker for one machine needs no more."""

_PROPERTIES: Final = """\
process.roles=broker,controller
node.id=1
listeners=PLAINTEXT://{listen}:{port},CONTROLLER://{host}:{controller_port}
advertised.listeners=PLAINTEXT://{known_as}:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.quorum.voters=1@{host}:{controller_port}
log.dirs={data}
num.partitions=2
auto.create.topics.enable=true
# One node keeps all replicas.
default.replication.factor=1
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
# Few partitions for the internal topics: quick to start, quick to recover.
offsets.topic.num.partitions=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.num.partitions=1
group.initial.rebalance.delay.ms=0
# After a kill the node waits out its own last session before it serves again.
broker.heartbeat.interval.ms=250
broker.session.timeout.ms=1500
# Threads and buffers for one machine.
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=8388608
log.cleaner.backoff.ms=5000
"""

_LOGGING: Final = """\
<Configuration status="ERROR">
  <Appenders>
    <Console name="console" target="SYSTEM_OUT"><PatternLayout pattern="%d %p %m (%c)%n"/></Console>
  </Appenders>
  <Loggers><Root level="WARN"><AppenderRef ref="console"/></Root></Loggers>
</Configuration>
"""


class Broker:
    """One broker process on a folder: start, stop, kill, start again.

    ``settings`` are the broker's own and come after ours.  With a ``name`` it listens to other machines too,
    which must know this one by that name.
    """

    def __init__(
        self,
        folder: Path,
        port: int = 0,
        settings: Mapping[str, str] | None = None,
        *,
        name: str | None = None,
    ) -> None:
        self.folder = folder.resolve()
        self.port = port or free_port()
        self.settings = settings or {}
        self.name = name
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def brokers(self) -> str:
        """Its address as clients take it."""
        return f"{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """What the broker says."""
        return self.folder / "broker.log"

    @property
    def pid(self) -> int | None:
        """Its process id, None while it does not run."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def start(self) -> None:
        """Start the broker and wait until it serves.

        Raises:
            UserError: the port is taken, or no Java is there.
            Unavailable: it does not come up, or its jars can't be fetched.
        """
        if not _is_free(self.port):
            raise UserError(f"Port {self.port} is in use", "Choose another one with --port")
        self._write_files()
        if not (self.folder / "data" / "meta.properties").exists():
            self._format()
        self._process = self._launch("kafka.Kafka", str(self.folder / "server.properties"))
        self._await_ready()

    def stop(self) -> None:
        """Let the broker finish and end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the broker at once, as a power failure would."""
        self._end(signal.SIGKILL)

    def wait(self) -> int:
        """Wait until the process ends by itself; yield its exit code."""
        return self._process.wait() if self._process is not None else 0

    def _end(self, by: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(by)
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _write_files(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        properties = _PROPERTIES.format(
            host=HOST,
            listen=HOST if self.name is None else "0.0.0.0",  # noqa: S104 - asked for
            known_as=self.name or HOST,
            port=self.port,
            controller_port=free_port(),
            data=self.folder / "data",
        )
        more = "".join(f"{name}={value}\n" for name, value in self.settings.items())
        (self.folder / "server.properties").write_text(properties + more)
        (self.folder / "log4j2.xml").write_text(_LOGGING)

    def _format(self) -> None:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
        arguments = ("format", "-t", cluster, "-c", str(self.folder / "server.properties"))
        if self._launch("kafka.tools.StorageTool", *arguments).wait(_READY_S) != 0:
            raise Unavailable(f"Kafka can't use the folder {self.folder}", f"See {self.log}")

    def _launch(self, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        java = find_java().executable  # before jars are fetched in vain
        class_path = os.pathsep.join(map(str, fetch_jars("broker")))
        logging = f"-Dlog4j2.configurationFile={(self.folder / 'log4j2.xml').as_uri()}"
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [java, *_JVM, logging, "-cp", class_path, main, *arguments],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.folder,
                start_new_session=True,  # Ctrl-C is ours to pass on
            )

    def _await_ready(self) -> None:
        admin = AdminClient(
            {"bootstrap.servers": self.brokers, "reconnect.backoff.max.ms": 100, "log_level": 0}
        )
        deadline = time.monotonic() + _READY_S
        while time.monotonic() < deadline:
            if self.pid is None:
                raise Unavailable("The broker ended while it started", f"See {self.log}")
            try:
                if admin.list_topics(timeout=0.2).brokers:
                    return
            except KafkaException:
                continue
        self.kill()
        raise Unavailable(f"The broker did not serve within {_READY_S} s", f"See {self.log}")


@contextmanager
def broker(folder: Path, port: int = 0, name: str | None = None) -> Iterator[Broker]:
    """Yield a running broker on ``folder`` (port 0: a free one), and stop it afterwards."""
    running = Broker(folder, port, name=name)
    try:
        running.start()
        yield running
    finally:
        running.stop()


def run_broker(port: int, folder: Path, ready: Callable[[Broker], None], name: str | None = None) -> int:
    """Run a broker in the foreground until it ends or we are told to (Ctrl-C, SIGTERM); yield its exit code.

    ``ready`` is called once it serves.
    """
    previous = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with broker(folder, port, name) as running:
            ready(running)
            return running.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, previous)


def free_port() -> int:
    """Yield a TCP port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
