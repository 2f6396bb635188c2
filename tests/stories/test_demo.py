"""`make demo` keeps its word."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.peers.patience import PATIENCE

CHECKOUT = Path(__file__).parents[2]


def test_the_story_comes_true_and_ends_with_what_to_run_next() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", "demo"],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONWARNINGS": "error"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    weights = re.findall(r"-> 127\.0\.0\.\d+:18080\s+(\d+)\s+(\w+)", done.stdout)
    up = [("3", "up"), ("2", "up"), ("1", "up")]
    ill = [("3", "up"), ("0", "down"), ("1", "up")]
    dead = [("0", "down")] * 3 + [("1", "fallback")]
    assert weights == [*up, *ill, *up, *dead, *up]
    assert "I'm alive!" in done.stdout
    assert "make test" in done.stdout
    program = done.stdout.partition("What to run next\n")[2].partition(" YOUR.cf")[0].split()
    version = subprocess.run([*program, "--version"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert "ldirectord_py" in version.stdout, "what is to be run next is another program"
