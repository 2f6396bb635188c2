"""A systemd of its own: the real one, as the first process of a host, with no units but those that a test hands it."""

import json
import shlex
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.support.director import ROOT
from tests.lab.support.namespaces import Host
from tests.lab.support.waiting import wait_until

SYSTEMD = Path("/usr/lib/systemd/systemd")
SHIPPED = Path("/usr/lib/systemd/system")
_NEEDED = (
    *("sysinit.target", "basic.target", "multi-user.target", "shutdown.target", "system.slice", "-.slice"),
    *("network.target", "network-online.target", "nss-lookup.target", "modprobe@.service"),
)
"""Units of systemd's own that ours refer to."""
_JOURNAL = ("systemd-journald.service", "systemd-journald.socket", "systemd-journald-dev-log.socket")
TO_THE_JOURNAL = "[Service]\nStandardOutput=journal\nStandardError=inherit\n"
"""Has the unit's streams go where they go without what is written here for all units."""

# The sandbox hides /tmp and homes, where a checkout may lie, so the program is shown to it below /run/lab. /etc is a
# copy: users are added to it. What systemd and the daemon write to is the guest's memory.
_PREPARE = """
exec >"$0/console" 2>&1
set -e
mount --make-rprivate /
mount -t proc proc /proc
mount -t tmpfs -o mode=755 tmpfs "$0/run"
mkdir -p "$0/run/lab/checkout" "$0/run/lab/packages" "$0/run/lab/python" "$0/run/lab/units" "$0/run/lock"
mount --bind <CHECKOUT> "$0/run/lab/checkout"
mount --bind <PACKAGES> "$0/run/lab/packages"
mount --bind <PYTHON> "$0/run/lab/python"
cp -r "$0"/units/* "$0/run/lab/units"
mount -n --move "$0/run" /run
mount --bind "$0/etc" /etc
mount --bind "$0/log" /var/log
mount --bind "$0/ldirectord" /usr/sbin/ldirectord
mount -t cgroup2 cgroup /sys/fs/cgroup
systemd-sysusers <CHECKOUT>/systemd/sysusers.d/ldirectord.conf
systemd-tmpfiles --create <CHECKOUT>/systemd/tmpfiles.d/ldirectord.conf
export SYSTEMD_UNIT_PATH=/run/lab/units PATH=/usr/sbin:/usr/bin container=lab
exec <SYSTEMD> --system --unit=multi-user.target --log-target=console
"""

_LAUNCHER = """#!/bin/sh
export LD_LIBRARY_PATH=/run/lab/python/lib PYTHONPATH=/run/lab/checkout:/run/lab/packages
exec /run/lab/python/bin/python3 -P -m ldirectord_py "$@"
"""


class Refused(AssertionError):
    """systemctl ended with another status than 0; says what it printed, and how the units stand."""


