"""What stories begin with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.daemon import Daemon, daemon_in


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with daemon_in(tmp_path) as running:
        yield running
