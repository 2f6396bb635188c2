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
    copied = ("ldirectord_py", "tests", "pyproject.toml")
    subprocess.run(["cp", "-r", *(ROOT / name for name in copied), tmp_path], check=True)
    subprocess.run(["patch", "-p1", "--silent"], input=change, text=True, cwd=tmp_path, check=True)
    words = [
        sys.executable,
        "-P",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests/unit/checks/test_memcached.py",
    ]
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 passed" in done.stdout
