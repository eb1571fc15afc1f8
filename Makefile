# Each target sets up what it needs: only python3 >= 3.11 with venv is taken for granted.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export LITELLM_LOCAL_MODEL_COST_MAP := True
export LANGSMITH_TRACING := false

.PHONY: demo test openai3 peers soak fuzz bench instructions lint audit clean

demo: $(VENV)/demo.stamp
	@$(BIN)/python docs/demo.py

test: $(VENV)/test.stamp
	$(BIN)/python -m pytest

openai3: .venv-openai3/test.stamp
	.venv-openai3/bin/python -m pytest --ignore tests/litellm

# What other clients make of Kimi: writes tests/peers/results.json and docs/features.md.
peers: .venv-peers-a/peers.stamp .venv-peers-b/peers.stamp
	.venv-peers-a/bin/python -m tests.peers
	.venv-peers-b/bin/python -m tests.peers lc-moonshot

# Hundreds of streams at once, in five minutes: writes docs/load.md, which says why one
# arena. The last two run shorter: they differ in the transport alone.
soak: $(VENV)/test.stamp .venv-soak/soak.stamp .venv-openai3/test.stamp
	MALLOC_ARENA_MAX=1 $(BIN)/python -m tests.load
	MALLOC_ARENA_MAX=1 .venv-soak/bin/python -m tests.load --seconds 30
	MALLOC_ARENA_MAX=1 .venv-openai3/bin/python -m tests.load --seconds 30

# Inputs that a machine thinks of, a minute of CPU for each target: writes
# docs/fuzzing.md. Say more with FUZZ='decoder --seconds 1800'.
fuzz: .venv-fuzz/fuzz.stamp
	.venv-fuzz/bin/python -m tests.fuzz $(FUZZ)

.venv-fuzz/fuzz.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-fuzz
	.venv-fuzz/bin/python -m pip install --quiet -c constraints.txt -e '.[fuzz]'
	@touch $@

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright
	$(BIN)/lint-imports

# Published vulnerabilities of what is allowed and pinned: pip-audit where it is installed
# and reaches its database, and always the list in tests/data/advisories.json.
audit: $(VENV)/test.stamp
	$(BIN)/python -m tests.audit

# CPU beside other clients, in ten minutes or more: writes docs/performance.md.
bench: .venv-bench/bench.stamp
	.venv-bench/bin/python -m tests.benchmarks

# Instructions of fixed workloads against tests/benchmarks/instructions.json.
instructions: $(VENV)/test.stamp
	$(BIN)/python -m tests.benchmarks.instructions

clean:
	rm -rf .venv .venv-*

# A stamp is as new as the set-up that it stands for: a second run installs nothing.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	  "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + \
	  ": try make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/demo.stamp: pyproject.toml constraints.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[demo,litellm]'
	@touch $@

$(VENV)/test.stamp: $(VENV)/demo.stamp
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[test,proxy]'
	@touch $@

$(VENV)/dev.stamp: $(VENV)/test.stamp
	$(BIN)/python -m pip install --quiet -c constraints.txt -e '.[dev]'
	@touch $@

# litellm pins openai<3, so the other major has an environment without it; and with
# aiohttp, over which its async calls go.
.venv-openai3/test.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-openai3
	grep -v '^openai==' constraints.txt > .venv-openai3/constraints.txt
	.venv-openai3/bin/python -m pip install --quiet -c .venv-openai3/constraints.txt \
	  -e '.[test,aiohttp]' 'openai==3.54.0'
	@touch $@

# Two environments, since two of the clients install the same module.
.venv-peers-%/peers.stamp: tests/peers/requirements-%.txt pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-peers-$*
	.venv-peers-$*/bin/python -m pip install --quiet -c constraints.txt \
	  -r $< -e .
	@touch $@

.venv-soak/soak.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-soak
	.venv-soak/bin/python -m pip install --quiet -c constraints.txt -e '.[aiohttp]'
	@touch $@

# The peers, which the tests do not need: langchain-litellm pins openai<3.
.venv-bench/bench.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet -c constraints.txt -e '.[bench]'
	@touch $@

# The same tests, or some of them, on another Python: make other PYTHON=python3.13
OTHER := .venv-$(notdir $(PYTHON))
.PHONY: other
other: $(OTHER)/test.stamp
	$(OTHER)/bin/python -m pytest $(TESTS)

$(OTHER)/test.stamp: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(OTHER)
	$(OTHER)/bin/python -m pip install --quiet -c constraints.txt -e '.[test,proxy]'
	@touch $@
