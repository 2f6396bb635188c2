"""Programs as checks, through a whole director: what they are told, what their ends mean, and that none is left.

The same behaviours as a shell script (`checktype=external`) and as a Perl script (`external-perl`); which of them a
server shows goes by its port.
"""

import asyncio
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ldirectord_py import app
from ldirectord_py.config.load import parse
from ldirectord_py.model.checks.outcome import Reason, Verdict
from ldirectord_py.model.events import CheckDone, Event
from ldirectord_py.model.health import State
from ldirectord_py.model.snapshot import RealStatus
from ldirectord_py.observers.logging.destinations import LogFile
from ldirectord_py.options import Options
from tests.peers.patience import PATIENCE
from tests.peers.processes import alive

PAUSE = 0.02

SHELL = """\
#!/bin/sh
echo "$*" >>FOLDER/asked
case $4 in
3) echo "no page"; exit 3 ;;
4) echo "no heart" >&2; set -e; false ;;
5) kill -KILL $$ ;;
6) trap '' TERM; sleep 1000 & echo $$ $! >>FOLDER/overrunning; while :; do wait; done ;;
esac
"""
PERL = """\
use strict;
use warnings;
sub note { my ($name, $line) = @_; open my $file, ">>", "FOLDER/$name" or die; print $file "$line\\n"; close $file; }
note("asked", "@ARGV");
my %does = (
  2 => sub { exit 0 },
  3 => sub { print "no page\\n"; exit 3 },
  4 => sub { $! = 0; die "no heart\\n" },
  5 => sub { kill KILL => $$; sleep 1000 },
  6 => sub {
    $SIG{TERM} = "IGNORE";
    if (my $child = fork) { note("overrunning", "$$ $child") }
    sleep 1000 while 1;
  },
);
$does{$ARGV[3]}->() if $does{$ARGV[3]};
"""
SCRIPTS = {"external": SHELL, "external-perl": PERL}
CHECKTYPES = [
    "external",
    pytest.param("external-perl", marks=pytest.mark.skipif(shutil.which("perl") is None, reason="needs perl")),
]
RECOVERED = {"external": "#!/bin/sh\nexit 0\n", "external-perl": "exit 0;\n"}
FINE = {"127.0.0.1:0", "127.0.0.1:1", "127.0.0.1:2", "[::1]:2"}
"""The servers that are up, by either script."""
ILL = {f"127.0.0.1:{port}" for port in (3, 4, 5, 6)}
DIES = {"external": "exit status 1: no heart", "external-perl": "exit status 255: no heart"}

CONFIGURATION = """\
checkinterval=1
checktimeout=20
quiescent=yes
virtual=192.0.2.1:80
	real=127.0.0.1:1 masq
	real=127.0.0.1:2 masq
	real=127.0.0.1:3 masq
	real=127.0.0.1:4 masq
	real=127.0.0.1:5 masq
	real=127.0.0.1 masq
	checktype={checktype}
	checkcommand={folder}/check
	checkport=99
virtual=7
	real=127.0.0.1:6 masq
	checktype={checktype}
	checkcommand={folder}/check
	checktimeout=1
virtual6=[2001:db8::1]:443
	real6=[::1]:2 masq
	checktype={checktype}
	checkcommand={folder}/check
"""
ASKED = {
    *(f"192.0.2.1 80 127.0.0.1 {port}" for port in range(6)),
    "7 0 127.0.0.1 6",
    "[2001:db8::1] 443 [::1] 2",
}
"""What the scripts are told; checkport is no part of it, and a server without a port has 0."""


