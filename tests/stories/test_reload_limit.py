"""An emptied, a mistaken or a half-written file: the real daemon goes on with what it has."""

import signal
import time
from pathlib import Path

import pytest

from tests.stories.daemon import VIP, Daemon
from tests.stories.test_control import ALL, asked, run

REFUSED = f"a reload would take away the only virtual service (tcp:{VIP}), and reloadlimit is 50 percent"


def refused(daemon: Daemon) -> int:
    return sum(REFUSED in str(line["message"]) for line in daemon.log())


@pytest.mark.parametrize("left", ["", "# all gone\n", "checkinterval=1\n"], ids=["nothing", "a remark", "a global"])
def test_an_emptied_file_is_no_outage_and_the_restored_one_is_read(daemon: Daemon, left: str) -> None:
    daemon.write(extra="autoreload=yes\n")
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    sound = daemon.config.read_text()
    daemon.config.write_text(left)
    daemon.until(lambda: refused(daemon) == 1)
    # written a second time, that is not insisting
    stamp = daemon.config.stat().st_mtime_ns
    daemon.config.write_text(left)
    assert daemon.config.stat().st_mtime_ns > stamp
    daemon.sites["two"].sick()
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 0, "three": 1})
    daemon.sites["two"].alive()
    daemon.config.write_text(sound.replace(" masq 3", " masq 7"))
    daemon.until(lambda: daemon.weights() == {"one": 7, "two": 2, "three": 1})
    assert refused(daemon) == 1
    assert not any("Purged" in str(line["message"]) for line in daemon.log())
    assert daemon.end() == 0


def test_only_who_insists_takes_the_last_virtual_away(daemon: Daemon) -> None:
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    daemon.config.write_text(f'logfile="{daemon.home}/log"\n')
    assert asked(daemon, "/v1/plan")["refusal"] == REFUSED
    for action in ("reload", "force-reload"):
        done = run(daemon, action)
        assert done.returncode == 2
        first, last = done.stderr.splitlines()
        insist = f"the one in force stays; if it is meant: ldirectord {daemon.config} reload --force"
        assert first == f"{daemon.config}: {REFUSED}; {insist}"
        assert last.startswith("The daemon refuses this configuration and goes on with the one it has, pid: ")
    daemon.tell(signal.SIGHUP)
    daemon.until(lambda: refused(daemon) == 3)
    assert daemon.weights() == ALL
    assert asked(daemon, "/v1/status")["refused_at"] is not None
    assert run(daemon, "reload", "--force").returncode == 0
    status = asked(daemon, "/v1/status")
    assert (status["refused_at"], status["refused"]) == (None, [])
    assert asked(daemon, "/v1/virtuals")["virtuals"] == []
    assert daemon.end() == 0


def test_a_file_is_read_once_it_rests(daemon: Daemon) -> None:
    """A writer that begins anew leaves a shorter file, and takes longer than it takes us to look."""
    daemon.write(extra="autoreload=yes\nreloadlimit=100\n")
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    text = daemon.config.read_text().replace(" masq 2", " masq 8")
    with daemon.config.open("w") as file:
        for line in text.splitlines(keepends=True):
            file.write(line)
            file.flush()
            time.sleep(0.25)  # the writer's own pace
    daemon.until(lambda: daemon.weights() == {"one": 3, "two": 8, "three": 1})
    assert daemon.end() == 0
    assert len(daemon.logged("config_changed")) == 1
    assert len(daemon.logged("reloaded")) == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there is no virtual service in it: it directs nothing"),
        (f"virtual={VIP}\n\tscheduler=rr\n", "no virtual service in it has a server with a weight: nobody is served"),
        (
            f"virtual={VIP}\n\treal=192.0.2.2:80 masq 0\n\tfallback=127.0.0.1:80\n",
            "no virtual service in it has a server with a weight: nobody is served",
        ),
    ],
    ids=["no service", "no server", "no weight"],
)
def test_configtest_says_that_a_file_serves_nobody(daemon: Daemon, text: str, told: str) -> None:
    daemon.config.write_text(text)
    done = run(daemon, "configtest")
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, f"{daemon.config}: warning: {told}")


def test_only_a_reload_can_be_forced(daemon: Daemon) -> None:
    for action in ("start", "stop", "force-reload"):
        done = run(daemon, action, "--force")
        assert (done.returncode, done.stderr) == (
            255,
            f"Option force: only a reload or a restart can be forced, not {action}\nsee 'ldirectord --help'\n",
        )
    assert not Path(daemon.home, f"ldirectord.{daemon.name}.pid").exists()
