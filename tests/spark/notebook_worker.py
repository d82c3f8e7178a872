"""A cluster of its own process: reads requests (a JSON object a line) on stdin, runs each notebook, answers on stdout.

A request has the notebook's ``path`` and its ``parameters``; the answer is what the Jobs API calls a run's output.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent


def run(path: str, parameters: dict[str, str]) -> dict[str, Any]:
    """Run a notebook; yield its output, or its error and traceback."""
    from spark.notebook_runner import run_notebook  # noqa: PLC0415 - not where tests are collected

    try:
        said = run_notebook(Path(path), parameters)
    except Exception as error:  # noqa: BLE001 - whatever a notebook raises is its run's outcome
        return {"error": f"{type(error).__name__}: {error}", "error_trace": traceback.format_exc()}
    return {"notebook_output": {"result": said, "truncated": False}}


def start_session() -> None:
    """Start the session that every notebook uses, quick for a few rows."""
    from spark.settings import session_settings  # noqa: PLC0415 - as above

    from vitalake.engines.spark.session import open_session  # noqa: PLC0415 - as above

    open_session(settings=session_settings())


def main() -> None:
    """Answer until stdin ends; what notebooks print goes to stderr."""
    sys.path.append(str(TESTS))
    start_session()
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for line in sys.stdin:
        print(json.dumps(run(**json.loads(line))), file=answers, flush=True)


if __name__ == "__main__":
    main()
