"""A director: a host, the daemon that runs on it, and the table that the daemon keeps."""

import os
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.support import forking
from tests.lab.support.forking import Forked, connect, fork
from tests.lab.support.namespaces import Host
from tests.lab.support.table import Table, Watch, read_table, read_weights, watching
from tests.lab.support.unsharing import MOUNTS, NETWORK, bind, enter, on_thread, unshare
from tests.lab.support.waiting import PATIENCE, wait_until

ROOT = Path(__file__).parents[3]

_ITS_OWN = (
    *("run", "etc/ha.d", "var/log", "etc/hosts"),
    *("etc/corosync", "etc/keepalived", "dev/shm", "var/lib/corosync", "var/lib/heartbeat", "var/lib/pacemaker"),
    *("usr/sbin/ldirectord", "usr/lib/ocf/resource.d"),
)
"""What programs on it see of their own, if the test made it, at the places that are compiled into them."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program that takes `CONFIG ACTION` as ldirectord does."""

    name: str
    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


OURS = Program("ours", forking.OURS, {"PYTHONPATH": str(ROOT)})
ORIGINAL = Program("original", forking.ORIGINAL, forking.PERL)
Started = subprocess.Popen[bytes] | Forked
PROGRAMS = {program.name: program for program in (OURS, ORIGINAL)}


class ActionFailed(AssertionError):
    """An action of the program ended with another status than was expected; says what it printed."""


@dataclass(eq=False)
class Director:
    """Runs *program* as a daemon on *host*, with /run, /var/log and /etc/ha.d of its own below *folder*."""

    host: Host
    program: Program
    folder: Path
    started: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        for place in ("run", "var/log", "etc/ha.d"):
            (self.folder / place).mkdir(parents=True)

    @property
    def file(self) -> Path:
        """The configuration file."""
        return self.folder / "lab.cf"

    @property
    def log(self) -> str:
        """What the daemon logged until now, or the empty string."""
        return "".join(path.read_text(errors="replace") for path in sorted((self.folder / "var/log").glob("*.log")))

    @property
    def pid(self) -> int | None:
        """The process id that the daemon wrote down, or None."""
        try:
            return int((self.folder / "run" / f"ldirectord.{self.file.name}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return None

    @property
    def running(self) -> bool:
        """Whether the process that was written down lives."""
        return self.pid is not None and Path("/proc", str(self.pid)).exists()

    def act(self, action: str, *, status: int = 0) -> str:
        """Run `PROGRAM FILE ACTION` and return what it prints; raises `ActionFailed` on another exit status."""
        ended, text = self.run([*self.program.words, str(self.file), action], **self.program.environment)
        if ended != status:
            command = shlex.join([*self.program.words, self.file.name, action])
            raise ActionFailed(f"expected {command} to exit with {status}, but it did with {ended}: {text}")
        return text

    def run(self, words: Sequence[str], *, seconds: float = PATIENCE, **environment: str) -> tuple[int, str]:
        """Run a command where the daemon runs, with its folders; return its exit status and what it prints."""
        printed = self.folder / "printed"
        return self.popen(words, printed, **environment).wait(seconds), printed.read_text(errors="replace")

    def popen(self, words: Sequence[str], printed: Path, **environment: str) -> Started:
        """Start a command where the daemon runs, with its folders; what it prints goes into the file *printed*.

        Our own program and the original are forked (see `forking`).
        """
        program = next((each.words for each in PROGRAMS.values() if tuple(words[: len(each.words)]) == each.words), ())
        channel = connect(program)

        def begin() -> Started:
            enter(self.host.namespace, NETWORK)
            unshare(MOUNTS)
            for place in _ITS_OWN:
                if (self.folder / place).exists() and Path("/", place).exists():
                    bind(self.folder / place, Path("/", place))
            if channel is not None:
                return fork(channel, words[len(program) :], output.fileno(), {**os.environ, **environment})
            return subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd="/",
                env={**os.environ, **environment},
            )

        # To a file, because a daemon that kept a pipe open would keep us waiting for its end.
        with printed.open("w") as output:
            return on_thread(begin)

    def start(self, config: str | None = None) -> None:
        """Write *config*, or leave the file as it is, start the daemon, and wait until it wrote its process id."""
        if config is not None:
            self.write(config)
        self.started = True
        self.act("start")
        wait_until(lambda: self.running, telling=lambda: self.log)

    def write(self, config: str) -> None:
        """Write the configuration file, in one step, so that nobody reads half of it."""
        draft = self.file.with_suffix(".new")
        draft.write_text(config)
        draft.replace(self.file)

    def reload(self, config: str) -> None:
        """Write *config* and send SIGHUP."""
        self.write(config)
        self.send(signal.SIGHUP)

    def send(self, number: signal.Signals) -> int:
        """Send a signal to the daemon and return its process id."""
        assert self.pid is not None, "the daemon has written down no process id"
        os.kill(self.pid, number)
        return self.pid

    def stop(self) -> None:
        """Send SIGTERM and wait until the daemon is gone."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL and wait until the daemon is gone."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        process = Path("/proc", str(self.send(number)))
        wait_until(lambda: not process.exists(), telling=lambda: self.log)

    def table(self) -> Table:
        """Return the kernel's table as it is now."""
        return read_table(self.host)

    def weights(self, virtual: str | None = None) -> Mapping[str, int]:
        """Return the weights of the real servers of *virtual*, or of the only virtual service there is."""
        weights = read_weights(self.host)
        if virtual is None and len(weights) > 1:
            raise LookupError(f"say which virtual service is meant, there are {', '.join(weights)}")
        return weights.get(virtual or next(iter(weights), ""), {})

    def served(self) -> list[str]:
        """Return the virtual services that have a server with a weight, as in `-t 10.9.0.100:80`."""
        return [virtual for virtual, reals in read_weights(self.host).items() if any(reals.values())]

    def wait_for_weights(
        self, expected: Mapping[str, int], seconds: float = PATIENCE, *, virtual: str | None = None
    ) -> float:
        """Wait until exactly these real servers are there with these weights; return how long it took."""
        return wait_until(lambda: self.weights(virtual) == expected, seconds, telling=lambda: self.table().raw)

    def wait_for_log(self, words: str) -> None:
        """Wait until the daemon has logged *words*: a thread writes the log, after what it tells of."""
        wait_until(lambda: words in self.log, telling=lambda: self.log)

    def watching(self) -> AbstractContextManager[Watch]:
        """Record every state of the table while a block runs."""
        return watching(self.host)

    def sections(self) -> list[tuple[str, str]]:
        """Return what the report of a failed test shows of this director."""
        if not self.started:
            return []
        name = f"on {self.host.name} ({self.program.name})"
        return [
            (f"ipvsadm -L -n {name}", self.host.run("ipvsadm -L -n", check=False)),
            (f"log {name}", self.log),
            (f"configuration {name}", self.file.read_text()),
        ]
