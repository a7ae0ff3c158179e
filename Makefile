# make          set up, run the pipeline and print the SDR table
# make setup    set up .venv only; EXTRAS=dev adds development tools, EXTRAS=cuda GPU support
# make study    run a longer comparison on the same songs
# make paper    run the paper's setting on MUSDB18, after a forecast of its cost
# make starter  retrain the model that comes with the package, on the tracks in SONGS
# make test     run the tests                   make lint   check style, types and imports
# make bench    run the short benchmarks        make lock   update the pinned dependencies
# make docs     build the documents as a site in site/    make audit  look the pinned packages up in the database of vulnerabilities
# SET adds or changes parameters of study, paper and starter: make study SET='-S seeds=[0,1,2]'
EXTRAS ?= base

export PATH := $(CURDIR)/.venv/bin:$(PATH)
export DVC_NO_ANALYTICS := true

# Meseguer-Brocal & Peeters (ISMIR 2019), section 4, on the full MUSDB18: eight networks of the published size.
PAPER = -S dataset=musdb18 -S patch.step=4 -S unet.filters=16 -S unet.dropout=0.5 -S controls.dropout=0.5 \
	-S film=complex -S control=dense -S conditions=single -S evaluate.conditions=single \
	-S 'baselines=[unet,simple-dense,simple-conv,complex-conv]' \
	-S train.loss=l1 -S train.progressive=0 -S train.augmentation.probability=0 \
	-S patch.frames=128 -S train.batch_size=64 -S train.batches_per_epoch=2048 \
	-S train.epochs.conditioned=1000 -S train.epochs.dedicated=1000 \
	-S train.learning_rate=0.001 -S train.schedule=plateau \
	-S train.patience.plateau=15 -S train.patience.stop=30 -S evaluate.protocol=paper -S evaluate.consistency=none

# 16,384 patches per network, and one network that is also trained on pairs of instruments.
STUDY = -S 'baselines=[unet,simple-dense-pairs]' -S train.epochs.conditioned=16 -S train.epochs.dedicated=16 \
	-S train.patience.stop=16

# Trained on composed songs and four recorded ones; scored on three other recorded ones.
STARTER = -S 'dataset=[synthetic,folder]' -S 'merge={bass: other}' -S folder.root=$(SONGS) \
	-S synthetic.test=0 -S film=complex -S 'baselines=[]' -S evaluate.conditions=single
SONGS ?= cc0_songs
SOURCES = The multitracks are four songs by Software-Entwicklungskit (Hydrogen, Sodium, Potassium, Caesium; CC0 1.0). \
	The test songs are Francium, Lithium and Rubidium. docs/explanation/real_singing.md gives their source and further experiments.

BENCHMARKS = scoring training batches spectrograms separation overheads

.PHONY: all setup test study paper starter lint docs bench peers lock audit

all: setup
	@dvc repro
	@cat reports/sdr.md
	@echo
	@echo "Next:  source .venv/bin/activate"
	@echo "       reports/index.html                the report: tables, plots, analysis of the control network"
	@echo "       cunet separate song.mp3           separate a song with the trained model"
	@echo "       cunet app                         the same on a web page, http://127.0.0.1:7860"
	@echo "       dvc exp run -S film=complex       run the pipeline with another FiLM"
	@echo "       mlflow ui                         compare runs; the SDR table is at"
	@echo "       http://127.0.0.1:5000/#/experiments/1/runs?workflowType=machine_learning&viewStateShareKey=sdr"

setup:
	@tools/setup.sh $(EXTRAS)

test: EXTRAS = dev
test: setup
	@pytest

study: setup
	@dvc exp run $(STUDY) $(SET)
	@cat reports/sdr.md

paper: setup
	@cunet forecast $(PAPER) $(SET)
	@dvc exp run $(PAPER) $(SET)
	@cat reports/sdr.md

starter: setup
	@dvc exp run $(STARTER) $(SET)
	@rm -rf exported/starter && mkdir -p exported && cunet export --model models/cunet/0 --out exported/starter
	@test '$(SONGS)' != cc0_songs || printf '\n## Songs\n\n%s\n' "$(SOURCES)" >> exported/starter/README.md
	@rm -rf cunet/starter && mv exported/starter cunet/starter
	@cat cunet/starter/README.md

bench: setup peers
	@for name in $(BENCHMARKS); do python -m benchmarks.$$name --short || exit 1; done

# An environment with the peers of the benchmarks; the last two without dependencies, most of which are not needed here.
peers: setup
	@test -f peers/done || { python -m venv peers && peers/bin/pip install --quiet -r benchmarks/peers.txt && \
		peers/bin/pip install --quiet --no-deps demucs==4.1.0 openunmix==1.3.0 && touch peers/done; }

lint: EXTRAS = dev
lint: setup
	@ruff check .
	@ruff format --check .
	@mypy
	@lint-imports --no-logo --no-cache

COMPILE = uv pip compile --quiet --universal --fork-strategy fewest --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --custom-compile-command "make lock"

lock: EXTRAS = dev
lock: setup
	$(COMPILE) --extra all --extra dev pyproject.toml -o locks/dev.txt
	$(COMPILE) -c locks/dev.txt --extra all pyproject.toml -o locks/base.txt
	$(COMPILE) -c locks/dev.txt --extra all --extra cuda pyproject.toml -o locks/cuda.txt
	@echo uv | $(COMPILE) -c locks/dev.txt - -o locks/uv.txt

# Ignored: diskcache of DVC, which SECURITY.md explains.
audit: setup
	@test -x .venv/audit/bin/pip-audit || { python -m venv .venv/audit && \
		.venv/audit/bin/pip install --quiet pip-audit==2.10.1; }
	@.venv/audit/bin/pip-audit --requirement locks/base.txt --require-hashes --disable-pip --strict \
		--ignore-vuln CVE-2025-69872

docs: EXTRAS = dev
docs: setup
	@NO_MKDOCS_2_WARNING=1 python -m mkdocs build --strict
	@echo "site/index.html; for the search: python -m http.server --directory site"
