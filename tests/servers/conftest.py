"""Daemons that the tests of more than one service ask."""

from collections.abc import Iterator

import pytest

from tests.servers import nginx as web


@pytest.fixture(scope="session")
def nginx() -> Iterator[web.Nginx]:
    with web.nginx() as running:
        yield running
