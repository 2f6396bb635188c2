"""The parity suite runs in the lab's guests; see tests/lab/conftest.py for how that works."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.guests import recorder, relay
from tests.parity.support.playing import Theatre, theatre
from tests.peers.webserver import WebServer

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
"""Public configurations beside the repository; see test_corpus.py."""


def pytest_configure(config: pytest.Config) -> None:
    """Register what this side needs: the host, or the guest that LAB_GUEST names."""
    if guest := os.environ.get("LAB_GUEST"):
        recorder.register(config, Path(guest))
    else:
        os.environ["LAB_CORPUS"] = str(CORPUS.resolve())  # a guest sees it only where it really lies
        relay.register(config, Path(__file__).parent)


@pytest.fixture(scope="module")
def playing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Theatre]:
    """Yield what plays runs, on a network that the runs of a module share."""
    with WebServer() as web, theatre(web, tmp_path_factory.mktemp("parity")) as made:
        yield made
