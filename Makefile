# callclock. `make` alone explains every target.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
PY := .venv/bin/python
UV := .venv/bin/uv
export AWS_EC2_METADATA_DISABLED := true
export SAM_CLI_TELEMETRY := 0
WORKERS ?= 2
# What the page draws its charts with, bundled from a wheel (docs/decisions/0006-page-libraries.md).
CHARTS := layers/callclock/python/callclock/scorecard/libraries.js

.PHONY: help
help: ## Explain the targets
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Use
.PHONY: demo
demo: setup ## Play a simulated year through the embedded AWS; figures, mails, page and files
	@.venv/bin/callclock demo

##@ Prove
.PHONY: test
test: setup ## Every test that needs no engine of its own (real exports too, where CALLCLOCK_REAL_DATA names them)
	@$(PY) -m pytest -q -n $(WORKERS) --dist worksteal

.PHONY: check
check: lint types architecture template ## Lint, types, import rules, template

.PHONY: lint
lint: setup
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .

.PHONY: types
types: setup
	@$(PY) -m mypy layers/callclock/python/callclock local functions/intake/app.py
	@for f in measure notify report; do $(PY) -m mypy functions/$$f/app.py || exit 1; done

.PHONY: architecture
architecture: setup
	@PYTHONPATH=layers/callclock/python:. .venv/bin/lint-imports --no-cache

.PHONY: template
template: setup build/tools/checkov/.stamp build/tools/sam/.stamp
	@.venv/bin/cfn-lint template.yaml
	@AWS_DEFAULT_REGION=eu-west-2 build/tools/sam/bin/sam validate --lint --template template.yaml
	@build/tools/checkov/bin/checkov --config-file .checkov.yaml -f template.yaml

.PHONY: portable
portable: setup build/tools/chdb/.stamp ## Work every measure out on a second engine, chDB, and compare (half a gigabyte to install)
	@rm -rf build/portable
	@$(PY) -m tests.portable build/portable
	@build/tools/chdb/bin/python tests/portable/on_chdb.py build/portable

.PHONY: fuzz
fuzz: setup ## 100,000 dirty files on every core, each held against what was written; goes on where it stopped (FUZZ="--minutes 10")
	@$(PY) -m tests.fuzz $(FUZZ)

.PHONY: worlds
worlds: setup ## Publish many made-up forces, and audit each by linear programmes (minutes; WORLDS=200 for more)
	@WORLDS=$(or $(WORLDS),60) $(PY) -m pytest -q tests/property/test_nothing_follows.py

.PHONY: bench
bench: setup .venv/.bench ## Speed and memory as ratios within one run: table, and build/bench.json (half an hour)
	@POLARS_MAX_THREADS=1 $(PY) -m benchmarks $(BENCH)

##@ Build and deploy
.PHONY: setup
setup: .venv/.stamp $(CHARTS) build/layers/.stamp ## Make the environment and the local layers (all other targets do it by themselves)

.venv/.stamp: requirements/dev.txt requirements/uv.txt pyproject.toml scripts/find-python
	@python=$$(scripts/find-python) && echo "setting up with $$python" && rm -rf .venv && "$$python" -m venv .venv
	@$(PY) -m pip -q --disable-pip-version-check install --require-hashes -r requirements/uv.txt
	@$(UV) pip install -q --python $(PY) --require-hashes -r requirements/dev.txt
	@$(UV) pip install -q --python $(PY) --no-deps --no-build-isolation --editable .
	@touch $@

$(CHARTS): .venv/.stamp local/page_libraries.py
	@$(PY) -m local.page_libraries

build/layers/.stamp: .venv/.stamp requirements/base.txt requirements/arrow.txt requirements/runtime.txt
	@$(PY) -m local.layers local
	@touch $@

.venv/.bench: requirements/bench.txt .venv/.stamp
	@$(UV) pip install -q --python $(PY) --require-hashes -r requirements/bench.txt
	@touch $@

build/tools/%/.stamp: requirements/%.txt .venv/.stamp
	@$(UV) venv -q --allow-existing --python $(PY) build/tools/$*
	@$(UV) pip install -q --python build/tools/$*/bin/python --require-hashes -r requirements/$*.txt
	@touch $@

.PHONY: layers
layers: setup ## Build the layers for Lambda and fail when they outgrow its limit
	@$(PY) -m local.layers deploy

.PHONY: glue
glue: setup ## Write the Glue tables of template.yaml anew from contracts.py
	@$(PY) -m local.glue template.yaml

.PHONY: docs
docs: setup ## Write docs/metrics.md and the lock of the definitions anew (SAME="why": texts changed, no value did)
	@$(PY) -m local.explained --same "$(SAME)"

.PHONY: athena
athena: setup ## Write the texts that Athena runs, athena/*.sql, anew from the SQL of the measures
	@$(PY) -m local.athena_sql

.PHONY: deploy
deploy: layers build/tools/sam/.stamp ## Deploy into the AWS account of your credentials (asks first)
	@build/tools/sam/bin/sam deploy --guided --template template.yaml --capabilities CAPABILITY_IAM

.PHONY: lock
lock: setup ## Resolve requirements/*.in anew, with hashes
	@for n in uv base arrow runtime dev bench checkov sam chdb; do \
	  $(UV) pip compile -q --universal --python-version 3.12 --generate-hashes --no-header requirements/$$n.in -o requirements/$$n.txt || exit 1; done

.PHONY: clean
clean: ## Remove everything that was built
	@rm -rf build .venv $(CHARTS) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
