"""Where runs take place: one director's host, the real servers, and what programs left behind for us to read."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.support.director import Director, Program, Started
from tests.lab.support.namespaces import Net
from tests.lab.support.waiting import PATIENCE, wait_until
from tests.parity.support.farm import Farm, address
from tests.parity.support.scenario import Run
from tests.peers.webserver import WebServer

PLACE = Path("/tmp/parity")  # of the guest: a tmpfs of its own
"""Below it lie the programs that configurations name, what they were called with, and monitor files."""
CALLS, MONITORED, MAINTENANCE = PLACE / "calls", PLACE / "monitored", PLACE / "maintenance"
RECORDER = f"""\
#!/bin/sh
echo "${{0##*/}} $*" >>{CALLS}
test ! -e {PLACE}/failing.$3
"""
RECORDERS = ("told", "told-too", "told-of-mark", "called-back", "checker")
PERL_CHECKER = f"""\
open(my $calls, ">>", "{CALLS}") or exit 2;
print $calls "checker.pl @ARGV\\n";
close $calls;
exit(-e "{PLACE}/failing.$ARGV[2]" ? 1 : 0);
"""
HOSTS = f"""\
127.0.0.1 localhost
10.9.0.100 virtual.example.com
{address("sound")} sound.example.com
{address("sick")} sick.example.com sick
{address("shut")} shut.example.com
{address("mute")} mute.example.com
{address("pulse")} pulse.example.com
"""


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    status: int
    output: str
    """What it printed on both streams."""


@dataclass(eq=False)
class Stage:
    """One program on stage, and the run that it plays."""

    run: Run
    director: Director
    farm: Farm
    ended: Ended | None = field(default=None, init=False)
    """The command of the step, if it was one."""
    step: str = field(default="", init=False)
    _supervised: Started | None = field(default=None, init=False)

    @property
    def name(self) -> str:
        """`original` or `ours`."""
        return self.director.program.name

    @property
    def log_of_supervised(self) -> Path:
        """The standard output of a program that runs in the foreground."""
        return self.director.folder / "supervised"

    def begin(self) -> None:
        """Clear the table, the servers' troubles and what an earlier program left."""
        self.farm.recover()
        self.farm.post.mails.clear()
        self.director.host.run("ipvsadm -C")
        subprocess.run(["rm", "-rf", PLACE], check=True)
        for place in (PLACE, MONITORED, MAINTENANCE):
            place.mkdir(parents=True)
        for name in RECORDERS:
            _executable(PLACE / name, RECORDER)
        (PLACE / "checker.pl").write_text(PERL_CHECKER)
        CALLS.touch()
        hosts = self.director.folder / "etc/hosts"
        hosts.write_text(HOSTS)

    def command(self, *words: str) -> None:
        """Run the program with *words*, in which CONFIG stands for the file, and keep how it ended."""
        file = str(self.director.file)
        self.director.started = True
        program = self.director.program
        arguments = (file if word == "CONFIG" else word for word in words)
        self.ended = Ended(*self.director.run([*program.words, *arguments], **program.environment))

    def write(self) -> None:
        """Write the configuration as it is from this step on."""
        self.director.started = True
        self.director.write(self.run.config(self.step))

    def start(self) -> None:
        """Write the configuration and start the daemon."""
        self.write()
        self.command("CONFIG", "start")
        wait_until(lambda: self.director.running, telling=lambda: self.director.log)

    def reload(self) -> None:
        """Write the configuration and let the daemon take it up."""
        self.write()
        self.command("CONFIG", "reload")

    def stop(self) -> None:
        """Let the program stop its daemon, and wait until it is gone."""
        process = Path("/proc", str(self.director.pid))
        self.command("CONFIG", "stop")
        wait_until(lambda: not process.exists(), telling=lambda: self.director.log)

    def supervise(self) -> None:
        """Start the program with `CONFIG start`, and let it run in the foreground."""
        program = self.director.program
        words = [*program.words, str(self.director.file), "start"]
        self._supervised = self.director.popen(words, self.log_of_supervised, **program.environment)

    def interrupt(self) -> None:
        """Send SIGTERM to the program that runs in the foreground, and keep how it ended."""
        assert self._supervised is not None
        self._supervised.terminate()
        self.ended = Ended(self._supervised.wait(PATIENCE), "")

    def end(self) -> None:
        """See to it that no daemon is left, whatever happened."""
        for pid in self.director.host.pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def failing(name: str, *, active: bool = True) -> None:
    """Let the programs that check a server say that it fails, or not any more."""
    file = PLACE / f"failing.{address(name)}"
    if active:
        file.touch()
    else:
        file.unlink(missing_ok=True)


@contextmanager
def network(web: WebServer) -> Iterator[tuple[Net, Farm]]:
    """Yield a network with the director's host and the real servers."""
    with Net() as net:
        net.host("director", 1)
        farm = Farm(net.host("farm", 10), web)
        yield net, farm
        farm.close()


def stage(run: Run, program: Program, net: Net, farm: Farm, folder: Path) -> Stage:
    """Return a stage for one program; what it writes goes below *folder*."""
    return Stage(run, Director(net.hosts["director"], program, folder / program.name), farm)


def _executable(path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o755)
