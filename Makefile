# make       sets up and runs the whole chain        make test   runs the tests
# make lint  checks style and types                  make lock   pins the dependencies anew
EXTRAS ?= base

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export DVC_NO_ANALYTICS := true

.PHONY: all setup test lint lock

all: setup
	@dvc repro
	@cat reports/sdr.md
	@echo
	@echo "Next:  source .venv/bin/activate"
	@echo "       reports/                          table, box plot, spectrograms and sound"
	@echo "       dvc exp run -S film=complex       the same with another FiLM"
	@echo "       mlflow ui                         the runs side by side, at http://127.0.0.1:5000"

setup:
	@tools/setup.sh $(EXTRAS)

test: EXTRAS = dev
test: setup
	@pytest

lint: EXTRAS = dev
lint: setup
	@ruff check .
	@ruff format --check .
	@mypy

COMPILE = uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --custom-compile-command "make lock"

lock: EXTRAS = dev
lock: setup
	$(COMPILE) --extra dev pyproject.toml -o locks/dev.txt
	$(COMPILE) -c locks/dev.txt pyproject.toml -o locks/base.txt
	$(COMPILE) -c locks/dev.txt --extra cuda pyproject.toml -o locks/cuda.txt
