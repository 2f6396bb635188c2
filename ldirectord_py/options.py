"""What a run is told besides its configuration; apart from `app`, whose imports take longer than most actions."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ldirectord_py.model.config import Config
from ldirectord_py.observers.logging.destinations import LogDestination
from ldirectord_py.observers.mail.routes import Routes


class Ready(Protocol):
    """Is told once that a director is at work."""

    def __call__(self, *troubles: str) -> None:
        """Take note; *troubles* are what it has to do without, such as its metrics."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line says about a run."""

    table: str = "auto"
    """`kernel`, `memory`, or `auto`: the kernel's, and in debugging one in memory where there is none."""
    log: Callable[[Config], LogDestination]
    """Says where a configuration's log goes."""
    log_format: str = "text"
    debug: bool = False
    shadow: bool = False
    """Write nothing, and tell in what the table differs from what we would make of it."""
    force: bool = False
    """Take out what the last director has left, however much that is."""
    instance: str = "ldirectord"
    program: tuple[str, ...] = (sys.executable, "-m", "ldirectord_py")
    """What `execute` runs in place of `ldirectord`."""
    control: Path | None = None
    """The control socket to serve on; None: none."""
    state: Path | None = None
    """The state file; None: none."""
    pid_file: Path | None = None
    """Where the pid file of this instance is, or would be."""
    mend_pid_file: Callable[[], str] | None = None
    """Puts the pid file back if somebody has removed it; returns what is to be said of that."""
    run_dir: Path | None = None
    """The run directory that all instances share."""
    mail: Routes = field(default_factory=Routes)
