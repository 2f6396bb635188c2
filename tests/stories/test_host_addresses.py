"""Names in a configuration, and a real name server that answers, says no, or keeps silent."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.peers.nameserver import NameServer
from tests.peers.patience import PATIENCE
from tests.stories.daemon import Daemon
from tests.stories.test_control import run

NAMES = [f"web{number}.example.org" for number in range(1, 41)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., NameServer]]:
    if os.geteuid():
        pytest.skip("only root may have namespaces of its own")
    made: list[NameServer] = []

    def start(**options: int) -> NameServer:
        made.append(NameServer(tmp_path / f"names{len(made)}", **options))
        return made[-1]

    yield start
    for server in made:
        server.close()


def written(path: Path, names: list[str], *more: str) -> Path:
    reals = "".join(f"\treal={name}:80 masq\n" for name in names)
    path.write_text("".join((*more, f"virtual=192.0.2.1:80\n{reals}\tservice=http\n\tchecktype=on\n")))
    return path


def configtest(server: NameServer, config: Path) -> tuple[int, list[str]]:
    words = [*server.inside, sys.executable, "-m", "ldirectord_py", str(config), "configtest"]
    ended = subprocess.run(words, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return ended.returncode, (ended.stdout + ended.stderr).splitlines()


def test_forty_names_that_nobody_answers_are_given_up_together(served, tmp_path: Path) -> None:
    server = served(timeout=20)  # one after the other they would take 800 s
    status, said = configtest(server, written(tmp_path / "x.cf", NAMES))

    assert status == 2
    assert server.asked() == set(NAMES)
    assert said[0] == (
        f'{tmp_path}/x.cf:2: real: no name server has said within 10 s which IPv4 address "web1.example.org" has:'
        " look at /etc/resolv.conf, try again, or write the address"
    )
    assert len(said) == len(NAMES)


def test_what_is_answered_is_used_and_a_no_is_told_as_one(served, tmp_path: Path) -> None:
    server = served()
    server.says(NAMES[0], "10.0.0.5")
    server.says(NAMES[1], "no")
    status, said = configtest(server, written(tmp_path / "x.cf", NAMES[:2]))

    assert status == 2
    assert said == [f'{tmp_path}/x.cf:3: real: the name "web2.example.org" has no IPv4 address that could be found']
    server.says(NAMES[1], "10.0.0.6")
    status, said = configtest(server, written(tmp_path / "x.cf", NAMES[:2]))
    assert (status, said[0]) == (0, f"Configuration {tmp_path}/x.cf is fine: 1 virtual service, 2 real servers")


def in_the_table(daemon: Daemon) -> set[str]:
    changes = [line for line in daemon.so_far("table_changed") if "real" in line]
    there: set[str] = set()
    for line in changes:
        (there.discard if line["change"] == "remove_destination" else there.add)(str(line["real"]))
    return there


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    made = Daemon(tmp_path, {}, {}, 0)
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.wait()


def test_a_reload_keeps_the_last_known_address_while_name_servers_are_silent(
    served, tmp_path: Path, daemon: Daemon
) -> None:
    server = served()
    for number, name in enumerate(NAMES[:2], start=5):
        server.says(name, f"10.0.0.{number}")
    log = f'logfile="{tmp_path}/log"\n'
    written(daemon.config, NAMES[:2], log)
    daemon.under = server.inside
    daemon.start()
    daemon.until(lambda: in_the_table(daemon) == {"10.0.0.5:80", "10.0.0.6:80"})

    server.says(NAMES[0], None)
    server.says(NAMES[1], "10.0.0.7")
    written(daemon.config, NAMES[:2], log, "checkinterval=9\n")
    daemon.tell(signal.SIGHUP)
    daemon.until(lambda: in_the_table(daemon) == {"10.0.0.5:80", "10.0.0.7:80"})
    daemon.logged("reloaded", 1)
    (kept,) = [str(line["text"]) for line in daemon.logged("config_problem_found", 1)]
    assert kept == (
        'no name server has said which IPv4 address "web1.example.org" has:'
        " 10.0.0.5, found less than a minute ago, is kept"
    )

    server.says(NAMES[0], "no")  # an answer, and so an error of the file: everything stays
    daemon.tell(signal.SIGHUP)
    daemon.logged("reload_refused", 1)
    assert in_the_table(daemon) == {"10.0.0.5:80", "10.0.0.7:80"}
    assert daemon.end() == 0
    assert [len(daemon.logged(event)) for event in ("reloaded", "reload_refused")] == [1, 1]


def directing_with_a_name_to_come(served, tmp_path: Path, daemon: Daemon):
    """Start a director, and give its file a name that a reload has to wait for; return the silent name server."""
    server = served(timeout=30)
    log = f'logfile="{tmp_path}/log"\n'
    written(daemon.config, ["10.0.0.5"], log)
    daemon.under = server.inside
    daemon.start()
    daemon.until(lambda: bool(in_the_table(daemon)))
    written(daemon.config, NAMES[:1], log)
    return server


def test_the_end_does_not_wait_for_a_reload_that_waits_for_a_name_server(
    served, tmp_path: Path, daemon: Daemon
) -> None:
    server = directing_with_a_name_to_come(served, tmp_path, daemon)
    daemon.tell(signal.SIGHUP)
    daemon.until(lambda: server.asked() == {NAMES[0]})

    daemon.tell(signal.SIGTERM)
    assert daemon.process is not None
    assert daemon.process.wait(PATIENCE) == 0
    assert daemon.logged("stopped")
    assert not daemon.logged("reload_refused")  # as it would have been when the time for names was up


def test_a_reload_that_the_end_cuts_short_is_no_success(served, tmp_path: Path, daemon: Daemon) -> None:
    server = directing_with_a_name_to_come(served, tmp_path, daemon)
    with ThreadPoolExecutor() as pool:
        reloading = pool.submit(run, daemon, "reload")
        daemon.until(lambda: server.asked() == {NAMES[0]})
        assert daemon.end() == 0
    done = reloading.result()
    assert done.returncode == 1
    assert "the daemon ended before it had answered; its log will say more" in done.stderr + done.stdout


def test_nor_does_a_start_that_is_told_to_stop(served, tmp_path: Path, daemon: Daemon) -> None:
    server = served(timeout=30)
    written(daemon.config, NAMES[:1], f'logfile="{tmp_path}/log"\n')
    daemon.under = server.inside
    daemon.start()
    daemon.until(lambda: server.asked() == {NAMES[0]})

    daemon.tell(signal.SIGTERM)
    assert daemon.process is not None
    daemon.process.wait(8)
