"""A unit's TasksMax is reached: no thread and no process can be had, checks go on, and the table follows them."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.mailserver import MailServer
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port
from tests.peers.webserver import Site, WebServer
from tests.stories.ldirectord_command import NO_ROOM, ROOM
from tests.stories.test_command_line import COMMAND

NOBODY = 61_184
"""A user who runs nothing else: the limit is one of users, and root has none."""
BY_PROGRAM = "192.0.2.2:80"
REASON = "no thread can be started: look at TasksMax and at the memory"
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
"""With a capability to read, since Python and these files may lie in a folder of root's."""
LIMITED = """
import os, resource, sys
if most := int(sys.argv[1]):
    resource.setrlimit(resource.RLIMIT_NPROC, (most, resource.getrlimit(resource.RLIMIT_NPROC)[1]))
os.execv(sys.executable, [sys.executable, *sys.argv[2:]])
"""


@dataclass
class Director:
    """A daemon of a user of its own, with every side job there is, and a limit on how many threads that user has."""

    home: Path
    site: Site
    address: str
    mails: MailServer
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def config(self) -> Path:
        return self.home / "web.cf"

    def write(self, weight: int = 1) -> None:
        self.config.write_text(
            f'checkinterval=1\nautoreload=yes\nlogfile="{self.home}/log"\nmetricslisten={self.port}\n'
            f"record={self.home}/record.jsonl\n"
            f'maintenancedir={self.home}/maintenance\nfallbackcommand=/bin/true\ncallback="/bin/true"\n'
            "emailalert=a@b.example\nemailalertfreq=1\nsmtp=127.0.0.1\n"
            f'virtual=192.0.2.1:80\n\treal={self.address} masq {weight}\n\tservice=http\n\trequest="alive.html"\n'
            f'\treceive="I\'m alive!"\n\tmonitorfile="{self.home}/monitor"\n\tquiescent=yes\n'
            f"virtual={BY_PROGRAM}\n\treal=127.0.0.1:9 masq\n\tchecktype=external\n\tcheckcommand=/bin/true\n"
        )

    def start(self, most: int = 0, *options: str) -> None:
        environment = {"LDIRECTORD_RUN_DIR": str(self.home), "MAIL_PORT": str(self.mails.port), "SENDMAIL": "/no"}
        options = options or ("--log-format", "json", "--foreground")
        command = [str(COMMAND), "--table", "memory", *options, str(self.config), "start"]
        caps = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
        user = (*AS_NOBODY, *caps) if os.geteuid() == 0 else ()
        with (self.home / "stderr").open("wb") as stderr:
            self.process = subprocess.Popen(
                [*user, sys.executable, "-c", LIMITED, str(most), *command],
                env=os.environ | environment | {"DIRECTOR": "crowded", "PYTHONWARNINGS": "error"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )

    def tell(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def weight(self, virtual: str = "192.0.2.1:80") -> float:
        """Return the server's weight in the table, by the daemon's own account; -1 if it does not answer."""
        label = f'ldirectord_real_weight{{virtual="tcp:{virtual}",'
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                lines = answer.read().decode().splitlines()
        except OSError:
            return -1
        return next((float(line.split()[-1]) for line in lines if label in line and 'kind="kernel"' in line), 0)

    def logged(self) -> list[dict[str, object]]:
        path = self.home / "log"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def told(self, *words: str) -> int:
        return sum(all(word in str(line["message"]) for word in words) for line in self.logged())

    def until(self, come_true: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not come_true():
            assert self.process is not None
            assert self.process.poll() is None, (self.home / "stderr").read_text()
            assert time.monotonic() < deadline, json.dumps(self.logged()[-20:], indent=1)
            time.sleep(0.02)

    def end(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(PATIENCE)


@pytest.fixture
def director() -> Iterator[Director]:
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))  # where another user finds it
        (home / "maintenance").mkdir()
        mails, web = stack.enter_context(MailServer()), stack.enter_context(WebServer())
        site, listener = Site("one"), socket.create_server(("127.0.0.1", 0))
        web.serve(site, listener)
        director = Director(home, site, "{}:{}".format(*listener.getsockname()), mails, free_port())
        director.write()
        if os.geteuid() == 0:
            for path in (home, home / "maintenance", director.config):
                os.chown(path, NOBODY, NOBODY)
        yield director
        if director.process is not None and director.process.poll() is None:
            director.process.kill()
            director.process.wait()


def test_where_no_thread_can_be_had_checks_go_on_and_each_side_job_comes_back(director: Director) -> None:
    director.start()
    director.until(lambda: director.weight() == 1)
    director.until(lambda: director.weight(BY_PROGRAM) == 1)
    director.until((director.home / "monitor").exists)
    director.tell(NO_ROOM)
    director.site.sick()
    director.until(lambda: director.weight() == 0)
    (director.home / "maintenance" / "web5").touch()
    director.write(weight=7)
    director.tell(signal.SIGHUP)
    director.until(lambda: director.told("Watching the files", REASON))
    director.until(lambda: director.told("refused", "stays"))
    director.until(lambda: director.told("Maintenance directory", REASON))
    director.until(lambda: director.told("Recording", REASON))
    director.until(lambda: director.told("fallbackcommand", "cannot be run"))
    director.until(lambda: director.told("takes no mail", REASON))
    director.until(lambda: director.told(BY_PROGRAM, "could not be checked, through a fault of ours"))
    director.site.alive()
    director.until(lambda: director.weight() == 1)
    assert director.weight(BY_PROGRAM) == 1
    assert director.told("Watching the files", REASON) == 1

    director.tell(ROOM)
    director.until(lambda: director.weight() == 7)
    director.until(lambda: director.mails.mails)
    director.until(lambda: director.told("Maintenance file 'web5' names no real server"))
    director.until(lambda: '"why":"gap"' in (director.home / "record.jsonl").read_text())
    assert director.end() == 0
    assert not director.told("Traceback")


def test_a_director_that_never_gets_a_thread_checks_and_ends_in_order(director: Director) -> None:
    (director.home / "maintenance" / "web5").touch()
    director.start(most=1)
    director.until(lambda: director.weight() == 1)
    director.site.sick()
    director.until(lambda: director.weight() == 0)
    director.site.alive()
    director.until(lambda: director.weight() == 1)
    assert director.end() == 0
    assert not director.told("Traceback")
    assert director.logged()[-1]["event"] == "stopped"


@pytest.mark.parametrize("most", [1, 2], ids=["the first process", "the second process"])
def test_a_start_without_room_for_the_daemon_says_so(director: Director, most: int) -> None:
    director.start(most, "--log-format", "json")
    assert director.process is not None
    assert director.process.wait(PATIENCE) == 1
    said = (director.home / "stderr").read_text()
    assert said.startswith("no process can be started (Resource temporarily unavailable): look at TasksMax, ulimit -u")
    assert "Traceback" not in said
