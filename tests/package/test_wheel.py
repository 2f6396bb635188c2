"""What a wheel has, where there is no source checkout."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE

CHECKOUT = Path(__file__).parents[2]
BUNDLED = Path(sysconfig.get_path("stdlib"), "ensurepip", "_bundled")
DEBIANS = Path("/usr/share/python-wheels")

ALONE = (
    *("unshare", "--net", *(() if os.geteuid() == 0 else ("--user", "--map-root-user"))),
    *("sh", "-c", 'ip link set lo up && exec "$@"', "sh"),
)
"""Runs a command on a loopback interface of its own: the demo's addresses are always the same."""


def run(*command: str | Path, **options) -> str:
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE,
        stdin=subprocess.DEVNULL,
        **options,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return the programs of an environment that has the wheel; libraries are those of ours, which are not fetched."""
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", tmp_path, cwd=CHECKOUT)
    (wheel,) = tmp_path.glob("*.whl")
    place = tmp_path / "environment"
    venv.create(place)
    python = place / "bin" / "python"
    (pip,) = [found for folder in (BUNDLED, DEBIANS) for found in folder.glob("pip-*.whl")][:1]
    words = ("-m", "pip", "-qq", "--disable-pip-version-check", "install", "--no-deps", "--no-index", wheel)
    run(python, *words, env=os.environ | {"PYTHONPATH": str(pip)})
    (packages,) = place.glob("lib/python3*/site-packages")
    (packages / "libraries.pth").write_text(sysconfig.get_path("purelib"))
    return python.parent


def test_the_demo_needs_no_checkout(installed: Path, tmp_path: Path) -> None:
    story = run(*ALONE, installed / "ldirectorctl", "demo", cwd=tmp_path)
    assert "They come back, and the fallback goes." in story
    assert f"{(installed / 'ldirectord').relative_to(tmp_path)} YOUR.cf configtest" in story
    assert "make test" not in story