@dataclass
class Stage:
    """A director at work on a table in memory, and what it has told."""

    application: app.Application
    folder: Path
    checks: list[CheckDone] = field(default_factory=list)

    def follow(self, event: Event) -> None:
        if isinstance(event, CheckDone):
            self.checks.append(event)

    def real(self, name: str) -> RealStatus:
        """Return how the server *name* is."""
        reals = [real for virtual in self.application.snapshot().virtuals for real in virtual.reals]
        return next(real for real in reals if str(real.configured) == name)

    def serving(self) -> set[str]:
        """Return the servers with a weight in the table."""
        reals = [real for virtual in self.application.snapshot().virtuals for real in virtual.reals]
        return {str(real.configured) for real in reals if real.actual}

    def told(self, name: str) -> list[str]:
        """Return the lines that the scripts have written."""
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    def install(self, text: str) -> None:
        """Put the script in its place, at once."""
        new = self.folder / "check.new"
        new.write_text(text.replace("FOLDER", str(self.folder)))
        new.chmod(0o755)
        new.replace(self.folder / "check")

    async def until(self, come_true: Callable[[], object]) -> None:
        """Wait for *come_true*; fail with what there is where it does not."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not come_true():
                    await asyncio.sleep(PAUSE)
        except TimeoutError:
            pytest.fail(f"that never came; {self.serving()} serve:\n{(self.folder / 'log').read_text()}", pytrace=False)


@asynccontextmanager
async def directing(folder: Path, checktype: str) -> AsyncIterator[Stage]:
    config = parse(CONFIGURATION.format(folder=folder, checktype=checktype).encode(), "programs.cf")
    application = app.Application(config, Options(table="memory", log=lambda _: LogFile(folder / "log")))
    stage = Stage(application, folder)
    stage.install(SCRIPTS[checktype])
    application.observe(stage.follow)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(application.run(lambda: None))
        try:
            yield stage
        finally:
            application.end()


@pytest.mark.parametrize("checktype", CHECKTYPES)
async def test_a_program_decides_and_leaves_nothing_behind(tmp_path: Path, checktype: str) -> None:
    async with directing(tmp_path, checktype) as stage:
        await stage.until(lambda: stage.application.snapshot().first_pass)
        await stage.until(lambda: stage.serving() == FINE)
        await stage.until(lambda: all(stage.real(name).health.state is State.DOWN for name in ILL))
        assert set(stage.told("asked")) == ASKED
        for name, reason, detail in (
            ("127.0.0.1:3", Reason.EXIT, "exit status 3: no page"),
            ("127.0.0.1:4", Reason.EXIT, DIES[checktype]),
            ("127.0.0.1:5", Reason.EXIT, "killed by SIGKILL"),
            ("127.0.0.1:6", Reason.TIMEOUT, "no result within 1 s"),
        ):
            health = stage.real(name).health
            assert (health.state, health.reason, health.detail) == (State.DOWN, reason, detail)
        stage.install(RECOVERED[checktype])  # the next check runs it: nothing is kept from the last
        await stage.until(lambda: stage.serving() == FINE | ILL)
        overrun = [int(pid) for line in stage.told("overrunning") for pid in line.split()]
        assert overrun
        await stage.until(lambda: not any(alive(pid) for pid in overrun))


@pytest.mark.parametrize("checktype", CHECKTYPES)
async def test_a_program_that_is_gone_says_nothing_of_the_servers(tmp_path: Path, checktype: str) -> None:
    async with directing(tmp_path, checktype) as stage:
        await stage.until(lambda: stage.serving() == FINE)
        (tmp_path / "check").unlink()
        stage.checks.clear()
        await stage.until(lambda: sum(check.outcome.verdict is Verdict.FAULT for check in stage.checks) > 2 * len(FINE))
        assert stage.serving() == FINE
        stage.install("exit 1\n" if checktype == "external-perl" else "#!/bin/sh\nexit 1\n")
        await stage.until(lambda: not stage.serving())


@pytest.mark.parametrize("checktype", CHECKTYPES)
async def test_the_end_of_the_director_is_the_end_of_its_programs(tmp_path: Path, checktype: str) -> None:
    async with directing(tmp_path, checktype) as stage:
        await stage.until(lambda: stage.told("overrunning"))
    overrun = [int(pid) for line in stage.told("overrunning") for pid in line.split()]
    await stage.until(lambda: not any(alive(pid) for pid in overrun))


def test_killed_outright_the_director_still_leaves_none_of_its_programs(tmp_path: Path) -> None:
    """Neither a check under way, nor what it has started: nobody is left who would end them."""
    check = tmp_path / "check"
    check.write_text(f"#!/bin/sh\ntrap '' TERM\nsleep 1000 &\necho $$ $! >>{tmp_path}/asked\nwait\n")
    check.chmod(0o755)
    config = tmp_path / "x.cf"
    reals = "".join(f"\treal=127.0.0.1:{port} masq\n" for port in (1, 2, 3))
    config.write_text(
        f'logfile="{tmp_path}/log"\nvirtual=192.0.2.1:80\n{reals}'
        f"\tchecktype=external\n\tcheckcommand={check}\n\tchecktimeout=600\n"
    )
    director = subprocess.Popen(
        (sys.executable, "-m", "ldirectord_py", "--table", "memory", "--foreground", str(config), "start"),
        env=os.environ | {"LDIRECTORD_RUN_DIR": str(tmp_path)},
    )

    def pids() -> list[int]:
        asked = tmp_path / "asked"
        return [int(pid) for pid in asked.read_text().split()] if asked.exists() else []

    try:
        wait_until(lambda: len(pids()) == 6)
        assert all(alive(pid) for pid in pids())
        # It waits for the programs, so that it has done all that there was to do about their start.
        wait_until(lambda: Path(f"/proc/{director.pid}/stat").read_text().rpartition(") ")[2].startswith("S"))
    finally:
        director.kill()
        director.wait()
    wait_until(lambda: not any(alive(pid) for pid in pids()))


def wait_until(come_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not come_true():
        assert time.monotonic() < deadline
        time.sleep(PAUSE)
