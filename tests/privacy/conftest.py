"""The modules beside these tests, and the small series of the reader's tests, to import."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE, HERE.parent / "io"):
    sys.path.insert(0, str(folder))
