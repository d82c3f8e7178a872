"""A Spark Connect server of this machine, in a process of its own: it outlives the clients that tests kill."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from vitalake.dev.kafka import HOST, free_port

_SERVE = """
import json, sys
from vitalake.engines.spark.session import open_session
session = open_session(settings=json.loads(sys.argv[1]))
print("up", flush=True)
sys.stdin.read()
session.stop()
"""
_ENDS_S = 60


@contextmanager
def running_server(environment: Mapping[str, str], settings: Mapping[str, str]) -> Iterator[str]:
    """Yield the address of a server that runs, and end it afterwards."""
    port, pipe = str(free_port()), subprocess.PIPE
    served = {
        **settings,
        "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
        "spark.connect.grpc.binding.address": HOST,
        "spark.connect.grpc.binding.port": port,
    }
    command = [sys.executable, "-c", _SERVE, json.dumps(served)]
    with subprocess.Popen(command, env=dict(environment), stdin=pipe, stdout=pipe, text=True) as server:
        assert server.stdin
        assert server.stdout
        assert server.stdout.readline() == "up\n", "The server did not start: see stderr"
        yield f"sc://{HOST}:{port}"
        server.stdin.close()
        try:
            server.wait(_ENDS_S)
        except subprocess.TimeoutExpired:
            server.kill()
