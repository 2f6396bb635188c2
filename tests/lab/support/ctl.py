"""`ldirectorctl` on a host of the network.

Commands run in this process, which has entered the host's network: to start Python and load a library takes seconds in
a guest.  How the command is found and loaded is tried by the stories outside of guests.
"""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ldirectord_py.cli.ldirectorctl import main
from tests.lab.support.namespaces import Host


def run_ctl(host: Host, run: Path, *words: str) -> tuple[int, str, str]:
    """Run `ldirectorctl` on *host*, with the run directory *run*; return its exit status and what it prints."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch, host.inside():
        patch.setenv("LDIRECTORD_RUN_DIR", str(run))
        patch.setenv("NO_COLOR", "1")
        with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
            status = main(words)
    for stream in streams:
        stream.seek(0)
    printed, complained = (stream.read() for stream in streams)
    return status, printed, complained


@dataclass(eq=False)
class Machine:
    """A host that commands are run on, with a run directory of its own."""

    host: Host
    run: Path

    def __post_init__(self) -> None:
        self.run.mkdir(exist_ok=True)

    def ctl(self, *words: str, status: int = 0) -> str:
        """Run `ldirectorctl`; return what it prints on both outputs."""
        ended, printed, complained = run_ctl(self.host, self.run, *words)
        assert ended == status, (ended, printed, complained)
        return printed + complained

    def findings(self, *words: str, status: int = 2) -> list[dict[str, Any]]:
        """Return what a command finds."""
        found: list[dict[str, Any]] = json.loads(self.ctl(*words, "--json", status=status))["findings"]
        return found
