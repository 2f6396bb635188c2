"""A daemon that is asked whatever a client may come upon: every answer is as the API's document says.

`API_EXAMPLES=500` tries more, and other ones each time; there are few by default, so that the suite stays quick.
Most names that are asked for are of those who are there (`api_names.py`), so that commands are carried out too.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.peers.ports import free_port
from tests.stories.daemon import VIP, daemon_in

EXAMPLES = os.environ.get("API_EXAMPLES", "5")
SEED = () if "API_EXAMPLES" in os.environ else ("--seed", "1")
HOOKS = {"SCHEMATHESIS_HOOKS": "tests.stories.api_names", "PYTHONPATH": str(Path(__file__).parents[2])}
TOKEN = "0123456789abcdef"


@pytest.mark.timeout(300 + 20 * int(EXAMPLES))
def test_every_answer_is_as_the_document_says(tmp_path: Path) -> None:
    port, tokens = free_port(), tmp_path / "tokens"
    tokens.write_text(f"fuzz write sha256:{hashlib.sha256(TOKEN.encode()).hexdigest()}\n")
    with daemon_in(tmp_path) as daemon:
        one, two = daemon.addresses["one"], daemon.addresses["two"]
        other = f"virtual=192.0.2.2:53\n\treal={one} masq\n\tprotocol=udp\n\tchecktype=on\n\tscheduler=rr\n"
        daemon.write(extra=f"statuslisten={port}\napitokens={tokens}\n", section=other)
        names = (one, two, f"{one}@tcp:{VIP}", f"{two}@tcp:{VIP}", "127.0.0.1", VIP, f"tcp:{VIP}", "udp:192.0.2.2:53")
        daemon.start()
        daemon.logged("first_pass_completed", 1)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", f"http://127.0.0.1:{port}/v1/openapi.json"),
                *("--header", f"Authorization: Bearer {TOKEN}", "--max-examples", EXAMPLES, "--checks", "all"),
                *("--no-color", "--request-timeout", "20", "--generation-database", "none", *SEED),
            ],
            cwd=tmp_path,
            env=os.environ | HOOKS | {"API_NAMES": " ".join(names)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert daemon.end() == 0
        assert not daemon.logged("callback_failed")
        assert daemon.logged("admin_changed"), "no command has met anybody"
