"""`ldirectord` with places of its own (below `$LDIRECTORD_RUN_DIR/..`) and, if `$DIRECTOR` names one, with a director
that misbehaves or finds itself elsewhere.  Run by the tests as a program."""

import os
import resource
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from ldirectord_py.cli import environment
from ldirectord_py.cli.ldirectord import main
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import DirectorError
from ldirectord_py.observers.mail.routes import Routes
from ldirectord_py.options import Options

HOME = Path(os.environ.get("LDIRECTORD_RUN_DIR", "/run/none")).parent


def refuses(config: Config, options: Options, ready: Callable[[], None]) -> int:
    raise DirectorError("the table can not be opened; load the module ip_vs")


def dies(config: Config, options: Options, ready: Callable[[], None]) -> int:
    os._exit(7)


def breaks(config: Config, options: Options, ready: Callable[[], None]) -> int:
    raise RuntimeError("a fault of ours")


def breaks_later(config: Config, options: Options, ready: Callable[[], None]) -> int:
    ready()
    raise RuntimeError("a fault of ours")


def never_ready(config: Config, options: Options, ready: Callable[[], None]) -> int:
    signal.pause()
    return 0


def deaf(config: Config, options: Options, ready: Callable[[], None]) -> int:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready()
    while True:
        signal.pause()


def slow(config: Config, options: Options, ready: Callable[[], None]) -> int:
    """Say when it has begun, and wait for leave to go on; then note a request to reload and end."""
    (HOME / "begun").write_text("begun")
    (HOME / "go").read_text()
    noted: list[int] = []
    signal.signal(signal.SIGHUP, lambda number, _frame: noted.append(number))
    ready()
    (HOME / "noted").write_text(repr([signal.Signals(number).name for number in noted]))
    return 0


def looks_on(config: Config, options: Options, ready: Callable[[], None]) -> int:
    """Run as a shadow of a table in memory, which nobody keeps."""
    return environment.direct(config, replace(options, shadow=True), ready)


def posting(config: Config, options: Options, ready: Callable[[], None]) -> int:
    """Find mail servers at `$MAIL_PORT`, and no sendmail program but `$SENDMAIL`."""
    routes = Routes(port=int(os.environ["MAIL_PORT"]), sendmail=(os.environ["SENDMAIL"],))
    return environment.direct(config, replace(options, mail=routes), ready)


NO_ROOM, ROOM = signal.SIGRTMIN + 5, signal.SIGRTMIN + 6


def crowded(config: Config, options: Options, ready: Callable[[], None]) -> int:
    """Do as `posting`, and have room for no further thread and process between two signals."""
    _, most = resource.getrlimit(resource.RLIMIT_NPROC)
    signal.signal(NO_ROOM, lambda *_: resource.setrlimit(resource.RLIMIT_NPROC, (1, most)))
    signal.signal(ROOM, lambda *_: resource.setrlimit(resource.RLIMIT_NPROC, (most, most)))
    return posting(config, options, ready)


def prove(options: Options) -> None:
    """Find that a daemon could not start if `$CANNOT` says so."""
    if reason := os.environ.get("CANNOT"):
        raise DirectorError(reason)
    environment.prove(options)


if __name__ == "__main__":
    director = os.environ.get("DIRECTOR")
    sys.exit(
        main(
            environment=environment.Environment(
                program=sys.argv[0],
                run_dir=Path(os.environ["LDIRECTORD_RUN_DIR"]),
                config_dirs=(f"{HOME}/ha.d", f"{HOME}/ha.d/conf"),
                logfile=f"{HOME}/log",
                runtime_dir=environment.runtime_dir(),
                prover=prove,
                runner=globals()[director] if director else environment.direct,
                patience=float(os.environ.get("PATIENCE", "40")),
            )
        )
    )
