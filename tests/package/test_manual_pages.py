"""The manual pages, read by the programs that show them."""

import subprocess
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE

PAGES = sorted((Path(__file__).parents[2] / "docs/man").iterdir())


def run(*words: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        words,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "80"},
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_man_has_nothing_to_warn_of(page: Path) -> None:
    done = run("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", page)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_mandoc_has_nothing_to_find_fault_with(page: Path) -> None:
    done = run("mandoc", "-T", "lint", page)
    assert (done.returncode, done.stdout) == (0, "")


def test_they_can_be_found_by_name() -> None:
    assert [page.name for page in PAGES] == ["ldirectorctl.8", "ldirectord.8", "ldirectord.cf.5"]
    for page in PAGES:
        done = run("lexgrog", page)
        assert done.returncode == 0, done.stdout
