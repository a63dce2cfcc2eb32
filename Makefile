# Two commands do everything: `make demo` and `make test`. Each sets up what it needs.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test check bench soak test-arm64 bundle-agent bundle-centre clean

demo: $(VENV)/ready-demo
	@exec $(BIN)/qingliu demo $(ARGS)

test: $(VENV)/ready-test
	@scripts/install-test-servers
	$(BIN)/pytest -m "not soak" -n 3 --dist loadfile $(ARGS)

check: $(VENV)/ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/ready-test
	@scripts/install-test-servers
	@for each in benchmarks/bench_*.py; do $(BIN)/python $$each || exit 1; done

soak: $(VENV)/ready-test
	@scripts/install-test-servers
	$(BIN)/pytest -m soak --timeout 3600 $(ARGS)

# Offline archives in dist/: docs/install-notes.md says what is in them.
bundle-agent: $(VENV)/ready-edge
	@scripts/bundle agent $(ARGS)

bundle-centre: $(VENV)/ready-edge
	@scripts/bundle centre $(ARGS)

# The agent's archive on an aarch64 Debian made from nothing; the first time takes some minutes and needs root.
test-arm64: $(VENV)/ready-test
	@scripts/install-test-servers --arm64
	$(BIN)/pytest -m soak -s --timeout 3600 $(ARGS) tests/test_install_arm64.py

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache demo-data

$(VENV)/ready-%: pyproject.toml constraints.txt scripts/make-venv
	@scripts/make-venv $(VENV) $*
	@touch $@
