"""`ldirectorctl announce`, started as ExaBGP starts it, beside a daemon with a table in memory."""

import io
import json
import queue
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ldirectord_py.cli.ctl.cluster.role import write
from ldirectord_py.cli.ldirectorctl import main
from ldirectord_py.model.cluster.role import Role
from ldirectord_py.system.threads import begin
from tests.stories.daemon import PATIENCE, VIP, Daemon
from tests.stories.test_ldirectorctl import ALL, environment_of

PREFIX = VIP.replace(":80", "/32")
ANNOUNCED, WITHDRAWN = f"announce route {PREFIX} next-hop self", f"withdraw route {PREFIX}"
LEAVING = f"{ANNOUNCED} community [ 65535:0 ]"


@dataclass(eq=False)
class Announcer:
    """A process of the command; its standard input and output are ours, as they would be ExaBGP's."""

    process: "subprocess.Popen[str]"
    errors: Path
    commands: "queue.SimpleQueue[str]" = field(default_factory=queue.SimpleQueue)

    def __post_init__(self) -> None:
        begin(self._read, "read commands")

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.commands.put(line.rstrip("\n"))

    def next(self) -> str:
        """Return the next command."""
        try:
            return self.commands.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(self.errors.read_text()) from None

    def answer(self, line: str) -> None:
        """Say a line as ExaBGP does."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def ended(self) -> int:
        """Wait for its end, and return the exit status; all commands are read."""
        status = self.process.wait(PATIENCE)
        assert self.commands.empty()
        return status


@contextmanager
def announcing(home: Path, *words: str) -> Iterator[Announcer]:
    errors = home / "announcer"
    with errors.open("w") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "ldirectord_py.cli.ldirectorctl", "announce", *words],
            env=environment_of(home),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=file,
            text=True,
        )
    with process:
        try:
            yield Announcer(process, errors)
        finally:
            process.kill()


def serve(daemon: Daemon, **weights: int) -> None:
    """Have its servers pass their checks or not, and wait until the table follows."""
    for name, site in daemon.sites.items():
        (site.alive if weights.get(name) else site.sick)()
    daemon.until(lambda: daemon.weights() == {**dict.fromkeys(ALL, 0), **weights})


def shown(home: Path, *words: str) -> tuple[int, str]:
    """Return the exit status of `--show`, and what it prints."""
    printed = io.BytesIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(io.TextIOWrapper(printed, encoding="utf-8")):
        patch.setenv("LDIRECTORD_RUN_DIR", str(home))
        return main(["announce", "--show", *words]), printed.getvalue().decode()


def until_said(announcer: Announcer, words: str, daemon: Daemon) -> None:
    daemon.until(lambda: words in announcer.errors.read_text())


def test_a_vip_is_announced_while_it_is_served(daemon: Daemon) -> None:
    held = "--hold", "10m", "--hold", f"{PREFIX.removesuffix('/32')}=1s"
    with announcing(daemon.home, *held, "--community", "65001:7", "--next-hop", "192.0.2.9") as announcer:
        daemon.start()
        told = f"announce route {PREFIX} next-hop 192.0.2.9 community [ 65001:7 ]"
        assert announcer.next() == told
        announcer.answer("done")
        serve(daemon)
        assert announcer.next() == WITHDRAWN
        announcer.answer("error")
        serve(daemon, **ALL)
        assert announcer.next() == told
        until_said(announcer, "ExaBGP refuses a command", daemon)
        announcer.answer("shutdown 12 1")
        assert announcer.ended() == 0
        said = announcer.errors.read_text()
    assert f"withdrawn {PREFIX}: only the fallback serves tcp:{VIP}" in said
    assert f"to be announced {PREFIX} in 1 s: it is served again" in said


def test_a_role_the_operators_file_and_the_end_withdraw_in_order(daemon: Daemon) -> None:
    role, disabled = daemon.home / "role", daemon.home / "disabled"
    write(role, Role.ACTIVE)
    daemon.write(extra=f"role={role}\n")
    daemon.start()
    with announcing(daemon.home, "--graceful", "0.3", "--disable", str(disabled)) as announcer:
        assert announcer.next() == ANNOUNCED
        for begin_it, end_it in (
            (lambda: write(role, Role.STANDBY), lambda: write(role, Role.ACTIVE)),
            (disabled.touch, disabled.unlink),
        ):
            begin_it()
            assert [announcer.next(), announcer.next()] == [LEAVING, WITHDRAWN]
            status, told = shown(daemon.home, "--disable", str(disabled))
            assert (status, "not announced" in told) == (2, True)
            end_it()
            assert announcer.next() == ANNOUNCED
        announcer.process.send_signal(signal.SIGTERM)
        assert [announcer.next(), announcer.next()] == [LEAVING, WITHDRAWN]
        assert announcer.ended() == 0
        assert f"with GRACEFUL_SHUTDOWN, to be withdrawn in 0 s: {disabled} is there" in announcer.errors.read_text()


@pytest.mark.parametrize("end", ["EOF", "twice"])
def test_it_ends_at_once_with_exabgp_and_at_the_second_signal(daemon: Daemon, end: str) -> None:
    daemon.start()
    with announcing(daemon.home, "--graceful", "10m") as announcer:
        assert announcer.next() == ANNOUNCED
        announcer.process.send_signal(signal.SIGTERM)
        assert announcer.next() == LEAVING
        if end == "EOF":
            assert announcer.process.stdin is not None
            announcer.process.stdin.close()
        else:
            announcer.process.send_signal(signal.SIGTERM)
            assert announcer.next() == WITHDRAWN
        assert announcer.ended() == 0


def test_a_restart_of_the_daemon_withdraws_nothing_and_its_end_does_after_a_while(daemon: Daemon) -> None:
    daemon.start()
    said = re.compile(r"what is announced stays for 60 s\n(.*\n)*the daemon answers\n")
    with announcing(daemon.home, "--grace", "60s") as announcer:
        assert announcer.next() == ANNOUNCED
        daemon.end()
        daemon.start()
        daemon.until(lambda: said.search(announcer.errors.read_text()) is not None)
        assert announcer.commands.empty()
    with announcing(daemon.home, "--grace", "1s") as announcer:
        assert announcer.next() == ANNOUNCED
        daemon.end()
        assert announcer.next() == WITHDRAWN
        assert "the daemon has not said for 1 s that it is served" in announcer.errors.read_text()


def test_what_would_be_announced_is_shown(daemon: Daemon) -> None:
    assert shown(daemon.home)[0] == 1
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    assert shown(daemon.home) == (0, f"{PREFIX}  announced  tcp:{VIP} is served\n")
    serve(daemon)
    status, text = shown(daemon.home, "--json")
    told = {"vip": "192.0.2.1", "prefix": PREFIX, "announced": False, "why": f"only the fallback serves tcp:{VIP}"}
    assert (status, json.loads(text)) == (2, {"vips": [told]})
    assert shown(daemon.home, "--with-fallback")[0] == 0
    nothing = "no virtual service has a VIP that could be announced\n"
    assert shown(daemon.home, "--only", "192.0.2.9") == (0, nothing)
