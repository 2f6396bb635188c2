"""What holds for every test of a driver."""

from collections.abc import AsyncIterator

import pytest

from ldirectord_py.workers.pool import close_pools


@pytest.fixture(autouse=True)
async def _workers_end() -> AsyncIterator[None]:
    """End the workers with the test's loop, as a director's end does."""
    yield
    close_pools()
