# make demo    both commands on real maps, in a headless session of the ChimeraX library
#              (make demo MAP=file CLAIMED=3.2 for a map of your own)
# make test    everything: lint, types, tests with coverage, other Pythons
# make lint    ruff and mypy only
# make pythons the core's tests under every other Python that is found, 3.10 and newer
# make bench   speed and memory, agreement with the original programs
#              (make bench BASE=fd3c706 for the ratios to that commit)

# The ChimeraX library exists for this Python only; the core itself runs on 3.10 and newer.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
# What runs, and what it is tested and trained with.
READY := $(VENV)/ready
TESTABLE := $(VENV)/testable
TO_RUN := requirements.txt requirements-chimerax.txt
TO_TEST := requirements-train.txt requirements-dev.txt
PIP := $(BIN)/python -m pip install --quiet --no-deps
HAS_PYTHON = $(shell $(PYTHON) -c 'import sys; print(sys.version_info[:2] == (3, 11))' 2>/dev/null)

.PHONY: demo test lint pythons bench

demo: $(READY)
	$(BIN)/python tools/demo.py $(if $(MAP),--map "$(MAP)") $(if $(CLAIMED),--claimed $(CLAIMED))

test: lint
	$(BIN)/python -m pytest -n 2 --dist loadfile --cov=src/mapres --cov-fail-under=90
	$(BIN)/python tools/pythons.py --quick

lint: $(TESTABLE)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

pythons: $(TESTABLE)
	$(BIN)/python tools/pythons.py

bench: $(TESTABLE)
	$(BIN)/python benchmarks/compare.py $(if $(BASE),--base $(BASE)) $(if $(RUNS),--runs $(RUNS))
	for script in scaling monores blocres responsiveness; do \
		$(BIN)/python benchmarks/$$script.py || exit 1; done

$(READY): $(TO_RUN) setup.py bundle_info.xml
	$(if $(filter True,$(HAS_PYTHON)),,$(error python3.11 was not found: install Python 3.11, or say where it is with "make PYTHON=/path/to/python3.11"))
	$(PYTHON) -m venv $(VENV)
	$(PIP) $(TO_RUN:%=-r %)
	$(PIP) --no-build-isolation --editable .
	touch $@

$(TESTABLE): $(READY) $(TO_TEST)
	$(PIP) $(TO_TEST:%=-r %)
	touch $@
