# Every developer command. `make` alone lists them. Needs python3 (3.11 or newer, with venv), make and git; nothing else.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
AWS ?= emulator
S ?=
MEMBERS := $(patsubst %/pyproject.toml,%,$(wildcard shared/*/pyproject.toml services/*/pyproject.toml deploy/pyproject.toml))
SERVICES := $(notdir $(patsubst %/pyproject.toml,%,$(wildcard services/*/pyproject.toml)))
# Two workers are what two cores carry; tests that mostly wait, for AWS or for Muster to start, take twice as many.
# WORKERS=0 runs everything in one process, for a debugger.
WORKERS ?= 2
WAITERS ?= $(if $(filter 0,$(WORKERS)),0,4)
PYTEST := $(PY) -m pytest -q -n
UP_FLAGS := --aws $(AWS) $(if $(PROCESSES),--processes) $(if $(KEEP),--keep)
SOURCES := $(wildcard shared/*/src services/*/src deploy/src)

.DEFAULT_GOAL := help
.PHONY: help setup up watch demo env doctor test unit contract integration e2e architecture long check lint typecheck imports spelling \
	npm-verify format bench generated stale lock alone images images-join synth ci clean

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^## / {printf "\n%s\n", substr($$0, 4)} /^[a-z0-9-]+:.*## / {printf "  %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

## Run it
setup: $(VENV)/.ready .venv-emulator/.ready ## Install what is missing (both virtual environments)

watch: setup ## Draw the next match of the sample game in the terminal
	@exec $(PY) -m muster_players.watch

up: setup ## Start everything, play one verified match, stay up (PROCESSES=1, KEEP=1, AWS=emulator|localstack|real)
	@exec $(PY) -m muster_deploy up $(UP_FLAGS)

demo: setup ## Play one more verified match on the Muster that is up
	@exec $(PY) -m muster_deploy demo

env: setup ## Write .run/env/*.env for the Muster that is up, to run one service by hand
	@exec $(PY) -m muster_deploy env

doctor: ## Say what this machine lacks, and how to get it
	@if [ -x $(PY) ]; then exec $(PY) -m muster_deploy doctor; else echo "not set up yet: run make setup"; fi

## Test it
test: setup ## All levels: unit, contract, integration, e2e, architecture (S=tickets narrows the first three)
	@$(MAKE) --no-print-directory unit contract integration architecture e2e

# Half the tests a core, in processes that know nothing of each other: workers that report cost a third more.
unit: setup ## Rules alone: no sockets, no sleeps
ifeq ($(S)$(filter 0,$(WORKERS)),)
	@$(MAKE) --no-print-directory -j $(WORKERS) $(if $(filter output-sync,$(.FEATURES)),--output-sync) $(patsubst %,unit-%,$(shell seq $(WORKERS)))
else
	$(PYTEST) 0 tests/unit/$(S)
endif

unit-%:
	$(PYTEST) 0 --shard=$*/$(WORKERS) tests/unit

contract: setup ## Ports, schemas, API documents: both sides mean the same
	$(PYTEST) $(WORKERS) --dist=worksteal tests/contract$(if $(S),/$(S))

integration: setup ## One service at a time on the local AWS
	$(PYTEST) $(WAITERS) --dist=worksteal tests/integration$(if $(S),/$(S))

e2e: setup ## The whole system, both harnesses (HARNESS=loop or processes for one)
	$(PYTEST) $(WAITERS) tests/e2e $(if $(HARNESS),--harness=$(HARNESS))

architecture: setup ## The shape: planted violations must fail `make check`
	$(PYTEST) $(WORKERS) tests/architecture

long: setup ## What takes longer: made-up inputs and random lives by the thousand (last results: docs/testing.md)
	$(PYTEST) $(WORKERS) tests/unit --hypothesis-profile=thorough
	$(PY) tests/support/flexmatch_fuzz.py 100000
	$(PY) tests/support/flexmatch_long.py 25
	PYTHONPATH=tests/support $(PY) tests/support/gamelift_life.py --examples 2000
	$(PY) tests/support/gamelift_generated.py 5000
	$(PY) tests/support/gamelift_kill.py --tickets 1000 --kills 10
	PYTHONPATH=tests/support $(PY) -m identity_machine 2000

bench: setup ## Measure, and print ratios with the machine they were measured on
	$(PY) benchmarks/run.py

npm-verify: setup ## Let aws-jwt-verify, AWS's verifier for Node, judge our tokens (needs npm)
	npm install --silent --no-save --no-package-lock --no-audit --no-fund --prefix .run/npm aws-jwt-verify@5.2.1
	$(PYTEST) 0 tests/integration/identity/test_other_verifiers.py

## Keep it right
check: setup lint imports stale spelling typecheck ## Everything that needs no running program

lint: setup ## ruff: rules and format
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check -q .

typecheck: setup ## mypy, strict, over every src by path
	$(VENV)/bin/mypy $(SOURCES)

imports: setup ## import-linter: services independent, domains pure, one AWS module
	$(VENV)/bin/lint-imports --no-cache --config pyproject.toml

spelling: setup ## codespell
	$(VENV)/bin/codespell README.md docs shared services deploy tests benchmarks Makefile

format: setup ## Let ruff mend what it can
	$(VENV)/bin/ruff check --fix -q . ; $(VENV)/bin/ruff format -q .

generated: setup ## Write schemas, API documents, catalogue and settings pages anew
	$(PY) -m muster_events generate
	$(PY) -m muster_deploy documents

stale: setup ## Fail when a generated file is not current, or an event changed in a breaking way
	$(PY) -m muster_events check
	$(PY) -m muster_deploy documents --check

lock: setup ## Resolve once; export the workspace and each service, with hashes and without addresses
	$(PY) -m pip install -q "uv>=0.13,<1"
	$(VENV)/bin/uv lock -q --upgrade
	$(VENV)/bin/uv export -q --frozen --all-packages --group dev --group build --no-emit-workspace --no-header --no-annotate -o requirements/dev.txt
	$(VENV)/bin/uv export -q --frozen --only-group build --no-header --no-annotate -o requirements/build.txt
	for s in $(SERVICES); do $(VENV)/bin/uv export -q --frozen --package muster-$$s --no-dev --no-emit-workspace --no-header --no-annotate -o services/$$s/requirements.txt; done
	$(VENV)/bin/uv pip compile -q requirements/emulator.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/emulator.txt
	$(VENV)/bin/uv pip compile -q requirements/synth.in --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate -o requirements/synth.txt

alone: setup ## Install each service alone from its own lock into a clean environment, and start it (S=tickets for one)
	$(PY) -m muster_deploy alone $(S)

images: setup ## Build the container images and try one, where buildah or podman is installed
	$(PY) -m muster_deploy images $(S)
	MUSTER_IMAGES=built $(PYTEST) 0 tests/e2e/test_images.py

images-join: setup ## Run every image that `make images` built against a Muster that is up
	MUSTER_IMAGES=join $(PYTEST) 0 tests/e2e/test_images_join.py

synth: .venv-synth/.ready ## Render deploy/templates from the CDK app (needs Node; nothing else does)
	cd deploy/cdk && ../../.venv-synth/bin/python app.py

ci: ## What CI runs
	@$(MAKE) --no-print-directory setup
	@$(MAKE) --no-print-directory check
	@$(MAKE) --no-print-directory alone
	@$(MAKE) --no-print-directory test

clean: ## Remove the virtual environments and everything that runs leave behind
	rm -rf $(VENV) .venv-emulator .venv-synth .run

# The locks are complete, so pip must not resolve anything: it takes `coverage[toml]` for another package than the pinned
# coverage, and fails as soon as a newer one is out. `pip check` then says whether the locks were complete indeed.
$(VENV)/.ready: requirements/dev.txt $(addsuffix /pyproject.toml,$(MEMBERS))
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Muster needs Python 3.11 or newer: make PYTHON=python3.12 setup")'
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install -q --disable-pip-version-check --use-pep517 --require-hashes --no-deps -r requirements/dev.txt
	$(PY) -m pip install -q --disable-pip-version-check --no-build-isolation --no-deps $(foreach m,$(MEMBERS),-e ./$(m))
	@$(PY) -m pip check > /dev/null || $(PY) -m pip check
	@touch $@

.venv-emulator/.ready: requirements/emulator.txt
	$(PYTHON) -m venv .venv-emulator
	.venv-emulator/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements/emulator.txt
	@touch $@

.venv-synth/.ready: requirements/synth.txt
	$(PYTHON) -m venv .venv-synth
	.venv-synth/bin/python -m pip install -q --disable-pip-version-check --require-hashes --no-deps -r requirements/synth.txt
	@touch $@
