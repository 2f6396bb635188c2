"""A daemon that is asked whatever a client may come upon: every answer is as the API's document says.

`API_EXAMPLES=500` tries more, and other ones each time; there are few by default, so that the suite stays quick.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.ports import free_port
from tests.stories.daemon import daemon_in

EXAMPLES = os.environ.get("API_EXAMPLES", "5")
SEED = () if "API_EXAMPLES" in os.environ else ("--seed", "1")
TOKEN = "0123456789abcdef"


@pytest.mark.timeout(300 + 20 * int(EXAMPLES))
def test_every_answer_is_as_the_document_says(tmp_path: Path) -> None:
    port, tokens = free_port(), tmp_path / "tokens"
    tokens.write_text(f"fuzz write sha256:{hashlib.sha256(TOKEN.encode()).hexdigest()}\n")
    with daemon_in(tmp_path) as daemon:
        daemon.write(extra=f"statuslisten={port}\napitokens={tokens}\n")
        daemon.start()
        daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/v1/openapi.json"),
                *("--header", f"Authorization: Bearer {TOKEN}", "--max-examples", EXAMPLES, "--checks", "all"),
                *("--no-color", "--request-timeout", "20", "--generation-database", "none", *SEED),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert daemon.end() == 0
        assert not daemon.logged("callback_failed")
