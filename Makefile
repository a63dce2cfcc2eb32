# Two commands do everything: `make demo` and `make test`. Each sets up what it needs.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test check bench soak mutation fuzz audit test-arm64 bundle-agent bundle-centre clean

demo: $(VENV)/ready-demo
	@exec $(BIN)/qingliu demo $(ARGS)

test: $(VENV)/ready-test
	@scripts/install-test-servers
	PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -m "not soak" -n 4 --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(VENV)/ready-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/ready-test
	@scripts/install-test-servers
	@$(BIN)/python benchmarks/run_benches.py $(ARGS)

soak: $(VENV)/ready-test
	@scripts/install-test-servers
	$(BIN)/pytest -m soak --timeout 7200 $(ARGS)

# Changes rooms in a copy and counts what their tests notice: make mutation ARGS="telemetry outbox"; docs/mutation.md.
mutation: $(VENV)/ready-test
	$(BIN)/python scripts/mutation $(ARGS)

# Hostile input for every decoder, guided by coverage: docs/hostile-input.md.
fuzz: $(VENV)/ready-fuzz
	@$(BIN)/python tests/hostile/fuzz.py $(ARGS)

# What is installed is what is pinned, whole, asked for and licensed.
audit: $(VENV)/ready-test
	@$(BIN)/python scripts/audit $(ARGS)

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
