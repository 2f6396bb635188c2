"""A shell in a guest of the lab, on this terminal; `exit` ends both.

    sudo .venv/bin/python -m tests.lab.guests.shell

The guest has root's rights, a kernel of its own with IPVS, and this machine's files, which it can write to.
In it tests of the lab run as anywhere: with `--pdb` one that fails waits, with its hosts, daemons and tables as they
are.
"""

import os
import selectors
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.lab.guests import processor
from tests.lab.guests.booting import WORK, kernel, write_init
from tests.lab.guests.guest import missing

ROOT = Path(__file__).parents[3]
_CHUNK = 65536
# The console cannot be the terminal that a shell controls, but the device behind it can.
_TASK = """mknod /run/terminal c 4 0
stty rows <ROWS> cols <COLUMNS> </run/terminal
setsid --ctty --wait bash --rcfile <RC> -i </run/terminal >/run/terminal 2>&1"""
_RC = """PS1='guest:\\w# '
unset HISTFILE
echo "A guest of the lab: Linux $(uname -r), with IPVS and these files. exit ends it."
echo "Try: ipvsadm -Ln; ldirectord --help; pytest --pdb tests/lab/test_classic.py -k fallback"
"""


class Shell:
    """A guest with the folder *work*, and the terminal of its shell."""

    def __init__(self, work: Path) -> None:
        self._work = work
        # No terminal of this machine: for one, the kernel would start a process that outlives it if it is killed.
        self._terminal, theirs = socket.socketpair()
        with theirs, (work / "kernel").open("wb") as printed:
            self._process = subprocess.Popen(
                [*kernel(work, f"fd:{theirs.fileno()},fd:{theirs.fileno()}"), "loglevel=1"],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                pass_fds=[theirs.fileno()],
                env=os.environ | processor.environment(work),
                start_new_session=True,
            )

    def converse(self) -> int:
        """Hand on what is typed and what is shown until the guest ends; return its status."""
        terminal, keys, screen = self._terminal.fileno(), sys.stdin.fileno(), sys.stdout.fileno()
        with selectors.DefaultSelector() as selector:
            selector.register(keys, selectors.EVENT_READ, terminal)
            selector.register(terminal, selectors.EVENT_READ, screen)
            while True:
                for key, _ in selector.select():
                    if said := _read(key.fd):
                        os.write(key.data, said)
                    elif key.fd == terminal:
                        return self._process.wait()
                    else:
                        selector.unregister(key.fd)

    def end(self) -> None:
        """Kill what is left of the guest: the kernel, and the processes that are its guests' address spaces."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._terminal.close()

    def last_words(self) -> str:
        """Return what the kernel and the init script printed."""
        files = (self._work / name for name in ("kernel", "console"))
        return "".join(path.read_text(errors="replace") for path in files if path.exists())


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, _CHUNK)
    except OSError:  # the other side is gone: the kernel, or this terminal
        return b""


@contextmanager
def raw() -> Iterator[None]:
    """Have each key go to the guest as it is pressed, Ctrl-C too."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    tty.setraw(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSAFLUSH, before)


def prepare(work: Path) -> None:
    """Write what the guest begins with."""
    rc, size = work / "rc", shutil.get_terminal_size()
    rc.write_text(_RC)
    task = _TASK
    for word, value in {"ROWS": size.lines, "COLUMNS": size.columns, "RC": shlex.quote(str(rc))}.items():
        task = task.replace(f"<{word}>", str(value))
    write_init(
        work,
        ROOT,
        task,
        PATH=f"{Path(sys.executable).parent}:/usr/sbin:/usr/bin:/sbin:/bin",
        TERM=os.environ.get("TERM", "dumb"),
        PYTEST_ADDOPTS="-p asyncio -p timeout -p pytester -p no:cacheprovider",
    )


def main() -> int:
    if lacking := missing():
        print(f"It needs {', '.join(lacking)}: as root, tests/install-debian installs what is missing", file=sys.stderr)
        return 1
    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, lambda number, _frame: sys.exit(128 + number))
    with tempfile.TemporaryDirectory(prefix="ldirectord-shell-", dir=WORK) as folder:
        work = Path(folder)
        prepare(work)
        shell = Shell(work)
        try:
            with raw():
                status = shell.converse()
        finally:
            shell.end()
        if status:
            print(f"The guest ended with status {status}:\n{shell.last_words()}", file=sys.stderr)
        return status


if __name__ == "__main__":
    sys.exit(main())
