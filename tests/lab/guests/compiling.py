"""Compiles what guests import, on the host."""

import os
import subprocess
import sys
from pathlib import Path


def compile_imports(root: Path) -> None:
    """Compile what guests import: they have Python write nothing, and to compile takes more than all else they do."""
    places = [root / "ldirectord_py", root / "tests", *(Path(place) for place in sys.path if "-packages" in place)]
    subprocess.run(
        [sys.executable, "-m", "compileall", "-q", "-j", "0", *(str(place) for place in places if place.is_dir())],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        check=False,  # where it may not write, guests compile
    )
