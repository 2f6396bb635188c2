"""A guest: Debian's user-mode kernel, booted on this machine's own files, with pytest as its one task."""

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from threading import Lock

from tests.lab.guests import processor
from tests.lab.guests.booting import KERNEL, MODULES, kernel, write_init

SECONDS = float(os.environ.get("LAB_SECONDS", "1200"))
_BOOTS = 3  # tries: on a busy machine the kernel now and then ends before it has begun
TAIL_LINES = 40
LINE_LENGTH = 300


def missing() -> list[str]:
    """Return what this machine lacks to run guests, as words for the operator; empty if nothing."""
    lacking = [] if os.geteuid() == 0 else ["root's rights"]
    if not KERNEL.exists() or not any(MODULES.glob("*")):
        lacking.append("Debian's user-mode-linux")
    lacking += processor.lacking()
    tools = {
        "ip": "iproute2",
        "modprobe": "kmod",
        "ipvsadm": "ipvsadm",
        "iptables-legacy": "iptables",
        "ldirectord": "ldirectord",
        "systemctl": "systemd",
        "ocf-tester": "resource-agents",
        "xmllint": "libxml2-utils",
    }
    places = [Path(folder) for folder in ("/usr/sbin", "/usr/bin", "/sbin", "/bin")]
    return lacking + [
        package for tool, package in tools.items() if not any((place / tool).exists() for place in places)
    ]


class Guest:
    """Runs the tests of *modules* that wait in its queue, in a kernel of its own.

    It finds the queue, and where reports go, in its folder *work*: see `tests/lab/guests/pool.py`.
    One thread runs it, and another may end it.
    """

    def __init__(self, root: Path, work: Path, modules: Sequence[str], options: Sequence[str], processor: int) -> None:
        self.work = work
        self.verdict = "it has not been started"
        self._root, self._modules, self._options, self._processor = root, modules, options, processor
        self._lock, self._cancelled = Lock(), False
        self._process: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Boot, wait for the guest's end or its time limit, and say in *verdict* how it ended."""
        for _ in range(_BOOTS):
            try:
                self._run_once()
            except Exception as error:  # noqa: BLE001  # in this thread nobody would hear of it
                self.verdict = f"it could not be run: {error!r}"
            if self._cancelled or (self.work / "console").exists():
                return  # it has got as far as our init: what happened from there on is what there is to tell

    def _run_once(self) -> None:
        self._write_init()
        with self._lock:
            if self._cancelled:
                return
            self._process = self._boot()
        began = time.monotonic()
        if (status := self._wait(self._process)) is None:
            self.verdict = f"the guest was ended at its time limit of {SECONDS:g} s for a group of tests (LAB_SECONDS)"
        else:
            self.verdict = f"the guest ended after {time.monotonic() - began:.0f} s with status {status}"
        self._kill()

    def _wait(self, process: "subprocess.Popen[bytes]") -> int | None:
        """Return the status with which the guest ended; None: it has taken no new group for the time limit."""
        taken = None
        while taken != (taken := self.taken()):
            with suppress(subprocess.TimeoutExpired):
                return process.wait(SECONDS)
        return None

    def taken(self) -> list[str]:
        """Return the names of the groups that it has taken."""
        return sorted(path.name for path in self.work.joinpath("taken").iterdir())

    def end(self) -> None:
        """Kill the guest, or see to it that it never starts."""
        with self._lock:
            self._cancelled = True
            if self._process is not None:
                self._kill()

    def last_words(self) -> str:
        """Return the ends of what the kernel, the init script and pytest printed."""
        texts = []
        for name in ("kernel", "console", "printed"):
            with suppress(FileNotFoundError):
                lines = (self.work / name).read_text(errors="replace").splitlines()[-TAIL_LINES:]
                texts.append(f"--- {name} ---\n" + "\n".join(line[:LINE_LENGTH] for line in lines))
        return "\n".join(texts)

    def _write_init(self) -> None:
        (self.work / "modules").write_text("\n".join(self._modules) + "\n")
        plugins = ("asyncio", "timeout", "pytester", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", *(word for name in plugins for word in ("-p", name))]
        pytest = shlex.join([*command, *self._options, f"@{self.work / 'modules'}"])
        task = f"{pytest} >{shlex.quote(str(self.work / 'printed'))} 2>&1\necho pytest ended with $?"
        write_init(self.work, self._root, task)

    def _boot(self) -> subprocess.Popen[bytes]:
        with (self.work / "kernel").open("wb") as printed:
            return subprocess.Popen(
                # A system call in a guest goes through two processes of the host, one after the other: that they
                # share a processor saves a quarter of the time.
                ["taskset", "--cpu-list", str(self._processor), *kernel(self.work)],
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                env=os.environ | processor.environment(self.work),
                start_new_session=True,
            )

    def _kill(self) -> None:
        """Kill the kernel and the processes that are its guests' address spaces."""
        assert self._process is not None
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
