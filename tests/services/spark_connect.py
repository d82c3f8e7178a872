"""A Spark Connect server of this machine, in a process of its own: it outlives the clients that tests kill."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from vitalake.dev.kafka import HOST, free_port

_SERVE = """
import sys
from vitalake.engines.spark.session import open_session
session = open_session(settings={
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.port": sys.argv[1],
})
print("up", flush=True)
sys.stdin.read()
session.stop()
"""


@contextmanager
def running_server(environment: Mapping[str, str]) -> Iterator[str]:
    """Yield the address of a server that runs, and end it afterwards."""
    port, pipe = str(free_port()), subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, port], env=dict(environment), stdin=pipe, stdout=pipe, text=True
    ) as server:
        assert server.stdin
        assert server.stdout
        assert server.stdout.readline() == "up\n"
        yield f"sc://{HOST}:{port}"
        server.stdin.close()
