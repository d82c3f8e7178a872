# Needs git, make and Python >= 3.11; everything else goes into environments inside this folder.
PYTHON ?= python3
UPGRADE ?=

UV := .venv-uv/bin/uv
BIN := .venv/bin
CODE := $(wildcard src tests benchmarks dags docs notebooks)
# A file's tests share what is slow to start; files in their order, so that the long ones do not come last.
# Three for two cores: those with a broker or Airflow wait for a part of their time.
PARALLEL := -n 3 --dist loadfile --no-loadscope-reorder

export AIRFLOW_HOME ?= $(CURDIR)/.airflow
export UV_PYTHON_DOWNLOADS := never
export UV_SYSTEM_CERTS ?= 1
# Where it is set, each process that is started compiles anew all that it imports: seconds, of hundreds of processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo check test soak bench lock format docs picture clean venv venv-demo venv-airflow
.PHONY: image image-test image-tools
.PHONY: lint types layers test-unit test-airflow test-all browser kernels

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: .venv-demo/.installed ## a ward in a minute: simulated patients from events to report
	.venv-demo/bin/vitalake demo

check: lint ## format, lint, types, layers and unit tests
	@$(MAKE) --no-print-directory -j 2 test-unit types layers

test: lint ## all but the long tests, with coverage
	@$(MAKE) --no-print-directory -j 2 test-all types layers test-airflow

soak: .venv/.installed ## the long tests
	HYPOTHESIS_PROFILE=soak $(BIN)/pytest -m soak tests

bench: .venv/.installed ## measure speed
	$(BIN)/python -m benchmarks

image: ## build the container images with Docker; BASE=IMAGE takes another base
	docker compose build

image-test: .venv/.installed .venv-docker/.installed image-tools ## build the images and run them, with podman
	$(BIN)/pytest -m docker tests/docker

format: .venv/.installed ## format the code and mend what ruff can
	$(BIN)/ruff check --fix-only --quiet $(CODE)
	$(BIN)/ruff format $(CODE)

docs: .venv/.installed ## write the generated pages again
	$(BIN)/python docs/generate.py

picture: .venv/.installed browser ## take the README's picture of the report again
	$(BIN)/python docs/picture.py

clean: ## remove environments, caches and build results
	rm -rf .venv .venv-airflow .venv-demo .venv-docker .venv-uv .airflow .coverage* .hypothesis .*_cache build dist
	find $(CODE) -name __pycache__ -type d -prune -exec rm -rf {} +

# The parts of check and test

lint: .venv/.installed
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)
	@! grep -nE '://|^-' locks/*.txt || { echo 'A lock names a registry: run make lock.'; exit 1; }

types: .venv/.installed
	$(BIN)/mypy

layers: .venv/.installed
	$(BIN)/lint-imports

test-unit: .venv/.installed
	$(BIN)/pytest $(PARALLEL) src tests/unit

# By themselves the first tests of all processes would compile them at the same time.
kernels: .venv/.installed
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	  $(BIN)/vitalake simulate --patients 2 --hours 1 --to "$$folder/messages.ndjson" >/dev/null && \
	  $(BIN)/vitalake run "$$folder/messages.ndjson" --lake "$$folder/lake" >/dev/null

test-all: .venv/.installed browser kernels
	$(BIN)/pytest $(PARALLEL) -m 'not soak and not airflow and not docker' --cov --cov-report=term

# The report is opened in a real browser: one that is there, else Debian's where this user may install it.
browser: .venv/.installed
	@$(BIN)/python tests/browser/chromium.py || \
	  { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends chromium-headless-shell >/dev/null; } || \
	  echo 'No browser here: the tests in tests/browser are skipped.'

# Images are built and run without a daemon, on a base made of Debian's packages.
IMAGE_TOOLS := podman buildah runc debootstrap
image-tools:
	@(set -e; for tool in $(IMAGE_TOOLS); do command -v $$tool >/dev/null; done) || \
	  { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && apt-get update -qq && \
	    DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends $(IMAGE_TOOLS) >/dev/null; } || \
	  { echo 'The images are tested with $(IMAGE_TOOLS): install these packages first.'; exit 1; }

ifneq ($(wildcard tests/airflow/test_*.py),)
test-airflow: .venv-airflow/.installed .venv/.installed
	.venv-airflow/bin/pytest -m 'airflow and not soak' tests/airflow
else
test-airflow:
endif

# Environments: one a lock; a stamp makes the next call instant

venv: .venv/.installed ## the environment for development
venv-demo: .venv-demo/.installed ## the small environment of the demo
venv-airflow: .venv-airflow/.installed ## Airflow with vitalake, apart because it pins much

.venv-uv/.installed: locks/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo 'vitalake needs Python 3.11 to 3.13 and "$(PYTHON)" is none: try make PYTHON=/path/to/python3.12'; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' || \
	  { echo '"$(PYTHON)" can make no environments: install its venv package (Debian: python3-venv)'; exit 1; }
	$(PYTHON) -m venv --clear .venv-uv
	.venv-uv/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r locks/uv.txt
	@touch $@

define environment
	@test -x $(@D)/bin/python || $(UV) venv --quiet --clear --python .venv-uv/bin/python $(@D)
	$(UV) pip sync --quiet --python $(@D) --require-hashes $<
	$(UV) pip install --quiet --python $(@D) --no-deps --no-build-isolation --editable .
	@touch $@
endef

.venv/.installed: locks/dev.txt pyproject.toml .venv-uv/.installed
	$(environment)

.venv-demo/.installed: locks/demo.txt pyproject.toml .venv-uv/.installed
	$(environment)

.venv-airflow/.installed: locks/airflow.txt pyproject.toml .venv-uv/.installed
	$(environment)

.venv-docker/.installed: locks/docker.txt .venv-uv/.installed
	$(UV) venv --quiet --clear --python .venv-uv/bin/python $(@D)
	$(UV) pip sync --quiet --python $(@D) --require-hashes $<
	@touch $@

COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --fork-strategy fewest --generate-hashes \
  --no-annotate --custom-compile-command 'make lock' $(UPGRADE)

lock: .venv-uv/.installed ## pin the dependencies again; UPGRADE=--upgrade takes newer ones
	$(COMPILE) --group uv --output-file locks/uv.txt
	$(COMPILE) pyproject.toml --extra all --group dev --output-file locks/dev.txt
	$(COMPILE) pyproject.toml --extra report --group build --constraints locks/dev.txt --output-file locks/demo.txt
	$(COMPILE) pyproject.toml --extra airflow --extra kafka --extra report --group build --group test --output-file locks/airflow.txt
	$(COMPILE) --group docker --output-file locks/docker.txt
