"""`make demo KERNEL=1`: the same story, on the kernel's table."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.lab
CHECKOUT = Path(__file__).parents[2]


def test_the_story_comes_true_on_the_kernels_table_and_leaves_it_clean() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", "demo", "--kernel"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=55,
        check=False,
    )
    left = subprocess.run(["ipvsadm", "-S", "-n"], capture_output=True, text=True, check=True).stdout

    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert "on the kernel" in done.stdout
    assert left == ""
