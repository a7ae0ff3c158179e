# make       sets up and runs the whole chain        make test   runs the tests
# make paper the paper's setting on MUSDB18, with an estimate first; SET adds or changes parameters
# make lint  checks style and types                  make lock   pins the dependencies anew
EXTRAS ?= base

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export DVC_NO_ANALYTICS := true

# Meseguer-Brocal & Peeters (ISMIR 2019), section 4, on the full MUSDB18: eight networks of the published size.
PAPER = -S dataset=musdb18 -S patch.step=4 -S unet.filters=16 -S controls.dropout=0.5 \
	-S film=complex -S control=dense -S conditions=single -S evaluate.conditions=single \
	-S 'baselines=[unet,simple-dense,simple-conv,complex-conv]' \
	-S train.progressive=0 -S train.augmentation.probability=0 \
	-S train.batch_size=64 -S train.batches_per_epoch=2048 -S train.epochs=1000 \
	-S train.patience.plateau=15 -S train.patience.stop=30 -S evaluate.protocol=paper

.PHONY: all setup test paper lint lock

all: setup
	@dvc repro
	@cat reports/sdr.md
	@echo
	@echo "Next:  source .venv/bin/activate"
	@echo "       reports/index.html                the report: tables, plots, what the control learned"
	@echo "       cunet app --model models/cunet/0  separate songs, on a page at http://127.0.0.1:7860"
	@echo "       dvc exp run -S film=complex       the same with another FiLM"
	@echo "       mlflow ui                         the runs side by side, at http://127.0.0.1:5000"

setup:
	@tools/setup.sh $(EXTRAS)

test: EXTRAS = dev
test: setup
	@pytest

paper: setup
	@cunet estimate $(PAPER) $(SET)
	@dvc exp run $(PAPER) $(SET)
	@cat reports/sdr.md

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