@dataclass(eq=False)
class Manager:
    """Runs systemd on *host*, with /etc, /run and /var/log of its own below *folder*, and the units of the project."""

    host: Host
    folder: Path
    drop_in: str = ""
    """What `systemctl edit ldirectord` would add to the unit."""
    journal: bool = False
    """Whether journald runs too."""
    _inside: int = field(default=0, init=False)

    def __post_init__(self) -> None:
        for place in ("run", "log", "units"):
            (self.folder / place).mkdir(parents=True)
        shutil.copytree("/etc", self.folder / "etc", symlinks=True, ignore_dangling_symlinks=True)
        (self.folder / "etc/ha.d").mkdir(exist_ok=True)
        needed = (*_NEEDED, *(_JOURNAL if self.journal else ()))
        for unit in [*(SHIPPED / name for name in needed), *(ROOT / "systemd").glob("*.service")]:
            if unit.exists():
                shutil.copy(unit, self.folder / "units")
        # To a file goes what would go to the journal, which there seldom is here.
        console = f"[Service]\nStandardOutput=append:{self.folder}/console\nStandardError=inherit\n"
        for name, text in {"service.d/console": console, "ldirectord.service.d/edited": self.drop_in}.items():
            drop_in = self.folder / "units" / f"{name}.conf"
            drop_in.parent.mkdir()
            drop_in.write_text(text)
        launcher = self.folder / "ldirectord"
        launcher.write_text(_LAUNCHER)
        launcher.chmod(0o755)
        self.folder.chmod(0o755)

    def with_control(self, unit: str) -> None:
        """Have *unit* find `ldirectorctl`; to be called before `boot`."""
        launcher = self.folder / "units/ldirectorctl"
        launcher.write_text(_LAUNCHER.replace("_py ", "_py.cli.ldirectorctl "))
        launcher.chmod(0o755)
        file = self.folder / "units" / unit
        file.write_text(file.read_text().replace("/usr/sbin/ldirectorctl", f"/run/lab/units/{launcher.name}"))

    def boot(self) -> None:
        """Start systemd, and wait until it takes commands."""
        script = _PREPARE
        places = {
            "CHECKOUT": ROOT,
            "PACKAGES": sysconfig.get_path("purelib"),
            "PYTHON": sys.base_prefix,
            "SYSTEMD": SYSTEMD,
        }
        for word, path in places.items():
            script = script.replace(f"<{word}>", shlex.quote(str(path)))
        words = "unshare --mount --pid --ipc --uts --cgroup --fork --kill-child sh -c"
        outer = self.host.popen(f"{words} {shlex.quote(script)} {shlex.quote(str(self.folder))}").pid
        children = Path(f"/proc/{outer}/task/{outer}/children")
        wait_until(children.read_text)
        self._inside = int(children.read_text())
        wait_until(
            lambda: self._systemctl("is-active", "multi-user.target").returncode == 0, telling=lambda: self.console
        )
        if self.journal:
            self.systemctl("start", "systemd-journald.service")

    def systemctl(self, *words: str) -> str:
        """Run systemctl; raise `Refused` where it does not end with 0."""
        done = self._systemctl(*words)
        if done.returncode:
            raise Refused(f"systemctl {' '.join(words)}: {done.stdout}\n{self.console[-3000:]}\n{self.log}")
        return done.stdout.strip()

    def _systemctl(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return self.run(["systemctl", "--no-pager", *words])

    def run(self, words: Sequence[str]) -> "subprocess.CompletedProcess[str]":
        """Run a command as root, outside every sandbox, as an operator does on the machine."""
        return subprocess.run(
            ["nsenter", f"--target={self._inside}", "--mount", "--pid", "--net", "--cgroup", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=90,
            check=False,
        )

    def show(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        return self.systemctl("show", "--value", f"--property={name}", unit)

    def status_of(self, pid: int) -> dict[str, str]:
        """Return what the kernel says of a process, see proc(5); *pid* is as the manager counts."""
        lines = self.run(["cat", f"/proc/{pid}/status"]).stdout.splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def journalctl(self, *matches: str) -> list[dict[str, Any]]:
        """Return the entries of the journal with these fields, such as `EVENT=real_down`."""
        told = self.run(["journalctl", "--output=json", "--all", "--no-pager", "--quiet", *matches]).stdout
        return [json.loads(line) for line in told.splitlines()]

    def write(self, name: str, config: str) -> None:
        """Write a configuration file of /etc/ha.d."""
        self.folder.joinpath("etc/ha.d", name).write_text(config)

    def main_pid(self, unit: str = "ldirectord") -> int:
        """Return the process id of the daemon, as the manager counts."""
        return int(self.show(unit, "MainPID"))

    @property
    def console(self) -> str:
        """What would be in the journal."""
        return (self.folder / "console").read_text(errors="replace")

    @property
    def log(self) -> str:
        """The daemon's log."""
        with suppress(FileNotFoundError):
            return (self.folder / "log/ldirectord.log").read_text()
        return ""
