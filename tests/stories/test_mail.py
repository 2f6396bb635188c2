"""Mail alerts: the real daemon, real mail servers, a table in memory; and the original's mails beside them."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.mailserver import Mail, MailServer
from tests.peers.patience import PATIENCE
from tests.stories.daemon import Daemon
from tests.stories.test_command_line import COMMAND
from tests.stories.test_upkeep import lines, script

ALL = {"one": 3, "two": 2, "three": 1}
IN_JSON = (str(COMMAND), "--table", "memory", "--log-format", "json", "--foreground")
MAIL = "emailalert=admin@example.com\nemailalertfreq=1\n"
END = 25.0
"""Seconds: mails may take five of them, and the server would have thirty."""


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def prepare(daemon: Daemon, port: int = 0, sendmail: str = "/no/such/sendmail") -> None:
    daemon.command = IN_JSON
    daemon.environment = {"DIRECTOR": "posting", "MAIL_PORT": str(port), "SENDMAIL": sendmail}


def told(mails: list[Mail]) -> list[str]:
    return [f"{mail.status}: {mail.subject}" for mail in mails]


def test_a_servers_life_in_mails(daemon: Daemon, server: MailServer) -> None:
    prepare(daemon, server.port)
    daemon.write(extra=f"{MAIL}smtp=127.0.0.1\n", section="\tservicename=Shop\n\tcomment=call bob\n")
    at = {name: f"{address} (192.0.2.1:80)" for name, address in daemon.addresses.items()}
    daemon.start()
    daemon.until(lambda: len(server.mails) == 3)
    assert sorted(told(server.mails)) == sorted(
        f"starting: [Shop] Restored real server: {at[name]} (Weight set to {weight})" for name, weight in ALL.items()
    )
    server.mails.clear()
    daemon.sites["two"].sick()
    daemon.until(lambda: len(server.mails) >= 3)
    gone, *reminders = told(server.mails)
    assert gone == f"running: [Shop] Quiescent real server: {at['two']} (Weight set to 0)"
    assert set(reminders) == {f"running: [Shop] Inaccessible real server: {at['two']}"}
    assert server.mails[0].body.decode() == (
        f"ldirectord host: {socket.gethostname()}\r\nLog-Message: {gone.removeprefix('running: ')}\r\n"
        "Daemon-Status: running\r\n\r\nService name: Shop\r\nComment: call bob\r\n\r\n"
    )
    daemon.sites["two"].alive()
    back = f"running: [Shop] Restored real server: {at['two']} (Weight set to 2)"
    daemon.until(lambda: told(server.mails)[-1] == back)
    daemon.tell(signal.SIGHUP)
    daemon.logged("reloaded", 1)
    assert told(server.mails)[-1] == back
    server.mails.clear()
    daemon.write(weights=ALL | {"one": 9}, extra=f"{MAIL}smtp=127.0.0.1\n")
    daemon.tell(signal.SIGHUP)
    daemon.until(lambda: told(server.mails) == [f"reloading: Restored real server: {at['one']} (Weight set to 9)"])
    server.mails.clear()
    sent = 'ldirectord_mails_total{result="sent"}'
    daemon.until(lambda: len(daemon.so_far("mail_queued")) == daemon.metrics()[sent])
    queued = int(daemon.metrics()[sent])
    assert daemon.end() == 0
    assert sorted(told(server.mails)) == sorted(f"stopping: Purged real server (stop): {real}" for real in at.values())
    assert len(daemon.logged("mail_queued")) == queued + 3
    assert not daemon.logged("mail_failed")
    assert {mail.recipients for mail in server.mails} == {("admin@example.com",)}


def test_a_mail_server_that_hangs_makes_no_check_late_and_no_end_long(daemon: Daemon) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        prepare(daemon, silent.getsockname()[1])
        daemon.write(extra=f"{MAIL}smtp=127.0.0.1\n")
        daemon.start()
        daemon.until(lambda: daemon.weights() == ALL)
        for _ in range(3):
            daemon.sites["two"].sick()
            daemon.until(lambda: daemon.weights() == ALL | {"two": 0})
            daemon.sites["two"].alive()
            daemon.until(lambda: daemon.weights() == ALL)
        lags = {name: value for name, value in daemon.metrics().items() if "scheduler_lag_seconds_" in name}
        checks = lags["ldirectord_scheduler_lag_seconds_count"]
        # The mail server keeps its first mail for 30 s; a busy machine may be late by itself, but not that much.
        assert checks == lags['ldirectord_scheduler_lag_seconds_bucket{le="5.0"}'] > 9
        begun = time.monotonic()
        assert daemon.end() == 0
        assert time.monotonic() - begun < END
    failed = daemon.logged("mail_failed")
    assert len(failed) == len(daemon.logged("mail_queued")) >= 12
    assert daemon.log()[-1]["event"] == "stopped"
    assert all(str(line["message"]).startswith("failed to send SMTP email message to admin") for line in failed)


def test_without_a_mail_server_sendmail_is_given_the_mails(daemon: Daemon) -> None:
    box = daemon.home / "box"
    box.mkdir()
    prepare(daemon, sendmail=str(script(daemon.home, f'echo "$@" > {box}/$$.words; exec cat > {box}/$$', "sendmail")))
    daemon.write(extra="emailalert=admin@example.com, root\nemailalertfrom=Lvs <lvs@example.com>\n")
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    assert daemon.end() == 0
    mails = [path.read_text() for path in box.iterdir() if path.suffix != ".words"]
    assert len(mails) == 6
    assert sum("Daemon-Status: stopping" in mail for mail in mails) == 3
    assert all(mail.startswith("From: Lvs <lvs@example.com>\nTo: admin@example.com, root\nSubject: ") for mail in mails)
    assert {path.read_text() for path in box.glob("*.words")} == {"-i -t\n"}


def test_a_shadow_tells_nobody_outside(daemon: Daemon, server: MailServer) -> None:
    did = daemon.home / "did"
    note = script(daemon.home, f"echo $0 >> {did}")
    routes = f'callback="{note}"\nexecute=other.cf\nfallbackcommand={note}\n{MAIL}smtp=127.0.0.1\n'
    daemon.command = IN_JSON
    daemon.environment = {"DIRECTOR": "looks_on"}
    daemon.sites["two"].sick()
    daemon.write(extra=f"{routes}autoreload=yes\n", section=f"\tmonitorfile={daemon.home}/monitor\n")
    daemon.start()
    daemon.logged("first_pass_completed", 1)
    daemon.write(weights={"one": 4, "two": 2}, extra=f"{routes}autoreload=yes\n")
    daemon.logged("reloaded", 1)
    daemon.sites["one"].sick()
    daemon.logged("real_down", 2)
    assert daemon.end() == 0
    assert daemon.logged("diverged")
    events = {str(line["event"]) for line in daemon.log()}
    assert not events & {"mail_queued", "mail_failed", "mail_delayed", "hook_done", "hook_failed", "table_changed"}
    assert not did.exists()
    assert not (daemon.home / "monitor").exists() or not lines(daemon.home / "monitor")
    assert server.sessions == 0


# Beside the original.

ORIGINAL = shutil.which("ldirectord", path="/usr/sbin") or ""
BOTH = """\
checkinterval=1
checktimeout=1
emailalert=admin@example.com
emailalertfrom=Lvs <lvs@example.com>
emailalertfreq=1
smtp={host}
virtual=127.0.0.1:1
	real=127.0.0.1:1 masq 2
	checktype=external
	checkcommand={home}/check
	fallback=127.0.0.9:81 masq
