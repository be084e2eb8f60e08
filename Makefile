# make run    set up and open the dashboard on packaged pictures
# make test   set up and run every test, the browser's included
# make check  format, lint and types         make bench        comparisons with peers
# make docs   the documentation, into site/    make screenshots  its pictures
PYTHON ?= python3
BIN := .venv/bin
PORT ?= 8501
ARGS ?=

.PHONY: run test check format bench docs browser screenshots clean

run: .venv/installed
	$(BIN)/python -m imgsim app --port $(PORT)

test: .venv/installed-dev browser
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --no-loadscope-reorder $(ARGS)

check: .venv/installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: .venv/installed-dev
	$(BIN)/python -m benchmarks $(ARGS)

docs: .venv/installed-dev
	$(BIN)/python -m mkdocs build --strict --quiet

browser: .venv/installed-dev
	$(BIN)/python -m tests.browser.get_browser

screenshots: .venv/installed-dev browser
	$(BIN)/python -m tools.screenshots

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache *.egg-info build dist site

.venv/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "imgsim needs Python 3.11 or newer; run: make PYTHON=python3.12 …")'
	$(PYTHON) -m venv .venv

.venv/installed: .venv/bin/python requirements.txt pyproject.toml
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	$(BIN)/python -m pip install --quiet -r requirements.txt
	$(BIN)/python -W ignore -c 'import umap' # compiles once what UMAP needs, 40 s that the first map would wait for
	$(BIN)/python -m imgsim.projections._layout # and what maps of more than 10,000 images need
	touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@# Peers that some Pythons must compile: without them what is compared with them is skipped.
	@for peer in 'pdqhash>=0.2.7,<0.3' 'imagededup>=0.3.3,<0.4'; do \
		$(BIN)/python -m pip install --quiet "$$peer" >/dev/null 2>&1 || echo "left out, it needs a C++ compiler here: $$peer"; \
	done
	touch $@
