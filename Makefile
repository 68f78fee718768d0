# Everything from a fresh clone, with nothing but Python >= 3.11 and make.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test coverage notebooks docs lint claims baselines bench clean

demo: $(VENV)/installed
	$(BIN)/banditlab run experiments/quickstart.toml

test: $(VENV)/tested
	$(BIN)/pytest -q -n auto -m "not claims"
	$(MAKE) notebooks

# Without compilation, so that coverage sees the kernels too.
coverage: $(VENV)/tested
	NUMBA_DISABLE_JIT=1 $(BIN)/pytest -q -n auto -m "not claims and not compiled" --cov --cov-report=term-missing:skip-covered

notebooks: $(VENV)/tested
	$(BIN)/pytest -q --nbmake --override-ini=testpaths=notebooks notebooks

# The site, in build/docs: open index.html, no server is needed.
docs: $(VENV)/documented
	$(BIN)/python docs/site/pages.py build/pages
	$(BIN)/sphinx-build -q -W --keep-going -c docs/site build/pages build/docs

lint: $(VENV)/tested
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# Slow statistical checks, and the claims of the papers on fresh seeds: what was played before is kept in results/.
claims: $(VENV)/tested
	$(BIN)/pytest -m claims
	$(BIN)/banditlab reproduce experiments -o experiments/REPRODUCTIONS.md

# The reference curves that are shipped: banditlab.load("colstim-figure").
BASELINES := ae_borda/figure bwrk/stochastic c_etc/coverage cascade/table classic/textbook colstim/figure config/figure \
	maxminlcb/logistic neucb/figure sea/figure

baselines: $(VENV)/tested
	for grid in $(BASELINES); do name=$$(echo $$grid | tr /_ --); \
	$(BIN)/banditlab run experiments/$$grid.toml --out results/baselines/$$name && \
	$(BIN)/banditlab baseline results/baselines/$$name -o banditlab/baselines/$$name.parquet || exit $$?; done

bench: $(VENV)/tested
	$(BIN)/python benchmarks/against_c.py
	$(BIN)/python benchmarks/threads.py
	$(BIN)/python benchmarks/kernelised.py
	$(BIN)/python benchmarks/constrained.py
	$(BIN)/python benchmarks/combinatorial.py

$(VENV)/installed: setup.cfg pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --editable ".[data]"
	touch $@

$(VENV)/tested: $(VENV)/installed
	$(BIN)/pip install --quiet --editable ".[test]"
	touch $@

$(VENV)/documented: $(VENV)/installed
	$(BIN)/pip install --quiet --editable ".[docs]"
	touch $@

clean:
	rm -rf $(VENV) build *.egg-info
