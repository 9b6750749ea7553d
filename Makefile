# `make help` lists the targets. Each does the set-up that it needs; nothing is installed outside this folder
# but the starter models, which go to the per-user cache.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
DEMO := .demo
PLUGIN := obsidian-plugin

# gcc 12 forgets the stores that set up the tiles (`_tile_loadconfig`): llama.cpp then ends with SIGILL where there is AMX.
NO_AMX := $(if $(filter x86_64,$(shell uname -m)),-mno-amx-tile -mno-amx-int8 -mno-amx-bf16)

# Compiled files are kept, whatever the environment says: each test worker and each daemon of a test reads them.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo vault test check lint types unit plugin-test bench torture lock clean

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

setup: $(VENV)/.ready $(VENV)/.models $(PLUGIN)/main.js ## Build .venv and the plugin from the lock files, fetch the starter models

$(VENV)/.ready: requirements.lock pyproject.toml
	$(PYTHON) -m venv $(VENV)
	CFLAGS="$$CFLAGS $(NO_AMX)" CXXFLAGS="$$CXXFLAGS $(NO_AMX)" \
		$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.models: $(VENV)/.ready daemon/engines/files/registry.py
	$(BIN)/famulus models pull --starter
	@touch $@

$(PLUGIN)/node_modules/.ready: $(PLUGIN)/package-lock.json
	cd $(PLUGIN) && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

$(PLUGIN)/main.js: $(PLUGIN)/node_modules/.ready $(shell find $(PLUGIN)/src -name '*.ts' 2>/dev/null) $(PLUGIN)/esbuild.config.mjs $(PLUGIN)/package.json
	cd $(PLUGIN) && npm run --silent build

demo: setup ## Serve a fresh copy of the sample vault and show what to try
	rm -rf $(DEMO) && mkdir -p $(DEMO) && cp -r docs/sample-vault $(DEMO)/vault
	find $(DEMO)/vault -name '*.md' -exec touch -d '30 days ago' {} +
	$(BIN)/famulus serve --vault $(DEMO)/vault --data-dir $(DEMO)/data --config docs/profiles/demo.toml $(ARGS)

vault: setup ## Serve your own vault: make vault VAULT=/path/to/vault
	@test -n "$(VAULT)" || { echo "No vault was named. Run: make vault VAULT=/path/to/vault" >&2; exit 2; }
	$(BIN)/famulus serve --vault "$(VAULT)" $(ARGS)

lint: $(VENV)/.ready
	$(BIN)/ruff check . && $(BIN)/ruff format --check .

types: $(VENV)/.ready
	$(BIN)/mypy

check: lint types $(VENV)/.models ## Lint, types, and the tests that are not marked slow, with fewer examples
	$(BIN)/pytest -m 'not slow'

plugin-test: $(PLUGIN)/node_modules/.ready
	cd $(PLUGIN) && npm run --silent check

test: setup lint types plugin-test ## Lint, types and all tests of both languages
	$(BIN)/pytest

$(VENV)-peers/.ready: tests/bench/peers/requirements.txt
	$(PYTHON) -m venv $(VENV)-peers
	$(VENV)-peers/bin/python -m pip install --quiet -r $<
	@touch $@

bench: setup $(VENV)-peers/.ready ## Measure retrieval, indexing and answers; results in docs/benchmarks.md
	$(BIN)/python -m tests.bench

torture: $(VENV)/.models ## Break the daemon some hundred times and count lost bytes: ARGS="--rounds N --seed S --only NAME"
	$(BIN)/python -m tests.torture $(ARGS)

lock: ## Write requirements.lock anew from pyproject.toml
	$(BIN)/pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras --no-header \
		--no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o requirements.lock pyproject.toml

clean: ## Remove what the other targets made
	rm -rf $(VENV) $(VENV)-peers $(DEMO) $(PLUGIN)/node_modules $(PLUGIN)/main.js
