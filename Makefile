# Everything runs in .venv, which is made on first use. `make` alone lists the targets.
SHELL := /bin/bash
PYTHON ?= python3
ARGS ?=
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check install -q
LOCK := mkdir -p build && flock build/.lock
SAN := address,undefined
# what runs in the sanitized build: the native core's own tests, and of the ops those that call kernels
SAN_TESTS ?= tests/ext tests/core tests/ops -k "not test_ops or kernel or elements"
-include local.mk

.DEFAULT_GOAL := help
.PHONY: help venv build train test test-long lint format docs san bench conformance clean

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  options: PYTHON=python3.12 for another interpreter; ARGS='...' goes to the command"

$(PY):
	$(PYTHON) -m venv $(VENV)

$(VENV)/.package: pyproject.toml setup.py | $(PY)
	@echo "installing workbench and what it needs into $(VENV)"
	@$(PIP) "setuptools>=77" wheel "cython>=3.1,<4" "numpy>=2.0"
	@$(LOCK) $(PY) setup.py -q build_ext --inplace
	@$(LOCK) $(PIP) --no-build-isolation -e .
	@touch $@

$(VENV)/.tests: pyproject.toml $(VENV)/.package
	@$(PIP) --no-build-isolation -e ".[test]"
	@touch $@

$(VENV)/.lint: pyproject.toml $(VENV)/.package
	@$(PIP) --no-build-isolation -e ".[lint]"
	@touch $@

$(VENV)/.docs: pyproject.toml $(VENV)/.package
	@$(PIP) --no-build-isolation -e ".[docs]"
	@touch $@

venv: $(VENV)/.package  ## make .venv and install the package into it, editable

build: $(VENV)/.package  ## compile what changed
	@$(LOCK) $(PY) setup.py -q build_ext --inplace

train: build  ## train the ResNet recipe; ARGS="trainer.epochs=3 data=mnist5k"
	$(PY) -m workbench.experiments.cli train +recipe=resnet $(ARGS)

test: $(VENV)/.tests build  ## run the test suite, in two processes; ARGS="-k conv" in one
	$(PY) -m pytest $(if $(ARGS),$(ARGS),-n 2 --dist worksteal)

test-long: $(VENV)/.tests build  ## run the tests that take minutes, which `make test` leaves out
	$(PY) -m pytest -m long $(ARGS)

lint: $(VENV)/.lint build  ## ruff, mypy and cython-lint
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	PATH=$(VENV)/bin:$$PATH cython-lint ext
	$(VENV)/bin/mypy

format: $(VENV)/.lint  ## let ruff order imports and format
	$(VENV)/bin/ruff check --fix
	$(VENV)/bin/ruff format

san: build $(VENV)/.tests  ## the native tests under AddressSanitizer and UBSan, in a build of their own for this machine's level
	level=$$($(PY) -c "from workbench.ext.core import level; print(level)") && \
	WORKBENCH_LEVELS=$$level WORKBENCH_SANITIZE=$(SAN) $(PY) setup.py -q build --build-base build/san --build-lib build/san/lib
	PYTHONPATH=build/san/lib PYTHONMALLOC=malloc WORKBENCH_SANITIZE=$(SAN) \
	LD_PRELOAD="$$(gcc -print-file-name=libasan.so) $$(gcc -print-file-name=libubsan.so)" \
	ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1:strict_string_checks=1 UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 \
	$(PY) -m pytest -q -s -p no:cacheprovider $(SAN_TESTS) $(ARGS)

docs: build $(VENV)/.docs  ## the book with the API reference, into build/docs/html
	rm -rf build/docs
	$(PY) docs/reference.py build/docs/source
	$(VENV)/bin/sphinx-build -q -j auto -W --keep-going -c docs build/docs/source build/docs/html

bench: build  ## compare with torch, where it is installed
	$(PY) -m workbench.experiments.cli bench $(ARGS)

conformance: $(VENV)/.tests build  ## run PyTorch's own samples, where it is installed, in two processes, and write docs/conformance.md
	rm -f build/conformance-*.json
	$(PY) -m tests.conformance --part 0/2 --json build/conformance-0.json $(ARGS) & \
	$(PY) -m tests.conformance --part 1/2 --json build/conformance-1.json $(ARGS) && wait $$!
	$(PY) -m tests.conformance.report

clean:  ## remove what was built; .venv and runs stay
	rm -rf build dist *.egg-info ext/core/_core*.so $(VENV)/.package $(VENV)/.tests $(VENV)/.lint $(VENV)/.docs
