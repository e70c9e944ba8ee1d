# `make` alone prints what one can do. Only Python 3.11 or newer and a package index are needed beforehand.

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-retries up test faults lint docs bench bench-api screenshots lock clean

ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	if $$python -c '$(ENOUGH)' 2>/dev/null; then echo $$python; break; fi; done)
BIN := .venv/bin
# A place of its own, so that what builds the site never holds back what the product needs.
DOCS := .venv-docs
# Twice the cores of a small machine: tests of whole deployments wait for more than half of their time.
TEST_PROCESSES ?= 4
# In the order of tests/conftest.py; xdist's own leaves the files of fewest tests for the end, and these take longest.
DISTRIBUTED := --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder
# Some machines set it; each of the hundreds of processes that tests start would then compile all our modules anew.
unexport PYTHONDONTWRITEBYTECODE
# Errors only: people cannot do anything about pip's warnings on this or that index.
INSTALL := $(BIN)/python -m pip install -qq --disable-pip-version-check

help: ## Print this
	@echo "make VERB [ARGS=\"...\"]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: .venv/.dev ## Make .venv with everything that developing takes

demo: .venv/.demo ## Show the whole product at work, and stay up (ARGS="--exit --recipients 10000")
	@$(BIN)/python -m cli demo $(ARGS)

demo-retries: .venv/.demo ## Run a campaign most of whose calls fail, and show every attempt
	@$(BIN)/python -m cli demo --exit --retries $(ARGS)

up: .venv/.demo ## Run everything for keeping, without demo data (ARGS="--port 8000 --data .data")
	@$(BIN)/python -m cli up $(ARGS)

test: .venv/.dev ## Run every test, on real PostgreSQL and real Valkey (ARGS="-k name", "-n0" for one process)
	@$(BIN)/python -m pytest $(DISTRIBUTED) $(ARGS)

faults: .venv/.dev ## Run campaigns through random faults and judge each (ARGS="--seed 3 --cases 100")
	@$(BIN)/python -m tests.faults.random $(ARGS)

lint: .venv/.dev docs ## Check style, types and layers, and build the docs
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

# Not --quiet: what is not said is not counted as a warning, and then fails nothing.
docs: $(DOCS)/.installed ## Build the site of docs/ into site/; a link that leads nowhere fails
	@NO_MKDOCS_2_WARNING=1 $(DOCS)/bin/python -m mkdocs build --strict $(ARGS)

bench-api: .venv/.dev ## Measure how quickly web answers, and the console paints, beside a million messages
	@$(BIN)/python -m benchmarks.api $(ARGS)
	@$(BIN)/python -m benchmarks.console $(ARGS)

bench: .venv/.demo ## Measure messages a second beside other queues, latencies, receipts, turns of accounts, and a tick
	@$(BIN)/python -m benchmarks $(ARGS)
	@$(BIN)/python -m benchmarks.latency
	@$(BIN)/python -m benchmarks.receipts
	@$(BIN)/python -m benchmarks.turns
	@$(BIN)/python -m benchmarks.schedules

screenshots: .venv/.dev ## Take the pictures of the console that the README shows (needs chromium)
	@$(BIN)/python -m tests.console.screenshots

DOCS_EXTRA := ["optional-dependencies"]["docs"]
LOCK := $(BIN)/uv pip compile --quiet --universal --generate-hashes \
	--no-annotate --no-header --no-emit-index-url --no-emit-find-links $(ARGS)

lock: .venv/.dev ## Pin the newest versions (ARGS="--upgrade")
	@$(INSTALL) uv
	@echo "setuptools>=77" | $(LOCK) pyproject.toml - --extra dev --output-file requirements-dev.lock
	@echo "setuptools>=77" | $(LOCK) pyproject.toml - --extra embedded --constraint requirements-dev.lock \
		--output-file requirements-demo.lock
	@$(LOCK) pyproject.toml --constraint requirements-dev.lock --output-file requirements.lock
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]$(DOCS_EXTRA), sep="\n")' \
		| $(LOCK) - --output-file requirements-docs.lock

clean: ## Remove .venv and caches; data in .data stays
	rm -rf .venv .venv-docs site .pytest_cache .mypy_cache .ruff_cache .hypothesis .schemathesis .import_linter_cache

# The project itself is installed too, so that `campaign-dispatch` and `python -m cli` work from anywhere.
# Its build uses the pinned setuptools of the lock.
.venv/.demo: requirements-demo.lock pyproject.toml | $(BIN)/python
	@echo "installing requirements-demo.lock"
	@$(INSTALL) --require-hashes --requirement requirements-demo.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python
	@echo "installing requirements-dev.lock"
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@$(INSTALL) --no-deps --no-build-isolation --editable .
	@touch .venv/.demo $@

$(DOCS)/.installed: requirements-docs.lock | $(BIN)/python
	@echo "installing requirements-docs.lock"
	@$(BIN)/python -m venv --clear --without-pip $(DOCS)
	@$(BIN)/python -m pip --python $(DOCS)/bin/python install -qq --disable-pip-version-check \
		--require-hashes --requirement requirements-docs.lock
	@touch $@

# Debian without python3-venv lacks ensurepip; the system's pip can then fill the environment.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer found; name one: make PYTHON=/path/to/python3 ..."; exit 1; }
	@echo "making .venv"
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 \
		|| { rm -rf .venv && $(PYTHON) -m venv --without-pip .venv \
			&& $(PYTHON) -m pip --python .venv/bin/python install -qq pip; } \
		|| { rm -rf .venv; echo "Python's venv module is missing (Debian: apt install python3-venv)"; exit 1; }
