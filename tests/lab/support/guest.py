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

from tests.lab.support import processor

KERNEL = Path(os.environ.get("LAB_KERNEL", "/usr/bin/linux.uml"))
MODULES = Path("/usr/lib/uml/modules")
SECONDS = float(os.environ.get("LAB_SECONDS", "1200"))
MEMORY = "1G"
WORK = Path("/var/tmp")  # not below /tmp, which the guest covers with a tmpfs of its own
_BOOTS = 3  # tries: on a busy machine the kernel now and then ends before it has begun
TAIL_LINES = 40
LINE_LENGTH = 300

# Words in <> are filled in. The root file system is the host's own, so whatever a program may write to by habit
# is covered with a tmpfs; folders that pytest needs from below those places (a checkout in /tmp) are bound in again.
_INIT = """#!/bin/bash
exec ><CONSOLE> 2>&1
export <ENVIRONMENT>
mount -t proc proc /proc
echo lab >/proc/sys/kernel/hostname
mount -t sysfs sys /sys
mount -t tmpfs kept <KEPT>
number=0
for place in <KEEP>; do
  case $place in /run/*|/tmp/*|/var/log/*) mkdir <KEPT>/$((++number)); mount --bind "$place" <KEPT>/$number ;; esac
done
for place in /run /tmp /var/log; do mount -t tmpfs tmpfs $place; done
number=0
for place in <KEEP>; do
  case $place in /run/*|/tmp/*|/var/log/*) mkdir -p "$place"; mount --bind <KEPT>/$((++number)) "$place" ;; esac
done
mkdir -p /run/netns /run/lock /dev/shm /lib/modules
mount -t tmpfs tmpfs /dev/shm
mount -t tmpfs tmpfs /lib/modules
mkdir -p /lib/modules/$(uname -r)
mount --bind <MODULES> /lib/modules/$(uname -r)
ip link set lo up
for module in ip_vs veth bridge ipip ip6_tunnel; do modprobe $module; done
cd <ROOT>
<PYTEST> ><PRINTED> 2>&1
echo pytest ended with $?
sync
python3 -c 'import ctypes; ctypes.CDLL(None).reboot(0x4321fedc)'  # RB_POWER_OFF
"""


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

    It finds the queue, and where reports go, in its folder *work*: see `tests/lab/support/pool.py`.
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
        (self.work / "kept").mkdir(exist_ok=True)
        (self.work / "modules").write_text("\n".join(self._modules) + "\n")
        environment = {name: value for name, value in os.environ.items() if name.startswith(("LAB_", "PYTHON"))} | {
            "PATH": os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": "/root",
            "LANG": "C.UTF-8",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "LAB_GUEST": str(self.work),
        }
        plugins = ("asyncio", "timeout", "pytester", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", *(word for name in plugins for word in ("-p", name))]
        kept = {self._root, self.work.parent, Path(sys.prefix), Path(sys.base_prefix)}
        words = {
            "CONSOLE": shlex.quote(str(self.work / "console")),
            "PRINTED": shlex.quote(str(self.work / "printed")),
            "ENVIRONMENT": " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items()),
            "KEPT": shlex.quote(str(self.work / "kept")),
            "KEEP": shlex.join(str(path) for path in sorted(kept)),
            "MODULES": shlex.quote(str(max(MODULES.glob("*"), default=MODULES))),
            "ROOT": shlex.quote(str(self._root)),
            "PYTEST": shlex.join([*command, *self._options, f"@{self.work / 'modules'}"]),
        }
        text = _INIT
        for word, value in words.items():
            text = text.replace(f"<{word}>", value)
        init = self.work / "init"
        init.write_text(text)
        init.chmod(0o755)

    def _boot(self) -> subprocess.Popen[bytes]:
        with (self.work / "kernel").open("wb") as printed:
            return subprocess.Popen(
                [
                    # A system call in a guest goes through two processes of the host, one after the other: that they
                    # share a processor saves a quarter of the time.
                    *("taskset", "--cpu-list", str(self._processor)),
                    *(str(KERNEL), f"mem={MEMORY}", f"uml_dir={self.work}/uml/", f"init={self.work}/init"),
                    *("rootfstype=hostfs", "rootflags=/", "rw", "con=null", "con0=null", "loglevel=4"),
                ],
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