virtual=127.0.0.1:2
	real=127.0.0.1:2 gate
	checktype=external
	checkcommand={home}/check
	quiescent=yes
	servicename=My "Service"
	comment=call  bob
virtual=127.0.0.1:3
	real=127.0.0.1:3 gate
	checktype=external
	checkcommand={home}/check
	comment=only
"""
# A table in a file, of TCP services, as the original sets and reads it.
IPVSADM = """\
#!{python} -ISB
import json, pathlib, sys
path, words = pathlib.Path("{home}/table.json"), sys.argv[1:]
table = json.loads(path.read_text()) if path.exists() else {{}}
value = lambda name, default="": words[words.index(name) + 1] if name in words else default
match words[0]:
    case "-L":
        print("Three lines", "that are", "passed over", sep="\\n")
        for service, reals in table.items():
            print(f"TCP  {{service}} wrr")
            for real, (way, weight) in reals.items():
                print(f"  -> {{real}}  {{way}}  {{weight}}  0  0")
    case "-A" | "-E":
        table.setdefault(value("-t"), {{}})
    case "-D":
        table.pop(value("-t"), None)
    case "-a" | "-e":
        table[value("-t")][value("-r")] = "Masq" if "-m" in words else "Route", value("-w")
    case "-d":
        table[value("-t")].pop(value("-r"), None)
