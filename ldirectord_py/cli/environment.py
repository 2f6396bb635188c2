"""What the command depends on besides its arguments."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from ldirectord_py.cli.instances import run_dir
from ldirectord_py.config.meaning.here import FOLDERS
from ldirectord_py.model.config import Config
from ldirectord_py.options import Options, Ready

Runner = Callable[[Config, Options, Ready], int]
Prover = Callable[[Options], None]


def direct(config: Config, options: Options, ready: Ready) -> int:
    """Do what `app.run` does, which is imported only then: a status, for one, does without."""
    from ldirectord_py import app  # noqa: PLC0415  # see above

    return app.run(config, options, ready)


def prove(options: Options) -> None:
    """Do what `app.prove` does, which is imported only then."""
    from ldirectord_py import app  # noqa: PLC0415  # see above

    app.prove(options)


def runtime_dir() -> Path | None:
    """Return the folder of the systemd unit that this process belongs to, if it has one (RuntimeDirectory=)."""
    first = os.environ.get("RUNTIME_DIRECTORY", "").partition(":")[0]
    return Path(first) if first else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """Where things are, and who does the work; tests have places of their own."""

    program: str = "ldirectord"
    """As it was called."""
    run_dir: Path = Path("/var/run")
    config_dirs: tuple[str, ...] = FOLDERS
    logfile: str = Config(path="").logfile
    """Where to log what happens before a configuration is read."""
    runner: Runner = direct
    prover: Prover = prove
    """Proves that a daemon could start."""
    runtime_dir: Path | None = None
    """The folder that systemd has made for the unit that this process belongs to."""
    patience: float = 60
    """Seconds to wait for a daemon to get to work, or to end."""

    @classmethod
    def of_process(cls) -> Self:
        """Return the environment that this process was started in."""
        return cls(
            program=sys.argv[0],
            run_dir=run_dir(),
            runtime_dir=runtime_dir(),
        )
