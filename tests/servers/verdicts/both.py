"""The original and ours, each in the foreground on the same `ldirectord.cf`, and what each concludes of every virtual.

The original runs with `-d`, so that it takes our `./ipvsadm` for the real one: a table that is always empty, and a list
of what was to be written to it.  It lets a server in with its first success (`ipvsadm -a`), and with
`readdquiescent=yes` never before.  It checks one server after the other: once it has let in the last one, which always
succeeds, those before it that are not in are down.
"""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path

from ldirectord_py.model.address import Endpoint
from tests.peers.patience import PATIENCE

ORIGINAL = "/usr/sbin/ldirectord"
_OURS = (sys.executable, "-m", "ldirectord_py", "-d", "--table", "memory", "--log-format", "json", "--foreground")
HANGS = 4.0
"""Seconds without a verdict, at timeouts of one second, after which none is taken to come."""
_PAUSE = 0.02
_VIPS = {4: "192.0.2.1", 6: "[2001:db8::1]"}
_FIRST_PORT = 2000
_QUOTED = {"checkcommand", "database", "login", "passwd", "receive", "request", "secret"}
_IPVSADM = """\
#!/bin/sh
echo "$*" >>calls
case $1 in -L) printf 'IP Virtual Server\\nProt LocalAddress:Port Scheduler Flags\\n  -> RemoteAddress:Port\\n' ;; esac
"""


class Verdict(StrEnum):
    """What comes of checking a server."""

    UP = "up"
    DOWN = "down"
    FAULT = "fault"  # nothing is concluded, it is none of the server's
    HANGS = "hangs"  # and all other checks with it
    DIES = "dies"  # the whole daemon
    REJECTS = "rejects the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One virtual with one real server, in the words of `ldirectord.cf`."""

    server: Endpoint
    words: Mapping[str, str] = field(default_factory=dict)
    pair: str = ""
    """Request and receive on the real server's own line, in quotes."""

    def lines(self, index: int, monitor: Path) -> list[str]:
        """Return its lines, as the file's section number *index*.

        Each server has a weight of its own: to the original, servers that differ in their login alone are the same.
        """
        six = "6" if self.server.address.version == 6 else ""
        lines = [f"virtual{six}={self.virtual(index)}"]
        lines.append(f"\treal{six}={self.server} masq {index + 1} {self.pair}".rstrip())
        for word, value in self.words.items():
            lines.append(f'\t{word}="{value}"' if word in _QUOTED else f"\t{word}={value}")
        return [*lines, f"\tmonitorfile={monitor}"]

    def virtual(self, index: int) -> str:
        """Return the virtual of the file's section number *index*."""
        return f"{_VIPS[self.server.address.version]}:{_FIRST_PORT + index}"


