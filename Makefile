# The kit's commands. `make` alone prints this list; CONTRIBUTING.md says what to type without make.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(abspath $(VENV))/bin
VIDEO  ?= data/napping_cat.mp4
OUT    ?= out
TORCH  ?= auto
export PATH := $(BIN):$(PATH)
export PLOTLY_RENDERER := plotly_mimetype+notebook_connected
export PYDEVD_DISABLE_FILE_VALIDATION := 1
# Threads that wait sleep instead of spinning: beside other work, spinning makes small products thirty times slower.
export OMP_WAIT_POLICY ?= PASSIVE

.DEFAULT_GOAL := help
.PHONY: help alive test browser lab progress bench torture clip docs slides export

help:  ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# Which build of torch: TORCH=auto looks for a GPU and takes the CPU build where there is none (on Linux the package index's holds gigabytes of
# GPU libraries); cpu, cu128, … name one; empty leaves it to the package index, as does what can't be reached. uv knows where each lies.
$(VENV)/.installed: settings.ini setup.py pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "alive_scene needs Python 3.11 or newer; name one: make PYTHON=/path/to/python3.11"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	@echo "Installing the kit and torch (a few minutes, once) …"
ifneq ($(TORCH),)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv && $(BIN)/uv pip install --quiet --python $(BIN)/python --torch-backend=$(TORCH) torch torchvision 2>/dev/null \
		|| echo "torch's build for TORCH=$(TORCH) can't be had here: the package index's is taken, which on Linux is large."
endif
	$(BIN)/pip install --quiet --disable-pip-version-check -e ".[dev]"
	@touch $@

alive: $(VENV)/.installed  ## a scene that goes on by itself, from the bundled cat or VIDEO=my_cat.mp4
	@$(BIN)/python nbs/run_alive.py "$(VIDEO)" "$(OUT)"

# The tests of the player and of the exported page need a Chromium or Chrome, and npm; as root on Debian or Ubuntu they are installed here.
BROWSERS := chromium chromium-browser google-chrome google-chrome-stable
MACCHROME := /Applications/Google Chrome.app
browser:
	@need=; for name in $(BROWSERS); do command -v $$name >/dev/null && found=1; done; [ -n "$$found" ] || [ -d "$(MACCHROME)" ] || need=chromium; \
	command -v npm >/dev/null || need="$$need npm"; [ -z "$$need" ] && exit 0; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -y -qq $$need >/dev/null; \
	else echo "The tests need $$need: sudo apt-get install $$need, or install Google Chrome and Node.js; then make test again."; exit 1; fi

test: $(VENV)/.installed browser  ## everything CI runs
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/python -m pytest tests/test_browser.py
	$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist worksteal --ignore tests/test_browser.py

lab: $(VENV)/.installed  ## JupyterLab, open on the course
	$(BIN)/jupyter lab --ip=127.0.0.1 nbs/index.ipynb

progress:  ## which exercises of the course are solved here (NOTEBOOKS=folder of others)
	@$(PYTHON) nbs/progress.py $(if $(NOTEBOOKS),"$(NOTEBOOKS)")

# Left out: the attacks and the bounds (nightly.yml has them), what the scripts share or run themselves, the page of guesses, a real
# CLIP (its weights are fetched), the places (a browser and other programs), and the published pair (published.py, an hour, resumable, then pair.py).
APART := fuzz faults endurance bounds clips stamp judge rivals unseen guess published pair real_clip places
bench: $(VENV)/.installed  ## every claim measured, a table each (well over an hour, most of it bench/behavior.py)
	for script in $(filter-out $(APART:%=bench/%.py),$(wildcard bench/*.py)); do $(BIN)/python $$script || exit 1; done

torture: $(VENV)/.installed  ## every lesson handled roughly: offline, read-only, twice, at the extremes (hours)
	$(BIN)/python tests/torture.py $(ONLY)

clip: $(VENV)/.installed  ## train the bundled encoder anew (up to an hour) and measure it
	@mkdir -p out
	$(BIN)/papermill nbs/11_train_tiny_clip.ipynb out/11_train_tiny_clip.ipynb --cwd nbs --kernel python3 \
		-p quick False -p write_to ../alive_scene/weights -p checkpoint ../out/train_tiny_clip.safetensors
	$(BIN)/python bench/encoder.py

# An environment of another place is used as it is: to install there would point it, and whoever works by it, at this folder.
FOREIGN := $(if $(filter $(CURDIR)/%,$(abspath $(VENV))),,$(wildcard $(VENV)/bin/python))
docs: $(if $(FOREIGN),,$(VENV)/.installed)  ## the site, in _docs/; RUN=1 runs every notebook first
	PYTHONPATH="$(CURDIR)" $(BIN)/python nbs/make_site.py $(if $(RUN),--run) $(if $(ADDRESS),--address $(ADDRESS))

slides: $(if $(FOREIGN),,$(VENV)/.installed)  ## slides of every lesson and a page of all figures, in out/slides, without Quarto
	PYTHONPATH="$(CURDIR)" $(BIN)/python nbs/slides.py

export: $(VENV)/.installed  ## strip widget state, clean the notebooks, export the library, write README.md, format all
	$(BIN)/python nbs/strip_widgets.py nbs/*.ipynb
	$(BIN)/nbdev_clean
	$(BIN)/nbdev_export
	$(BIN)/python nbs/make_readme.py
	$(BIN)/ruff format
