"""The README's road to Airflow, typed as it is written."""

import shutil

from services.airflow import ROOT
from services.outcome import assert_same_tables
from services.shell import blocks, terminal, typed


def test_the_dag_runs_as_the_readme_says(tmp_path, clean_environment, messages, vitalake):
    (lines,) = (block for block in blocks("console") if "airflow dags test" in block[-1])
    environment, *rest = lines
    assert environment == "make venv-airflow", "this test runs in what it makes"
    for name in ("dags", ".venv-airflow"):
        (tmp_path / name).symlink_to(ROOT / name)
    source = tmp_path / "vitalake-demo" / "messages"
    source.mkdir(parents=True)
    shutil.copy(messages, source)
    done = typed("\n".join(["set -e", *rest]), tmp_path, terminal(tmp_path, clean_environment))
    assert done.returncode == 0, done.stderr
    vitalake("run", source, "--lake", tmp_path / "quiet")
    assert_same_tables(tmp_path / "airflow-lake", tmp_path / "quiet")
