# What a developer types. `make` alone lists it. Everything runs in .venv; `make venv` makes that.
.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
# A folder, a file or a test: make test T=tests/domain; nothing is all of them
T ?=
# make bench B=bench_http ARGS='--rounds 200'
B ?= bench_http
ARGS ?=

.PHONY: help venv test test-fast test-pure lint format types imports docs golden bench

help:  ## list the targets
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

venv:  ## make .venv with everything that tests and checks need
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q -e '.[test]'

test:  ## run all tests on every core, or those under T in one process (T=tests/domain)
	$(BIN)/python -m pytest -q $(T)

test-fast:  ## run the tests under T that need no real PowerShell hosts
	$(BIN)/python -m pytest -q -n 0 -m 'not winhost' $(T)

test-pure:  ## run the tests that need nothing but this process
	$(BIN)/python -m pytest -q -m pure

lint:  ## hold code against the rules: ruff, mypy, import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format:  ## format the code, and mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs:  ## run every command of README.md and docs/
	$(BIN)/python -m pytest -q tests/docs

golden:  ## write the screens' golden files anew; then read the diff
	FLEETCHECK_TEST_GOLDEN=1 $(BIN)/python -m pytest -q -n 0 tests/report
	git diff --stat -- '*golden*'

bench:  ## run one benchmark (B=bench_http ARGS='--rounds 200')
	$(BIN)/python -m tests.bench.$(B) $(ARGS)
