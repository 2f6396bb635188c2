"""`ldirectorctl` about the machine that it runs on, on a host of the network."""

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ldirectord_py.cli.ldirectorctl import main
from tests.lab.support.namespaces import Host


@dataclass(eq=False)
class Machine:
    """A host that commands are run on, with a run directory of its own.

    They run in this process, which has entered the host's network: to start Python and load a library takes seconds in
    a guest.
    """

    host: Host
    run: Path

    def __post_init__(self) -> None:
        self.run.mkdir(exist_ok=True)

    def ctl(self, *words: str, status: int = 0) -> str:
        """Run `ldirectorctl`; return what it prints on both outputs."""
        printed = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
        with pytest.MonkeyPatch.context() as patch, self.host.inside():
            patch.setenv("LDIRECTORD_RUN_DIR", str(self.run))
            with redirect_stdout(printed), redirect_stderr(printed):
                ended = main(words)
        printed.seek(0)
        text = printed.read()
        assert ended == status, (ended, text)
        return text

    def findings(self, *words: str, status: int = 2) -> list[dict[str, Any]]:
        """Return what a command finds."""
        found: list[dict[str, Any]] = json.loads(self.ctl(*words, "--json", status=status))["findings"]
        return found
