# The two commands of the README, and what a developer needs beside them.
#   make demo   runtime dependencies only, then the main job on embedded defaults
#   make test   everything, with seeded samples of the long tests
#   make soak   the long tests at their full size, and on PostgreSQL all that `make test` draws lots for
#   make screenshots   docs/img, from the console on the demo's data

# The first Python on the path that is new enough and starts.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 && echo $$p && break; done)
# So many processes test: one for each core, from two to four (each has a PostgreSQL of its own).
WORKERS ?= $(shell n=$$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2); \
  [ "$$n" -ge 2 ] 2>/dev/null || n=2; [ "$$n" -le 4 ] || n=4; echo $$n)
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test soak lint bench screenshots clean

$(BIN)/python:
	@echo "== Making a Python environment in $(VENV)"
	@[ -n "$(PYTHON)" ] \
	  || { echo "Python 3.11 or newer is needed. Set PYTHON=/path/to/python3.11"; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	  || { rm -rf $(VENV); echo "python3 -m venv failed. On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }

$(VENV)/.runtime: pyproject.toml | $(BIN)/python
	@echo "== Installing the gateway and what it needs to run (about half a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(BIN)/python
	@echo "== Installing the gateway and its test tools (about a minute)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@touch $@ $(VENV)/.runtime

demo: $(VENV)/.runtime
	@$(BIN)/gateway demo $(DEMO_ARGS)

lint: $(VENV)/.dev
	@echo "== Format, lint, types"
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy

test: $(VENV)/.dev lint
	@echo "== Tests (seeded samples of the long ones; make soak runs their full sizes)"
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadfile --no-loadscope-reorder

soak: $(VENV)/.dev
	@echo "== The long tests at their full size"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[fuzz]'
	SOAK=1 $(BIN)/python -m pytest -vv -m "long or postgres" -n $(WORKERS) --dist loadfile \
	  --no-loadscope-reorder -o timeout=3600 --durations=40
	$(BIN)/python tests/fuzz/fuzz_reader.py --seconds 600
	$(BIN)/python -m benchmarks.office
	$(BIN)/python -m benchmarks.office --database sqlite --readers 18 --writers 2 --payments 20000

bench: $(VENV)/.dev
	@$(BIN)/python -m benchmarks

screenshots: $(VENV)/.dev
	@$(BIN)/python docs/screenshots.py

clean:
	rm -rf $(VENV) .demo build dist .mypy_cache .ruff_cache .pytest_cache
