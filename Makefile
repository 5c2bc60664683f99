# Each of these works on a fresh clone: `make` and Python 3.11 or 3.12 are all they assume.
#
#   make demo        the whole job on sample_dicom/, ending in the window or in files
#   make test        lint, types and tests (what the CI runs)
#   make test-long   the same with the slow tests
#   make lint        lint and types only
#   make fuzz        50,000 damaged scans, none of which may mislead
#   make bench       figures beside peers
#   make verification  the solver beside exact and published answers; draws docs/verification.md
#   make accuracy  the automatic organs beside the truth; writes docs/accuracy.md
#   make stories    four plans from the scan to the tissue's answer; writes docs/stories
#   make sample      writes sample_dicom/ anew
#   make lock        writes requirements.lock anew
#   make clean       removes what the others made, .venv included

BIN := .venv/bin
export OMP_WAIT_POLICY := passive

.PHONY: demo test test-long lint bench verification accuracy fuzz stories sample lock clean environment

demo: environment
	@if [ -n "$$DISPLAY$$WAYLAND_DISPLAY" ] || [ "$$(uname -s)" = Darwin ]; then \
	  exec $(BIN)/surgiplan demo -o demo_out; \
	else \
	  exec $(BIN)/surgiplan demo -o demo_out --headless; \
	fi

test: environment
	@$(BIN)/python scripts/checks.py

test-long: environment
	@$(BIN)/python scripts/checks.py --slow

lint: environment
	@$(BIN)/python scripts/checks.py --no-tests

bench: environment
	-@$(BIN)/uv pip install --quiet --python $(BIN)/python "medpy>=0.5" "ngsolve>=6.2" "pypardiso>=0.4" "scikit-fem>=12"
	@$(BIN)/python -m benchmarks

fuzz: environment
	@$(BIN)/python -m fuzz $(FUZZ)

verification: environment
	@$(BIN)/python -m benchmarks.verification

accuracy: environment
	@$(BIN)/python -m benchmarks.accuracy

stories: environment
	@$(BIN)/python scripts/stories.py

sample: environment
	@$(BIN)/python -m surgiplan_phantom -o sample_dicom

lock: environment
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 \
	  --fork-strategy fewest --generate-hashes --no-config --no-header --no-annotate \
	  --no-emit-index-url --no-emit-find-links --quiet -o requirements.lock
	@$(BIN)/python -m pytest -q tests/test_lock.py

clean:
	rm -rf .venv demo_out build dist .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Quick when nothing is to be done. The first Python that is neither too old nor too new makes it.
environment:
	@for python in $(PYTHON) python3.12 python3.11 python3 python; do \
	  if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 13))' \
	      2>/dev/null; then exec $$python scripts/environment.py; fi; \
	done; \
	echo "surgiplan needs Python 3.11 or 3.12 and found neither: install one," \
	  "or name it, for example: make PYTHON=/usr/bin/python3.12 $(firstword $(MAKECMDGOALS) demo)" >&2; \
	exit 2
