"""Instants read compiled are those read uncompiled, as the other tests read them."""

from __future__ import annotations

import json
import subprocess
import sys

import numba
import pyarrow as pa

from vitalake.silver.instants import read_instants

TOKENS = (
    '"2026-03-01T08:00:00Z"', '"2026-03-01t08:00:00.123456789+23:59"', '"1969-12-31T23:59:59.999999Z"',
    '"0000-12-31T23:30:00-00:30"', '"9999-12-31T23:59:59.9Z"', '"9999-12-31T23:59:59-00:01"',
    '"2026-02-29T08:00:00Z"', '"2026-03-01T08:00:00.Z"', '"2026-03-01T08:00:00+1:00"', '""', "7", None,
)  # fmt: skip

COMPILED = """
import json, sys
import numba, pyarrow as pa
from vitalake.silver.instants import read_instants
tokens = pa.array(json.load(sys.stdin), pa.string())
print(json.dumps([numba.config.DISABLE_JIT, read_instants(tokens).tolist()]))
"""


def test_compiled_equals_uncompiled(compiled_environment: dict[str, str]) -> None:
    child = subprocess.run(
        [sys.executable, "-c", COMPILED],
        input=json.dumps(TOKENS),
        env=compiled_environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert numba.config.DISABLE_JIT
    assert json.loads(child.stdout) == [0, read_instants(pa.array(TOKENS, pa.string())).tolist()]
