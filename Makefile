# make live     set up what the show needs, once, and start it; ARGS="--input demo --seconds 20"
# make test     set up what the tests need, once, and run them; ARGS="-k tempo"
# make check    everything a change must pass: format, lint, types, import directions, tests
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
SETUP := $(PYTHON) tools/setup_env.py --runtime $(RUNTIME)

.PHONY: live test check format lock

live:
	@$(SETUP)
	@$(BIN)/posejockey live $(ARGS)

test:
	@$(SETUP) --tests
	@$(BIN)/python -m pytest $(ARGS)

check:
	@$(SETUP) --tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/python -m pytest $(ARGS)

format:
	@$(SETUP) --tests
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock:
	$(PYTHON) tools/setup_env.py --lock
