"""The change that CONTRIBUTING.md shows is a whole one: it can be applied, and what it adds passes."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_check_that_the_page_adds_works(tmp_path: Path) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    (change,) = re.findall(r"```diff\n(.*?)```", page, re.DOTALL)
    copied = ("ldirectord_py", "tests", "docs", "pyproject.toml")
    subprocess.run(["cp", "-r", *(ROOT / name for name in copied), tmp_path], check=True)
    subprocess.run(["patch", "-p1", "--silent"], input=change, text=True, cwd=tmp_path, check=True)

    assert "2 passed" in run(tmp_path, "pytest", "-q", "-p", "no:cacheprovider", "tests/unit/checks/test_memcached.py")
    run(tmp_path, "docs.generate")
    assert "| memcached |  | 11211 |  | The version is told |" in (tmp_path / "docs/checks/README.md").read_text()


def run(folder: Path, module: str, *words: str) -> str:
    """Return what *module* prints when it is run on the copy in *folder*."""
    environment = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run(
        [sys.executable, "-P", "-m", module, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
