# Two commands do everything on a fresh machine: make demo, make test.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed

.PHONY: help setup demo test test-fast lint models demo-day evaluate docs clean
.DEFAULT_GOAL := help

help:  ## What can be made
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(STAMP)  ## .venv with the callqa command in it (first time: some minutes and 6 GB)

$(STAMP): pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -c constraints.txt -e '.[dev,train,postgres]'
	touch $@

demo: setup  ## Score the shipped demo day; says where the workbook and the page are
	$(BIN)/callqa demo

test: setup  ## All tests
	$(BIN)/python -m pytest -n 2 --dist loadgroup

test-fast: setup  ## The tests that take seconds
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow and not engine and not browser and not postgres"

lint: setup  ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

models: setup  ## Train the demo models again, from nothing (minutes with a GPU, hours on two cores)
	$(BIN)/python -m models.train.asr --out models/demo/asr
	$(BIN)/python -m models.train.diarization --out models/demo/diarization
	$(BIN)/python -m models.train.pin

demo-day: setup  ## Render the demo day again from its scripts (needs espeak-ng)
	$(BIN)/python -m pipeline.callsim.demo_day

evaluate: setup  ## Both demo models on the held-out sets
	$(BIN)/python -m models.train.evaluate

docs: setup  ## The generated pages: measures, tables, rulebook
	$(BIN)/python -m pipeline.measures.docs
	$(BIN)/python -m pipeline.report.tables_doc
	$(BIN)/callqa rules docs --out docs/rulebook.md

clean:  ## Forget caches and results, keep .venv
	rm -rf results .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
