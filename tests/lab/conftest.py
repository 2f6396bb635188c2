"""The lab: tests that run as root in a user-mode kernel with IPVS, and show as ordinary tests of the session.

This file is read twice. On the host it starts guests and relays their reports; inside a guest (LAB_GUEST names its work
folder) it offers the fixtures and writes the reports.

    pytest tests/lab -p no:xdist                     all of it, in some guests for each processor
    pytest tests/lab/test_classic.py -k fallback     one story
    LAB_PROGRAM=original pytest tests/lab/test_classic.py    the same with the Perl original in our place
"""

import os
from pathlib import Path

import pytest

from tests.lab.guests import recorder, relay
from tests.lab.support.fixtures import net, pair, pytest_runtest_makereport, scene, web

__all__ = ["net", "pair", "pytest_runtest_makereport", "scene", "web"]


def pytest_configure(config: pytest.Config) -> None:
    """Register what this side needs."""
    if guest := os.environ.get("LAB_GUEST"):
        recorder.register(config, Path(guest))
    else:
        relay.register(config, Path(__file__).parent)