path.write_text(json.dumps(table))
"""


def until_running(asked: Path) -> None:
    """Wait until each server was asked in three rounds: the original's first one belongs to its start."""
    deadline = time.monotonic() + PATIENCE
    while min(Counter(["1", "2", "3", *asked.read_text().split()]).values()) <= 3:
        assert time.monotonic() < deadline, asked.read_text()
        time.sleep(0.05)


def live(home: Path, server: MailServer, argv: list[str], **environment: str) -> list[Mail]:
    """Have a director see its servers go and come back; return its mails."""
    server.mails.clear()
    sick, asked = home / "sick", home / "asked"
    sick.unlink(missing_ok=True)
    asked.write_text("")

    def wait(word: str, status: str, subjects: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while len({each for each in told(server.mails) if word in each and each.startswith(status)}) < subjects:
            assert process.poll() is None, (home / "output").read_text()[-2000:]
            assert time.monotonic() < deadline, told(server.mails)
            time.sleep(0.05)

    with (home / "output").open("w") as output:
        process = subprocess.Popen(
            argv, cwd=home, env=os.environ | environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        wait(" real server", "starting", 3)
        wait("Restored real", "starting", 1)
        until_running(asked)
        sick.touch()
        wait("Inaccessible", "running", 3)
        sick.unlink()
        wait("Restored real", "running", 1)
        wait("Added real", "running", 2)
        wait("Deleted fallback", "running", 1)
    finally:
        process.terminate()
        process.wait(PATIENCE)
    return list(server.mails)


@pytest.mark.skipif(not ORIGINAL, reason="the original is not installed (Debian's package ldirectord)")
@pytest.mark.skipif(os.geteuid() != 0, reason="the original speaks to port 25, which only root may serve")
def test_beside_the_original_subjects_and_bodies_are_the_same_byte_by_byte(tmp_path: Path) -> None:
    """Debugging, the original takes an `ipvsadm` of the current directory, and so touches no table."""
    host = f"127.77.{os.getpid() >> 8 & 255}.{os.getpid() & 255 or 256 - 2}"
    table = tmp_path / "ipvsadm"
    table.write_text(IPVSADM.format(home=tmp_path, python=sys.executable))
    table.chmod(0o755)
    (tmp_path / "run").mkdir()
    script(tmp_path, f"echo $4 >>{tmp_path}/asked; exec test ! -e {tmp_path}/sick", "check")
    config = tmp_path / f"mails-{os.getpid()}.cf"
    config.write_text(BOTH.format(home=tmp_path, host=host))
    with MailServer(host, 25) as server:
        original = live(tmp_path, server, [ORIGINAL, "-d", str(config), "start"])
        ours = live(
            tmp_path,
            server,
            [sys.executable, *IN_JSON, str(config), "start"],
            LDIRECTORD_RUN_DIR=str(tmp_path / "run"),
        )
    assert {mail.sender for mail in ours} == {mail.sender for mail in original}
    people = {("Lvs <lvs@example.com>", "admin@example.com")}
    assert {(mail.parsed["From"], mail.parsed["To"]) for mail in ours} == people
    assert {(mail.parsed["From"], mail.parsed["To"]) for mail in original} == people
    theirs, told_by_us = ({(subject(mail), mail.body) for mail in mails} for mails in (original, ours))
    assert told_by_us <= theirs
    # Its servers go in and out while it starts (see *first success* and *start mails* in docs/coming-from-perl.md).
    assert all(b"\r\nDaemon-Status: starting\r\n" in body for _, body in theirs - told_by_us)


def subject(mail: Mail) -> bytes:
    (line,) = [each for each in mail.text.split(b"\r\n\r\n")[0].split(b"\r\n") if each.startswith(b"Subject: ")]
    return line
