"""The README's road to Spark, typed as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from following import assert_same_lake
from services.shell import blocks, terminal, typed


@pytest.mark.soak
def test_spark_makes_the_demos_lake_as_the_readme_says(
    tmp_path: Path, compiled_environment: dict[str, str]
) -> None:
    (line,) = (line for block in blocks("console") for line in block if "--engine spark" in line)
    environment = terminal(tmp_path, compiled_environment)
    for each in ("vitalake demo", line):
        done = typed(each, tmp_path, environment)
        assert done.returncode == 0, done.stderr
    assert_same_lake(tmp_path / "spark-lake", tmp_path / "vitalake-demo" / "lake")
