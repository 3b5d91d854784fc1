# Every command makes its own virtual environment from the lock files; Python with venv and make are enough.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --disable-pip-version-check install --progress-bar off
TESTS  ?= tests
# Tests wait for servers half of the time: three of them for every two processors.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print((os.cpu_count() or 1) * 3 // 2 or 1)')

.PHONY: demo test test-long check format docs bench lock clean
.DELETE_ON_ERROR:

demo: $(VENV)/.demo  ## the talk's bucket, from kubectl to AWS and back
	@$(BIN)/ackpy demo

test: $(VENV)/.dev  ## everything CI asks for; 12 minutes at most
	$(BIN)/lint-imports --no-cache
	$(BIN)/ruff check --no-cache src tests bench
	$(BIN)/ruff format --no-cache --check src tests bench
	$(BIN)/mypy
	$(BIN)/pytest -n $(WORKERS) --dist worksteal -m "not long" $(TESTS)

test-long: $(VENV)/.dev  ## storms, soaks and fuzzing in full
	ACKPY_TEST_PROFILE=fresh $(BIN)/pytest -n $(WORKERS) --dist worksteal $(TESTS)

check: $(VENV)/.dev  ## format, lint, types, contracts, fast tests: one minute
	$(BIN)/ruff format --check src tests bench
	$(BIN)/ruff check src tests bench
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pytest -q -n $(WORKERS) --dist worksteal -m "not slow and not long" $(TESTS)

format: $(VENV)/.dev
	$(BIN)/ruff check --fix-only src tests bench
	$(BIN)/ruff format src tests bench

docs: $(VENV)/.dev  ## the reference pages that are rendered from the catalog and the flags
	$(BIN)/python docs/render.py

bench: $(VENV)/.dev  ## repeatable measurements; ratios of one run
	$(BIN)/python -m bench

lock: $(VENV)/.dev  ## after a change of dependencies in pyproject.toml
	$(BIN)/uv pip compile -q pyproject.toml --all-extras --group build --group dev --universal --generate-hashes \
		--python-version 3.11 --no-header -o requirements/dev.lock
	$(BIN)/uv pip compile -q pyproject.toml --extra local --extra demo --group build --universal --generate-hashes \
		--python-version 3.11 --no-header -c requirements/dev.lock -o requirements/demo.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .import_linter_cache

$(BIN)/python:
	@echo "making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: requirements/demo.lock pyproject.toml | $(BIN)/python
	@echo "installing what the demo needs (hash-checked; a minute the first time)"
	@$(PIP) -q --require-hashes -r requirements/demo.lock
	@$(PIP) -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock pyproject.toml | $(BIN)/python
	@echo "installing what the tests need (hash-checked; a minute the first time)"
	@$(PIP) -q --require-hashes -r requirements/dev.lock
	@$(PIP) -q --no-deps --no-build-isolation -e .
	@touch $(VENV)/.demo $@
