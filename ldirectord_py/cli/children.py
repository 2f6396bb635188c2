"""The daemons of `execute`, as the command line sees them."""

import os
import sys
from pathlib import Path

from ldirectord_py.cli.in_view import run_in_view
from ldirectord_py.cli.options import LOG_FORMATS, TABLES, Invocation
from ldirectord_py.model.config import Config
from ldirectord_py.observers.hooks.executed import instance_command, instances

_ASKED = "LDIRECTORD_ASKED"
"""The configurations whose status is being asked for, so that two that execute each other do not ask for ever."""
_PATIENCE = 30


def itself(asked: Invocation, program: str) -> tuple[str, ...]:
    """Return what runs this very program again, with the options that concern every instance.

    Never a name that is looked up somewhere: a user who could put a file there could take its place.
    """
    path = Path(program).absolute()
    run = ("-m", "ldirectord_py") if path.name == "__main__.py" or not path.is_file() else (str(path),)
    options = []
    if asked.table != TABLES[0]:
        options += ["--table", asked.table]
    if asked.log_format != LOG_FORMATS[0]:
        options += ["--log-format", asked.log_format]
    return (sys.executable, *run, *options)


def statuses(config: Config, asked: Invocation, program: str) -> None:
    """Have each of the daemons say how it is, in its own words."""
    before = os.environ.get(_ASKED, "").split("\n")
    if not (which := instances(config)) or config.path in before:
        return
    os.environ[_ASKED] = "\n".join((*filter(None, before), config.path))
    for each in which:
        command = instance_command(itself(asked, program), each, "status")
        run_in_view(("/bin/sh", "-c", command), _PATIENCE)  # what it had to say by then it has said, or will not
