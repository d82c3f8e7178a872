"""The asset bundle as far as it can be judged without Databricks: keys, paths, order, parameters, variables."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
ROAD = ["bronze", "silver", "gold", "quality", "analytics"]
BUNDLE = yaml.safe_load((ROOT / "databricks.yml").read_text())
FILES = sorted(path for pattern in BUNDLE["include"] for path in ROOT.glob(pattern))
JOBS = {
    key: (path, job)
    for path in FILES
    for key, job in yaml.safe_load(path.read_text())["resources"].get("jobs", {}).items()
}
WIDGET = re.compile(r'dbutils\.widgets\.\w+\("(\w+)"')
REFERENCE = re.compile(r"\$\{[\w.]+}")

TASK = {
    "task_key": str,
    "depends_on": [{"task_key": str}],
    "environment_key": str,
    "job_cluster_key": str,
    "libraries": [{"whl": str, "pypi": {"package": str}}],
    "max_retries": int,
    "min_retry_interval_millis": int,
    "notebook_task": {"notebook_path": str},
}
MODES = ("SINGLE_USER",)
CLUSTER = {"spark_version": str, "node_type_id": str, "num_workers": int, "data_security_mode": MODES}
PAUSE = ("PAUSED", "UNPAUSED")
JOB = {
    "name": str,
    "description": str,
    "max_concurrent_runs": int,
    "queue": {"enabled": bool},
    "schedule": {"quartz_cron_expression": str, "timezone_id": str, "pause_status": PAUSE},
    "email_notifications": {"on_failure": [str]},
    "parameters": [{"name": str, "default": str}],
    "environments": [{"environment_key": str, "spec": {"environment_version": str, "dependencies": [str]}}],
    "job_clusters": [{"job_cluster_key": str, "new_cluster": CLUSTER}],
    "tasks": [TASK],
}
VOLUME = {"catalog_name": str, "schema_name": str, "name": str, "volume_type": ("MANAGED",), "comment": str}
SHAPE = {
    "bundle": {"name": str},
    "include": [str],
    "artifacts": {"*": {"type": ("whl",), "build": str, "path": str}},
    "sync": {"paths": [str]},
    "variables": {"*": {"description": str, "default": object, "type": ("complex",)}},
    "targets": {
        "*": {
            "mode": ("development", "production"),
            "default": bool,
            "variables": {"*": str},
            "workspace": {"root_path": str},
            "run_as": {"service_principal_name": str},
        }
    },
    "resources": {
        "jobs": {"*": JOB},
        "schemas": {"*": {"catalog_name": str, "name": str, "comment": str}},
        "volumes": {"*": VOLUME},
    },
}
"""What Databricks takes, as far as the bundle uses it: keys (``*``: any name), lists, words, types."""


@pytest.fixture(params=JOBS, ids=str)
def job(request):
    return JOBS[request.param]


def strange(value: Any, shape: Any, where: str = "") -> Iterator[str]:
    """Yield what has not the shape: a key or a word that is not known, another type."""
    if isinstance(value, dict) and isinstance(shape, dict):
        for key, each in value.items():
            yield from strange(each, shape.get(key, shape.get("*")), f"{where}.{key}")
    elif isinstance(value, list) and isinstance(shape, list):
        for each in value:
            yield from strange(each, shape[0], where)
    elif not fits(value, shape):
        yield f"{where}: {value!r}"


def fits(value: Any, shape: Any) -> bool:
    """Tell whether a value is of a type or one of some words; a reference is taken wherever a key is known."""
    if isinstance(value, str) and REFERENCE.fullmatch(value):
        return shape is not None
    if isinstance(shape, tuple):
        return value in shape
    return isinstance(shape, type) and isinstance(value, shape)


@pytest.mark.parametrize("path", [ROOT / "databricks.yml", *FILES], ids=lambda path: path.stem)
def test_each_key_is_one_that_databricks_knows(path):
    assert list(strange(yaml.safe_load(path.read_text()), SHAPE)) == []


def test_there_is_a_job_on_serverless_and_one_on_a_cluster():
    clusters = {key: "job_clusters" in job for key, (_, job) in JOBS.items()}
    assert clusters == {"vitalake": False, "vitalake_classic": True}


def test_tasks_follow_the_road(job):
    _, body = job
    assert [task["task_key"] for task in body["tasks"]] == ROAD
    before = [[each["task_key"] for each in task.get("depends_on", [])] for task in body["tasks"]]
    assert before == [[], *([name] for name in ROAD[:-1])]
    assert body["max_concurrent_runs"] == 1


def test_notebooks_are_there_and_go_with_their_tasks(job):
    path, body = job
    for number, task in enumerate(body["tasks"], start=1):
        notebook = path.parent / task["notebook_task"]["notebook_path"]
        assert notebook.resolve().is_relative_to(ROOT / "notebooks")
        assert notebook.name == f"{number:02}_{task['task_key']}.py"
        assert notebook.read_text().startswith("# Databricks notebook source\n")


def test_each_parameter_is_a_widget_and_each_needed_widget_a_parameter(job):
    path, body = job
    given = {each["name"] for each in body["parameters"]}
    asked = set()
    for task in body["tasks"]:
        asked |= set(WIDGET.findall((path.parent / task["notebook_task"]["notebook_path"]).read_text()))
    assert given <= asked
    assert asked - given <= {"checkpoint", "report"}  # they have a place of their own, or none


def test_each_task_gets_the_wheel(job):
    _, body = job
    for task in body["tasks"]:
        if "job_cluster_key" in task:
            assert task["job_cluster_key"] in {each["job_cluster_key"] for each in body["job_clusters"]}
            assert {"whl": "../dist/*.whl"} in task["libraries"]
        else:
            (environment,) = body["environments"]
            assert task["environment_key"] == environment["environment_key"]
            assert "../dist/*.whl" in environment["spec"]["dependencies"]
    assert BUNDLE["artifacts"]["wheel"]["type"] == "whl"


def packages(body, task):
    """Yield what a task installs besides the wheel."""
    if "libraries" in task:
        return [library["pypi"]["package"] for library in task["libraries"] if "pypi" in library]
    (environment,) = body["environments"]
    return [each for each in environment["spec"]["dependencies"] if not each.endswith(".whl")]


def test_the_task_that_draws_gets_what_drawing_needs(job):
    _, body = job
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = map(Requirement, project["optional-dependencies"]["report"])
    needed = {each.name: each.specifier for each in wanted}
    pinned = dict(each.split("==") for each in packages(body, body["tasks"][ROAD.index("analytics")]))
    assert pinned.keys() == needed.keys()
    assert [name for name, version in pinned.items() if version not in needed[name]] == []


def test_variables_are_declared_and_used():
    used = set()
    for path in (ROOT / "databricks.yml", *FILES):
        used |= set(re.findall(r"\$\{var\.(\w+)}", path.read_text()))
    assert used == set(BUNDLE["variables"])
    for target in BUNDLE["targets"].values():
        assert set(target.get("variables", {})) <= set(BUNDLE["variables"])


def test_references_name_resources_that_are_there():
    named = {
        f"{kind}.{key}"
        for path in FILES
        for kind, resources in yaml.safe_load(path.read_text())["resources"].items()
        for key in resources
    }
    for path in (ROOT / "databricks.yml", *FILES):
        for kind, key in re.findall(r"\$\{resources\.(\w+)\.(\w+)\.", path.read_text()):
            assert f"{kind}.{key}" in named


def test_what_arrives_is_looked_for_in_the_bundles_own_volume_of_each_target():
    (lake,) = (yaml.safe_load(path.read_text())["resources"] for path in FILES if path.stem == "lake")
    landing = lake["volumes"]["landing"]
    own = f"/Volumes/{landing['catalog_name']}/{landing['schema_name']}/{landing['name']}"
    assert BUNDLE["variables"]["source"]["default"] == own
    assert not [target for target in BUNDLE["targets"].values() if "source" in target["variables"]]


def test_targets_are_dev_and_prod_with_schemas_of_their_own():
    assert BUNDLE["targets"]["dev"]["default"]
    assert BUNDLE["targets"]["dev"]["mode"] == "development"
    assert BUNDLE["targets"]["prod"]["mode"] == "production"
    schemas = [target["variables"]["schema"] for target in BUNDLE["targets"].values()]
    assert len(set(schemas)) == len(schemas)


def test_no_secret_is_a_parameter():
    for _, body in JOBS.values():
        assert not [each for each in body["parameters"] if re.search("password|token|jaas", each["name"])]


def test_only_production_asks_for_what_has_no_default():
    needed = {name for name, variable in BUNDLE["variables"].items() if "default" not in variable}
    missing = {name: needed - set(target.get("variables", {})) for name, target in BUNDLE["targets"].items()}
    assert missing == {"dev": set(), "prod": {"service_principal"}}
