# Python >= 3.10, make and a C library are all that is needed: everything else is installed into .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

TARGET ?= 9
IMAGES ?= 100
SEED ?= 0
MANIFOLD ?= off
WORKERS ?= 2

.PHONY: quickstart test test-full lint install clean

quickstart: $(STAMP)
	$(BIN)/mmgentransfer quickstart --target $(TARGET) --images $(IMAGES) --seed $(SEED) --manifold $(MANIFOLD)

# files in their order: sorted by their numbers of tests, the longest ones, which train, would begin last
test: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

# behaviour with all the seeds and iterations that its bounds were measured with: too long for `make test`
FULL := $(addprefix tests/test_behaviour/,test_minegan_digits8.py test_minegan_several_sources.py test_sdit_toy.py \
    test_transfergan_toy8.py test_transferi2i_shapes.py test_extractor_accuracy.py full_udit_handbags.py)
test-full: $(STAMP)
	FULL_BEHAVIOUR=1 OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(FULL)

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

install: $(STAMP)

# installed again only when the dependencies change
$(STAMP): setup.py
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 10) or sys.exit("Python 3.10 or newer is needed, but $(PYTHON) is " + sys.version.split()[0] + ": give another one with make PYTHON=python3.12")'
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
	    echo 'python3 -m venv does not work here: install the package python3-venv (Debian, Ubuntu: apt install python3-venv)' >&2; \
	    exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --disable-pip-version-check --editable '.[dev]'
# mmcv asks for opencv-python, whose windows need libGL; the headless build has the same files without them
	$(BIN)/python -m pip install --disable-pip-version-check --no-deps --force-reinstall opencv-python-headless
	touch $(STAMP)

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
