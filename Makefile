# make demo    both commands on real maps, in a headless session of the ChimeraX library
#              (make demo MAP=file CLAIMED=3.2 for a map of your own)
# make test    everything: lint, types, tests with coverage
# make lint    ruff and mypy only
# make bench   speed and memory

# The ChimeraX library exists for this Python only; the core itself runs on 3.10 to 3.13.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
REQUIREMENTS := requirements.txt requirements-chimerax.txt requirements-dev.txt
HAS_PYTHON = $(shell $(PYTHON) -c 'import sys; print(sys.version_info[:2] == (3, 11))' 2>/dev/null)

.PHONY: demo test lint bench

demo: $(READY)
	$(BIN)/python examples/demo.py $(if $(MAP),--map "$(MAP)") $(if $(CLAIMED),--claimed $(CLAIMED))

test: lint
	$(BIN)/python -m pytest --cov=src/mapres --cov-fail-under=90

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(READY)
	for script in benchmarks/*.py; do $(BIN)/python $$script || exit 1; done

$(READY): $(REQUIREMENTS) setup.py bundle_info.xml
	$(if $(filter True,$(HAS_PYTHON)),,$(error python3.11 was not found: install Python 3.11, or say where it is with "make PYTHON=/path/to/python3.11"))
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --no-deps $(REQUIREMENTS:%=-r %)
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@
