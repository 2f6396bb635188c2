"""What holds for every test of a driver."""

from collections.abc import AsyncIterator

import pytest

from tests.peers.driver_services import kept_workers


@pytest.fixture(autouse=True)
async def _workers_end() -> AsyncIterator[None]:
    """End the workers with the test's loop, as a director's end does."""
    with kept_workers():
        yield