@dataclass(frozen=True, slots=True)
class Concluded:
    """A verdict, and what the program said of it."""

    verdict: Verdict
    said: str = ""

    def __str__(self) -> str:
        return f"{self.verdict} ({self.said})" if self.said else self.verdict.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where both programs run."""

    folder: Path
    wrapper: Sequence[str] = ()
    """What starts them, for instance in a network of their own."""
    environment: Mapping[str, str] = field(default_factory=dict)


_ALWAYS = Section(
    server=Endpoint(ip_address("127.0.0.1"), 1), words={"checktype": "external", "checkcommand": "/bin/true"}
)


async def original(
    around: Surroundings, sections: Sequence[Section], expected: Verdict | None = None
) -> list[Concluded]:
    """Return what the original concludes of each of *sections*; one that hangs it keeps it from all that follow.

    Where it is *expected* to die, which it may do some time after its verdict, that is waited for.
    """
    dies = expected is Verdict.DIES  # which the check that follows might keep it from
    all_of_them = [_ALWAYS, *sections] if dies else [_ALWAYS, *sections, _ALWAYS]
    folder, config = _home(around, all_of_them)
    (folder / "ipvsadm").write_text(_IPVSADM)
    (folder / "ipvsadm").chmod(0o755)
    argv = [*around.wrapper, ORIGINAL, "-d", str(config), "start"]
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "PERLIO": "perlio", **around.environment}

    def let_in(index: int) -> bool:
        written = _read(folder / "calls")
        virtual = all_of_them[index].virtual(index)
        return any(f"-a {option} {virtual} " in written for option in ("-t", "-u"))

    async with _running(argv, folder, environment) as process:
        await _soon(lambda: let_in(0), process, PATIENCE)
        patience = HANGS if expected is Verdict.HANGS else PATIENCE
        finished = await _soon(lambda: not dies and let_in(len(all_of_them) - 1), process, patience)
        died = process.returncode is not None
    if not let_in(0):
        raise AssertionError(f"the original did not begin:\n{_read(folder / 'output')[-4000:]}")
    said = _read(folder / "output").splitlines()[-1] if died else ""
    concluded = []
    for index, _ in enumerate(sections, start=1):
        line = _read(folder / f"monitor.{index}").partition("\n")[0]
        reason = line.partition("[up] ")[2] or line.partition("[down] ")[2]
        if died and dies:
            concluded.append(Concluded(Verdict.DIES, said))
        elif let_in(index):
            concluded.append(Concluded(Verdict.UP, reason))
        elif finished or "[down]" in line:
            concluded.append(Concluded(Verdict.DOWN, reason))
        else:
            concluded.append(Concluded(Verdict.DIES if died else Verdict.HANGS, said))
    return concluded


async def ours(around: Surroundings, sections: Sequence[Section]) -> list[Concluded]:
    """Return what ours concludes of each of *sections*."""
    folder, config = _home(around, sections)
    argv = [*around.wrapper, *_OURS, str(config), "start"]
    environment = {**os.environ, "LDIRECTORD_RUN_DIR": str(folder), "PYTHONWARNINGS": "error"}
    found: dict[int, Concluded] = {}

    def complete() -> bool:
        for line in _read(folder / "output").splitlines():
            event = json.loads(line) if line.startswith("{") and line.endswith("}") else {}
            virtual = int(event.get("virtual", ":0").rpartition(":")[2]) - _FIRST_PORT
            if event.get("event") == "real_checked":
                found.setdefault(virtual, Concluded(Verdict(event["verdict"]), event["detail"]))
            elif event.get("change") == "add_destination" and event.get("cause") == "start":
                found.setdefault(virtual, Concluded(Verdict.UP, "let in at the start"))  # as it is not checked at all
        return len(found) == len(sections)

    async with _running(argv, folder, environment) as process:
        finished = await _soon(complete, process, PATIENCE)
        status = process.returncode
    output = _read(folder / "output")
    if status == 2:
        return [Concluded(Verdict.REJECTS, output.strip())] * len(sections)
    if not finished:
        raise AssertionError(f"ours did not check all servers, or ended with {status}:\n{output[-4000:]}")
    return [found[index] for index in range(len(sections))]


def _home(around: Surroundings, sections: Sequence[Section]) -> tuple[Path, Path]:
    """Make a folder for a run, with its configuration, whose name is its own: the original goes by it machine-wide."""
    number = len(list(around.folder.iterdir()))
    folder = around.folder / f"run{number}"
    folder.mkdir()
    lines = ["checkinterval=60", "readdquiescent=yes"]
    for index, section in enumerate(sections):
        lines += section.lines(index, folder / f"monitor.{index}")
    config = folder / f"{around.folder.name}-{number}.cf"
    config.write_text("\n".join([*lines, ""]))
    return folder, config


@asynccontextmanager
async def _running(argv: Sequence[str], folder: Path, environment: Mapping[str, str]) -> AsyncIterator[Process]:
    """Run a program in *folder*; end it and all that it has started, without giving it a say."""
    with (folder / "output").open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *argv, cwd=folder, env=environment, stdin=DEVNULL, stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def _soon(expected: Callable[[], bool], process: Process, seconds: float) -> bool:
    """Return whether what is *expected* comes within *seconds*, or before the program ends."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + seconds
    while not (ended := process.returncode is not None) and loop.time() < deadline:
        if expected():
            return True
        await asyncio.sleep(_PAUSE)
    return ended and expected()


def _read(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""
