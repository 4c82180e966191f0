# Every target sets up what it needs: python3 (3.11 or newer, with venv), git and make are enough.
PYTHON ?= python3
BIN := .venv/bin
# A dozen processes import the same modules: what the first compiles is kept for the others.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: demo up test chaos lint bench validate presets screenshots docs migration lock clean

demo: .venv/installed ## the service end to end on real input, then stop
	$(BIN)/solenoid demo

up: .venv/installed ## start the service in the foreground
	$(BIN)/solenoid up

test: .venv/installed ## all tests
	OPENBLAS_NUM_THREADS=1 $(BIN)/pytest -n 3

chaos: .venv/installed ## break the service for an hour, on both databases, and check what came out
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m tests.system.chaos

lint: .venv/installed ## format, style, types, import contracts
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/installed ## speed and memory, beside the plain way of doing the same
	$(BIN)/python -m benchmarks

NULL ?= 200
PLANTED ?= 100
RUNS ?= 60
validate: .venv/installed ## rejection rates and recovery on simulated sessions, into docs/validation.md
	OPENBLAS_NUM_THREADS=1 $(BIN)/python -m benchmarks.validate \
		--null $(NULL) --planted $(PLANTED) --runs $(RUNS)

presets: .venv/installed ## run every preset quickly and write docs/presets.md
	$(BIN)/python -m benchmarks.presets

screenshots: .venv/installed ## pictures of every page of the dashboard
	NUMBA_CACHE_DIR=$(CURDIR)/.pytest_cache/numba $(BIN)/python -m tests.dashboard.screenshots

docs: .venv/installed ## the documentation as a site in site/, strictly
	NUMBA_CACHE_DIR=$(CURDIR)/.pytest_cache/numba OPENBLAS_NUM_THREADS=1 \
		$(BIN)/python -P -m sphinx --quiet --fail-on-warning --keep-going -c handbook docs site

migration: .venv/installed ## MESSAGE="...": write the migration that a changed declaration needs
	$(BIN)/python -P -m migrations revision "$(MESSAGE)"

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links
lock: .venv/installed ## resolve the dependencies anew: the developers', and what the service alone needs
	$(BIN)/pip install --quiet uv
	$(COMPILE) --group dev pyproject.toml --output-file requirements.lock
	$(COMPILE) --group build --extra s3 --constraint requirements.lock pyproject.toml \
		--output-file requirements-service.lock

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; try make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

clean: ## remove what the targets made
	rm -rf .venv demo-output site docs/made .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
