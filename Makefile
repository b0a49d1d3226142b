# Needs make and python3 (>= 3.10); everything else comes from the package index into .venv.
PYTHON ?= python3
UV_VERSION := 0.13.9
BIN := .venv/bin
ROUNDS ?= 10
SHARES ?= 5000
ARGS ?=

export UV_PYTHON_DOWNLOADS := never
export UV_LINK_MODE := copy
export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON := $(BIN)/python
unexport VIRTUAL_ENV

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo stack stack-tools test test-stack faults lint format bench corpus soak clean

help: ## say what can be made
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' \
	  | awk -F '\t' '{ printf "make %-11s %s\n", $$1, $$2 }'

setup: .venv/.synced ## put everything that is needed into .venv

.venv/.uv-$(UV_VERSION):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' \
	  || { echo "make: $(PYTHON) is older than 3.10; name another with PYTHON=..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv \
	  || { echo "make: $(PYTHON) cannot make environments (Debian: install python3-venv)" >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

# --inexact: what test-stack added stays.
.venv/.synced: .venv/.uv-$(UV_VERSION) pyproject.toml uv.lock
	@$(BIN)/uv sync --quiet --frozen --inexact
	@touch $@

.venv/.synced-stack: .venv/.synced
	@$(BIN)/uv sync --quiet --frozen --inexact --group stack
	@touch $@

demo: setup ## show who got what from an unchanged site; SERVE=1 keeps it up
	@$(BIN)/python -m examples.demo $(ARGS)

stack: setup ## run site, collector, Jaeger, PostgreSQL and Prometheus; Ctrl-C ends it
	@$(BIN)/python -m tools.stack $(ARGS)

stack-tools: setup ## build the collector and Jaeger with Go, fetch PostgreSQL, once; about 15 minutes
	@$(BIN)/python -m tools.stack build

test: setup ## check style and types, run the tests
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python -m pytest -m "not stack" -n auto --dist loadfile $(ARGS)

test-stack: .venv/.synced-stack ## run the tests that need a browser, Go or a server
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || { echo "make: test-stack needs chromium (Debian: apt-get install chromium)" >&2; exit 1; }
	@command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
	  || { echo "make: test-stack needs PostgreSQL (Debian: apt-get install postgresql)" >&2; exit 1; }
	@command -v prometheus >/dev/null && command -v promtool >/dev/null \
	  || { echo "make: test-stack needs Prometheus (Debian: apt-get install prometheus)" >&2; exit 1; }
	@command -v npm >/dev/null \
	  || { echo "make: test-stack needs node and npm (Debian: apt-get install npm)" >&2; exit 1; }
	@ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 \
	  || { echo "make: test-stack needs libfaketime (Debian: apt-get install libfaketime)" >&2; exit 1; }
	@$(BIN)/python -m tools.stack build >/dev/null
	$(BIN)/python -m pytest -m stack $(ARGS)

faults: .venv/.synced-stack ## break every part between site and store, SHARES each time
	@$(BIN)/python -m tools.stack build >/dev/null
	SST_FAULT_SHARES=$(SHARES) $(BIN)/python -m pytest -m stack tests/faults $(ARGS)

lint: setup ## check style and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

format: setup ## put the sources into shape
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: setup ## measure what tracking costs
	@$(BIN)/python benchmarks/matching.py
	@$(BIN)/python benchmarks/calls.py
	@$(BIN)/python benchmarks/redaction.py
	@$(BIN)/python benchmarks/overhead.py $(ARGS)

corpus: setup ## run the corpus, print what each layer of the engine finds
	@$(BIN)/python -m tests.corpus $(ARGS)

soak: setup ## repeat tests and demo ROUNDS times, each with a seed of its own
	@for round in $$(seq $(ROUNDS)); do \
	  echo "round $$round of $(ROUNDS)"; \
	  SST_SOAK_REQUESTS=5000 $(BIN)/python -m pytest -m "not stack" --hypothesis-seed=$$round $(ARGS) || exit 1; \
	  $(BIN)/python -m examples.demo --dir .run/soak > /dev/null || exit 1; \
	done

clean: ## remove all that was made
	rm -rf .venv .venv-* .demo .bench .run .stack-tools .hypothesis build dist
	rm -rf .mypy_cache .ruff_cache .pytest_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
