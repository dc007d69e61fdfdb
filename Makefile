# Everything a contributor or a curious seller runs. Needs Python 3.11+ and make.
#   make demo PORT=9000            another port
#   make test ARGS="-k refund"     arguments for pytest
#   make demo PYTHON=/opt/py/bin/python3

VENV := .venv
# The Stripe double of the tests is GPL and stays in an environment of its own.
DOUBLES := .venv-doubles
PY := $(VENV)/bin/python
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_REQUIRE_VIRTUALENV := 0
export PIP_USER := 0

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help demo test test-faults lint bench lock shots

# A virtual environment whose Python is gone or was replaced is made anew.
ifneq ($(shell $(PY) -c "import pip; print('usable')" 2>/dev/null),usable)
$(shell rm -f $(VENV)/*.stamp)
endif
ifneq ($(shell $(DOUBLES)/bin/python -c "import localstripe; print('usable')" 2>/dev/null),usable)
$(shell rm -f $(DOUBLES)/doubles.stamp)
endif

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile

demo: $(VENV)/base.stamp ## run the shop with example data on 127.0.0.1:8000 (PORT=)
	@$(PY) manage.py demo

test: $(VENV)/test.stamp $(DOUBLES)/doubles.stamp ## run every test on SQLite and PostgreSQL (ARGS=)
	@$(PY) -m tests.run $(ARGS)

test-faults: $(VENV)/test.stamp $(DOUBLES)/doubles.stamp ## races and faults at length, half an hour or more (ARGS=)
	@$(PY) -m tests.run --long -m "concurrency or faults" $(ARGS)

bench: $(VENV)/test.stamp ## measure an order into docs/benchmarks (ARGS=--quick)
	@$(PY) -m tests.benchmarks $(ARGS)

shots: $(VENV)/test.stamp ## photograph a running demo into docs/screenshots (BASE_URL=)
	@$(PY) -m scripts.shots

lint: $(VENV)/dev.stamp ## style, types, import direction, settings, container files
	@PATH="$(CURDIR)/$(VENV)/bin:$$PATH" sh scripts/lint.sh

lock: ## renew requirements/*.txt (UPGRADE=1 moves to the newest versions)
	@sh scripts/create-venv.sh $(VENV)-lock
	@$(VENV)-lock/bin/python -m pip install --quiet 'uv>=0.9'
	@sh scripts/lock.sh $(VENV)-lock/bin/uv $(if $(UPGRADE),--upgrade)

# The three locks agree on every version, so the larger set includes the smaller.
INCLUDES_base := base
INCLUDES_test := base test
INCLUDES_dev := base test dev

$(VENV)/%.stamp: requirements/%.txt
	@sh scripts/create-venv.sh $(VENV)
	@echo "Installing $< into $(VENV) (once) ..."
	@$(PY) -m pip install --quiet --require-hashes -r $<
	@touch $(INCLUDES_$*:%=$(VENV)/%.stamp)

$(DOUBLES)/doubles.stamp: requirements/doubles.txt
	@sh scripts/create-venv.sh $(DOUBLES)
	@echo "Installing $< into $(DOUBLES) (once) ..."
	@$(DOUBLES)/bin/python -m pip install --quiet --require-hashes -r $<
	@touch $@
