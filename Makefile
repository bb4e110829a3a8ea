# The newcomer's commands. Needs Python 3.11 with venv, and make; `make test` also maven and a browser (see below).
# Settings are CAUCE_* in the environment: docs/settings.md.

PYTHON ?= python3
DEMO   ?= 1
KAFKA  ?= 0
WORKERS ?= 2
BIN    := .venv/bin

.PHONY: up down logs test check pyright others bench pictures lock clean

## up: install if needed, start the hub in the background, say where it is. DEMO=0: an empty hub. KAFKA=1: on Kafka.
up: .venv/installed
	@$(BIN)/cauce start $(if $(filter 0,$(DEMO)),--no-demo) $(if $(filter 1,$(KAFKA)),--kafka)

## down: stop the hub of this CAUCE_DATA, with its database and broker
down: .venv/installed
	@$(BIN)/cauce stop

## logs: follow what it logs
logs: .venv/installed
	@$(BIN)/cauce logs

## test: all tests, on a real PostgreSQL, a real Kafka and a real browser. WORKERS=3: so many at once
test: .venv/installed-dev
	@$(BIN)/python tests/needs.py
	@$(BIN)/python tests/warm_kafka.py
	$(BIN)/pytest -n $(WORKERS) --dist loadgroup

## check: everything that must hold before a commit is shared
check: .venv/installed-dev
	@$(MAKE) --jobs=2 --output-sync=line pyright others
	@$(MAKE) test

# pyright takes as long as all the others, and what the tests have to fetch
pyright:
	$(BIN)/pyright

others:
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports
	@$(BIN)/python tests/needs.py
	@$(BIN)/python tests/warm_kafka.py

## bench: figures beside their limits, both taken now. SCALE=1000000: with so long a history (docs/performance.md)
bench: .venv/installed-dev
	$(BIN)/python bench/run.py $(if $(SCALE),--scale $(SCALE))

## pictures: take those of docs/pictures anew, of a hub with its demo
pictures: .venv/installed-dev
	@$(BIN)/python tests/needs.py
	$(BIN)/python docs/pictures/take.py

## lock: pin every part anew, with hashes
lock: .venv/installed-dev
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra dev \
		pyproject.toml --output-file requirements-dev.lock
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
		--constraint requirements-dev.lock pyproject.toml --output-file requirements.lock

## clean: forget the installation; data stays
clean:
	rm -rf .venv build *.egg-info

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Cauce needs Python 3.11 or newer: make up PYTHON=python3.11" >&2; exit 2; }
	@$(PYTHON) -m venv .venv || { echo "Cauce needs Python's venv (Debian: apt install python3-venv)" >&2; exit 2; }

.venv/installed: requirements.lock pyproject.toml | .venv/bin/python
	@echo "installing into .venv …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation \
		--config-settings editable_mode=compat -e .
	@touch $@

.venv/installed-dev: requirements-dev.lock .venv/installed
	@echo "installing what the tests need …" >&2
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@
