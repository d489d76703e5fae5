# make live     set up what the show needs, once, and start it; ARGS="--input demo --seconds 20"
# make studio   set up what the studio's pages need, once, and open them; ARGS="--port 7411"
# make test     set up what the tests need, once, and run them on all cores; ARGS="-k tempo"
# make slow     the tests that take long: real shows against real time, one by one
# make bare     those of the rooms that meet the machine, as without sound, display, OpenGL, receivers
# make lint     format, lint, types, import directions, calls that one system lacks
# make check    everything a change must pass: lint, test, slow
#
# The set-up itself is tools/setup_env.py, so that a system without make can run it too.
# RUNTIME=cpu keeps the set-up from taking onnxruntime-gpu on a machine with an NVIDIA card.

PYTHON ?= python3
RUNTIME ?= auto
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
# Arithmetic alone: these cannot tell one machine from another, and take half of the time.
PURE := benchmarks export model live/beat live/body live/dance live/osc
SETUP := $(PYTHON) tools/setup_env.py --runtime $(RUNTIME)

.PHONY: live studio test slow bare lint check format lock

live:
	@$(SETUP)
	@$(BIN)/posejockey live $(ARGS)

studio:
	@$(SETUP) --studio
	@$(BIN)/posejockey studio $(ARGS)

test:
	@$(SETUP) --tests
	@$(BIN)/python -m pytest -n auto --durations=15 $(ARGS)

slow:
	@$(SETUP) --tests
	@$(BIN)/python -m pytest -m slow --durations=15 $(ARGS)

bare:
	@$(SETUP) --tests
	@$(BIN)/python tools/run_bare.py $(BIN)/python -m pytest -n auto $(PURE:%=--ignore=tests/%) $(ARGS)

lint:
	@$(SETUP) --tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python tools/portable.py

check: lint test slow

format:
	@$(SETUP) --tests
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:
	$(PYTHON) tools/setup_env.py --lock
