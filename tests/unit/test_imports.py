"""What is imported, which is most of what a start or a status takes: cluster managers ask for it every few seconds."""

import subprocess
import sys

import pytest

from tests.peers.patience import PATIENCE

FILE = r"b'virtual=127.0.0.1:80\n\treal=127.0.0.2:80 gate\n\tservice=http\n#\n'"
READING = f"from ldirectord_py.config.load import parse; parse({FILE}, 'x.cf')"
RUNNING = f"import ldirectord_py.cli.ldirectord, ldirectord_py.app; {READING}"
OPTIONAL = {"aiohttp", "asyncpg", "dns", "h2", "prometheus_client", "pyroute2", "rich", "yaml"}


@pytest.mark.parametrize(
    ("program", "absent"),
    [
        (READING, OPTIONAL | {"asyncio", "structlog"}),
        (
            f"import ldirectord_py.cli.ldirectord; {READING}",
            OPTIONAL | {"ldirectord_py.app", "ldirectord_py.probing", "structlog"},
        ),
        (RUNNING, OPTIONAL - {"rich"}),  # structlog imports it where it is installed
    ],
    ids=["reading a file", "an action such as status", "the whole daemon"],
)
def test_only_what_a_configuration_needs_is_imported(program: str, absent: set[str]) -> None:
    program += "; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=PATIENCE)
    loaded = set(done.stdout.split())
    assert "httptools" in loaded
    assert loaded & absent == set()
