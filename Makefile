# Two commands do everything: `make demo` and `make test`. Each sets up what it needs.

VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.PHONY: demo test check bench soak clean

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

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache demo-data

$(VENV)/ready-%: pyproject.toml constraints.txt scripts/make-venv
	@scripts/make-venv $(VENV) $*
	@touch $@
