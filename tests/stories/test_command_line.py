"""`ldirectord` as operators, init scripts and cluster agents use it: real processes, a table in memory."""

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE

COMMAND = Path(__file__).with_name("ldirectord_command.py")
SCRIPT = Path(sys.executable).with_name("ldirectord")
SERVICE = "virtual=192.0.2.1:80\n\treal=192.0.2.2:80 gate\n\treal=192.0.2.3:80 gate\n\tchecktype=on\n"
ACTIONS = ("start", "stop", "restart", "try-restart", "reload", "force-reload", "status")


@dataclass(frozen=True, slots=True)
class Done:
    """What a command has left behind."""

    status: int
    out: str = ""
    err: str = ""


class Place:
    """A directory with all that `ldirectord` needs, and no other instance in sight."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.config = home / "ha.d" / "ldirectord.cf"
        self.log = home / "log"
        self.pid_file = home / "run" / "ldirectord.ldirectord.pid"
        self.environment = os.environ | {"LDIRECTORD_RUN_DIR": str(home / "run"), "PYTHONWARNINGS": "error"}
        self.config.parent.joinpath("conf").mkdir(parents=True)
        self.pid_file.parent.mkdir()
        self.write(SERVICE)

    def write(self, text: str) -> None:
        self.config.write_text(f'logfile="{self.log}"\n{text}')

    def spawn(self, *words: str, program: tuple[str, ...] = (), **environment: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [*(program or (sys.executable, str(COMMAND), "--table", "memory")), *words],
            env=self.environment | environment,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *words: str, program: tuple[str, ...] = (), **environment: str) -> Done:
        return finish(self.spawn(*words, program=program, **environment))

    def pid(self) -> int:
        return int(self.pid_file.read_text())

    def processes(self) -> list[int]:
        """Return every process that was started here and still runs."""
        mark = f"LDIRECTORD_RUN_DIR={self.home / 'run'}".encode()
        return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit() and _has(entry, mark)]

    def logged(self) -> list[str]:
        """Return what has been logged, without date and pid."""
        return re.findall(r"(?m)^\[[^]]*\] (.*)$", self.log.read_text())

    def loggers(self) -> set[int]:
        """Return the processes that have logged, the daemon among them, as the log shows them."""
        logged = map(int, re.findall(r"(?m)^\[[^]|]*\|[^]|]*\|(\d+)\] ", self.log.read_text()))
        return {self.pid(), *logged}


def finish(process: "subprocess.Popen[str]") -> Done:
    out, err = process.communicate(timeout=PATIENCE)
    return Done(process.returncode, out, err)


def wait_for_end(pid: int) -> None:
    """Wait until a process that is not a child of ours has ended."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    with os.fdopen(process):
        readable, _, _ = select.select([process], [], [], PATIENCE)
        assert readable, f"{pid} does not end"


def wait_for_file(path: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline, f"{path} does not come"
        os.sched_yield()


def _has(process: Path, mark: bytes) -> bool:
    try:
        return mark in (process / "environ").read_bytes().split(b"\0") and _state(process) != "Z"
    except OSError:
        return False


def _state(process: Path) -> str:
    return (process / "stat").read_text().rpartition(")")[2].split()[0]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    for pid in place.processes():
        os.kill(pid, signal.SIGKILL)
        wait_for_end(pid)


@pytest.fixture
def running(place: Place) -> Place:
    assert place.run("start") == Done(0)
    return place


@pytest.fixture
def stale(place: Place) -> Place:
    place.pid_file.write_text("999999999\n")
    return place


STOPPED = Done(
    0, out="cleanstop=yes: this takes 1 of 1 virtual services out of the table, and ends their connections\n"
)


def is_running(place: Place, pid: int) -> Done:
    return Done(0, err=f"ldirectord for {place.config} is running with pid: {pid}\n")


def is_stopped(place: Place) -> Done:
    return Done(3, out=f"ldirectord is stopped for {place.config}\n")


def is_stale(place: Place) -> Done:
    return Done(
        1,
        out=f"ldirectord is stopped for {place.config}\n",
        err=f"ldirectord stale pid file {place.pid_file} for {place.config}\n",
    )


class TestNothingRuns:
    @pytest.mark.parametrize("action", ["start", "restart"])
    def test_starting_returns_once_the_daemon_is_at_work(self, place: Place, action: str) -> None:
        assert place.run(action) == Done(0)
        assert place.run("status") == is_running(place, place.pid())
        assert place.processes() == [place.pid()]

    @pytest.mark.parametrize("action", ["stop", "try-restart"])
    def test_there_is_nothing_to_stop(self, place: Place, action: str) -> None:
        assert place.run(action) == Done(0)
        assert place.processes() == []

    @pytest.mark.parametrize("action", ["reload", "force-reload"])
    def test_reloading_fails(self, place: Place, action: str) -> None:
        assert place.run(action) == Done(1, err=f"ldirectord is stopped for {place.config}\n")

    def test_the_status_is_3(self, place: Place) -> None:
        assert place.run("status") == is_stopped(place)


class TestOneRuns:
    def test_starting_does_nothing(self, running: Place) -> None:
        pid = running.pid()
        assert running.run("start") == Done(0)
        assert running.processes() == [pid]

    def test_stopping_waits_for_the_end(self, running: Place) -> None:
        assert running.run("stop") == STOPPED
        assert running.processes() == []
        assert not running.pid_file.exists()

    @pytest.mark.parametrize("action", ["restart", "try-restart"])
    def test_restarting_makes_way_for_another(self, running: Place, action: str) -> None:
        before = running.pid()
        assert running.run(action) == Done(0)
        assert running.pid() != before
        assert running.processes() == [running.pid()]

    @pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    def test_a_standard_stream_that_is_closed_is_no_outage(self, place: Place, closed: str) -> None:
        shell = ("/bin/sh", "-c", f'exec "$@" {closed}', "sh")
        program = (*shell, sys.executable, "-m", "ldirectord_py", "--table", "memory", str(place.config))
        before: list[int] = []
        for action in ("start", "restart", "try-restart"):
            assert place.run(action, program=program).status == 0
            (pid,) = place.processes()
            assert [pid] != before
            before = [pid]
        assert place.run("reload", program=program).status == 0
        assert place.run("stop", program=program).status == 0
        assert place.processes() == []

    def test_a_start_says_what_it_has_to_do_without(self, place: Place) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            place.write(f"metricslisten=127.0.0.1:{port}\n{SERVICE}")
            started = place.run("start")
        assert started.status == 0
        assert started.err.startswith(f"metricslisten: cannot listen on 127.0.0.1:{port} for metrics: Address already")
        assert len(place.processes()) == 1

    def test_status_tells_of_a_reload_that_was_refused_and_of_a_file_that_is_gone(self, running: Place) -> None:
        pid = running.pid()
        running.write("")
        assert running.run("reload").status == 2
        told = running.run("status")
        said, more = told.err.splitlines(keepends=True)
        assert Done(told.status, told.out, said) == is_running(running, pid)
        assert re.match(
            rf"running, pid {pid}, on the configuration of \d\d:\d\d; what was read at \d\d:\d\d was refused: .*would "
            r"take away the only virtual service",
            more,
        )

        running.config.unlink()
        assert running.run("status").err.endswith(f"; its file {running.config} is not there any more\n")

    def test_another_file_of_the_same_name_is_not_taken_for_the_one_in_force(self, running: Place) -> None:
        """The instance's name is the last part of the file's, as with the original."""
        other = running.home / "elsewhere" / running.config.name
        other.parent.mkdir()
        other.write_text(running.config.read_text())
        assert running.run(str(running.config), "start") == Done(0)
        (pid,) = set(running.processes()) - {running.pid()}
        differs = f"it runs on {running.config}, not on {other}; a restart has it run on that\n"
        assert running.run(str(other), "start").err == f"ldirectord runs already, pid {pid}: {differs}"
        reloaded = running.run(str(other), "reload")
        assert (reloaded.status, reloaded.err) == (
            2,
            f"nothing was reloaded, ldirectord runs, pid {pid}: {differs}",
        )
        assert differs in running.run(str(other), "status").err
        assert running.run(str(other), "restart").status == 0
        assert running.run(str(other), "status").err.count("\n") == 1

    @pytest.mark.parametrize("action", ["reload", "force-reload"])
    def test_reloading_leaves_it_running(self, running: Place, action: str) -> None:
        pid = running.pid()
        assert running.run(action) == Done(0)
        assert running.run("status") == is_running(running, pid)

    def test_stop_and_start_may_follow_each_other_at_once(self, running: Place) -> None:
        for _ in range(3):
            assert running.run("stop") == STOPPED
            assert running.run("start") == Done(0)
            assert running.processes() == [running.pid()]

    def test_another_name_for_the_configuration_is_another_instance(self, running: Place) -> None:
        assert running.run("ldirectord.cf", "status") == is_stopped(running)
        assert running.run("ldirectord.cf", "start") == Done(0)
        assert len(running.processes()) == 2
        assert running.run("ldirectord.cf", "stop") == STOPPED
        assert running.processes() == [running.pid()]

    def test_after_a_kill_the_next_start_takes_over(self, running: Place) -> None:
        pid = running.pid()
        os.kill(pid, signal.SIGKILL)
        wait_for_end(pid)
        assert running.run("status") == is_stale(running)
        assert running.run("start") == Done(0)
        assert running.run("status") == is_running(running, running.pid())


class TestAStalePidFile:
    @pytest.mark.parametrize("action", ["start", "restart"])
    def test_starting_takes_it_over(self, stale: Place, action: str) -> None:
        assert stale.run(action) == Done(0)
        assert stale.processes() == [stale.pid()]

    @pytest.mark.parametrize("action", ["stop", "try-restart"])
    def test_there_is_nothing_to_stop(self, stale: Place, action: str) -> None:
        assert stale.run(action) == Done(0)
        assert stale.pid_file.read_text() == "999999999\n"

    @pytest.mark.parametrize("action", ["reload", "force-reload"])
    def test_reloading_fails(self, stale: Place, action: str) -> None:
        assert stale.run(action) == Done(1, err=f"ldirectord is stopped for {stale.config}\n")

    def test_the_status_is_1(self, stale: Place) -> None:
        assert stale.run("status") == is_stale(stale)


NEEDING_THE_FILE = tuple(action for action in ACTIONS if action not in {"stop", "status"})


class TestABrokenConfiguration:
    @pytest.mark.parametrize("action", NEEDING_THE_FILE)
    def test_nothing_happens_to_a_live_daemon(self, running: Place, action: str) -> None:
        pid = running.pid()
        running.write("bogus line\n")
        done = running.run(action)
        assert done.status == 2
        assert done.out == ""
        assert f"{running.config}:2: " in done.err
        assert running.processes() == [pid]
        assert running.pid() == pid

    @pytest.mark.parametrize("action", NEEDING_THE_FILE)
    def test_nothing_is_started(self, place: Place, action: str) -> None:
        place.write("bogus line\n")
        assert place.run(action).status == 2
        assert place.processes() == []
        assert not place.pid_file.exists()

    @pytest.mark.parametrize("action", NEEDING_THE_FILE)
    def test_a_stale_pid_file_stays(self, stale: Place, action: str) -> None:
        stale.write("bogus line\n")
        assert stale.run(action).status == 2
        assert stale.pid_file.read_text() == "999999999\n"


SPOILT: dict[str, tuple[Callable[[Place], object], str]] = {
    "an error": (
        lambda place: place.write("bogus line\n"),
        "the file on disk has errors: {0}:2: unknown directive 'bogus line': no directive has this name\n",
    ),
    "gone": (lambda place: place.config.unlink(), "Config file ldirectord.cf not found: there is none of {0}, "),
    "a log that cannot be": (lambda place: place.write('logfile="/nowhere/log"\n' + SERVICE), ""),
    "a name that nobody knows": (lambda place: place.write(SERVICE.replace("192.0.2.1", "no-such.invalid")), ""),
}


@pytest.mark.parametrize("kind", SPOILT)
class TestWhateverTheFileHasComeTo:
    """`status` and `stop` go by the daemon: a cluster manager must not take a healthy one for dead."""

    def test_one_that_runs_is_running(self, running: Place, kind: str) -> None:
        spoil, told = SPOILT[kind]
        spoil(running)
        done = running.run("status")
        assert (done.status, done.out) == (0, "")
        first, _, more = done.err.partition("\n")
        assert first == f"ldirectord for {running.config} is running with pid: {running.pid()}"
        assert bool(more) == bool(told)
        if told:
            in_force = rf"running, pid {running.pid()}, on the configuration of (\d{{4}}-\d\d-\d\d )?\d\d:\d\d; "
            gone = "its file {0} is not there any more"
            told = told if running.config.exists() else gone
            assert re.match(in_force + re.escape(told.format(running.config)), more)

    def test_one_that_runs_is_stopped(self, running: Place, kind: str) -> None:
        spoil, told = SPOILT[kind]
        spoil(running)
        done = running.run("stop")
        assert done.status == 0
        assert told.format(running.config) in done.out
        assert running.processes() == []
        assert not running.pid_file.exists()

    @pytest.mark.parametrize(("before", "status"), [("", 3), ("999999999\n", 1)])
    def test_without_one_that_is_told(self, place: Place, kind: str, before: str, status: int) -> None:
        spoil, told = SPOILT[kind]
        spoil(place)
        if before:
            place.pid_file.write_text(before)
        done = place.run("status")
        assert (done.status, done.out) == (status, f"ldirectord is stopped for {place.config}\n")
        assert told.format(place.config) in done.err
        done = place.run("stop")
        assert (done.status, done.out) == (0, "")
        assert told.format(place.config) in done.err
        assert place.pid_file.exists() == bool(before)


class TestAPidFileThatIsNone:
    @pytest.mark.parametrize("action", ACTIONS)
    def test_a_fifo_hangs_nobody(self, place: Place, action: str) -> None:
        os.mkfifo(place.pid_file)
        done = place.run(action)
        assert done.status == (4 if action == "status" else 1)
        assert f"{place.pid_file} is a FIFO, and no pid file" in done.err
        assert place.processes() == []

    @pytest.mark.parametrize("action", ACTIONS)
    def test_no_link_is_followed(self, place: Place, action: str) -> None:
        precious = place.home / "precious"
        precious.write_text("4711\n")
        place.pid_file.symlink_to(precious)
        done = place.run(action)
        assert done.status == (4 if action == "status" else 1)
        assert f"{place.pid_file} is a symbolic link, and no pid file" in done.err
        assert precious.read_text() == "4711\n"
        assert place.pid_file.is_symlink()


@pytest.fixture
def standing_still(running: Place) -> Iterator[int]:
    """Have the daemon stand still, so that it cannot put its pid file back."""
    pid = running.pid()
    os.kill(pid, signal.SIGSTOP)
    yield pid
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGCONT)


class TestAPidFileThatIsGone:
    """Somebody has removed it while the daemon runs, which answers at its control socket."""

    @pytest.mark.parametrize("content", [None, "", "999999999\n"])
    def test_the_status_tells_both(self, running: Place, standing_still: int, content: str | None) -> None:
        running.pid_file.unlink()
        what = "is gone"
        if content is not None:
            running.pid_file.write_text(content)
            what = "is not its own any more"
        done = running.run("status")
        first = is_running(running, standing_still).err
        flaw = f"running, pid {standing_still}; its pid file {running.pid_file} {what}\n"
        assert done == Done(0, err=f"{first}{flaw}")

    def test_one_that_stayed_empty_is_told(self, running: Place, standing_still: int) -> None:
        os.truncate(running.pid_file, 0)
        done = running.run("status")
        assert done.status == 0
        assert f"; its pid file {running.pid_file} does not name it\n" in done.err

    def test_no_second_one_is_started(self, running: Place, standing_still: int) -> None:
        running.pid_file.unlink()
        done = running.run("start")
        flaw = f"its pid file {running.pid_file} is gone"
        assert done == Done(0, err=f"ldirectord runs already, pid {standing_still}: {flaw}\n")
        assert running.processes() == [standing_still]

    def test_a_stop_stops_it(self, running: Place) -> None:
        running.pid_file.unlink()
        assert running.run("stop") == STOPPED
        assert running.processes() == []
        assert not running.pid_file.exists()

    def test_a_restart_has_one_daemon_remain(self, running: Place) -> None:
        before = running.pid()
        running.pid_file.unlink()
        assert running.run("restart") == Done(0)
        assert running.processes() == [running.pid()] != [before]

    def test_a_reload_reaches_it(self, running: Place) -> None:
        running.pid_file.unlink()
        assert running.run("reload") == Done(0)

    def test_the_daemon_puts_it_back(self, running: Place) -> None:
        pid = running.pid()
        running.pid_file.unlink()
        wait_for_file(running.pid_file)
        assert running.pid() == pid
        assert running.run("status") == is_running(running, pid)
        assert f"WARNING: The pid file {running.pid_file} was gone; it is there again" in running.logged()

    def test_after_its_sudden_end_the_socket_that_it_leaves_means_nothing(self, running: Place) -> None:
        pid = running.pid()
        os.kill(pid, signal.SIGSTOP)
        running.pid_file.unlink()
        os.kill(pid, signal.SIGKILL)
        wait_for_end(pid)
        assert running.pid_file.with_suffix(".sock").exists()
        assert running.run("status") == is_stopped(running)


class TestTheUnitsFolder:
    """systemd gives a unit a folder of its own, and its daemon's pid file lies there."""

    @pytest.mark.parametrize("action", ["status", "stop"])
    def test_its_daemon_is_found_from_outside(self, place: Place, action: str) -> None:
        folder = place.pid_file.parent / "ldirectord"
        folder.mkdir()
        director = place.spawn("--foreground", "start", RUNTIME_DIRECTORY=str(folder))
        wait_for_file(folder / place.pid_file.name)
        assert not place.pid_file.exists()
        assert place.run("start") == Done(0)
        assert place.processes() == [director.pid]
        assert place.run("status") == is_running(place, director.pid)
        assert place.run("stop") == STOPPED
        assert finish(director).status == 0
        assert place.run("status") == is_stopped(place)


class TestRestarting:
    def test_the_one_that_runs_goes_on_where_another_could_not_start(self, running: Place) -> None:
        pid = running.pid()
        done = running.run("restart", CANNOT="the table can not be opened; load the module ip_vs")
        assert done == Done(1, err="the table can not be opened; load the module ip_vs\n")
        assert running.processes() == [pid]

    @pytest.mark.parametrize(
        ("words", "stays"), [(("stop",), False), (("--leave-table", "stop"), True), (("restart",), True)]
    )
    def test_only_a_stop_takes_anything_out_of_the_table(
        self, running: Place, words: tuple[str, ...], *, stays: bool
    ) -> None:
        assert running.run(*words).status == 0
        removed = [line for line in running.logged() if line.startswith("Purged virtual server (stop)")]
        assert bool(removed) != stays

    @pytest.mark.parametrize(
        ("left", "loss"),
        [
            ("# nothing\n", "take away"),
            ("virtual=192.0.2.1:80\n\tscheduler=rr\n", "leave nobody to serve"),
            ("reloadlimit=100\nvirtual=192.0.2.1:80\n\tscheduler=rr\n", "leave nobody to serve"),
        ],
        ids=["no service", "no server", "a limit of its own"],
    )
    def test_it_is_held_to_the_limit_of_a_reload(self, running: Place, left: str, loss: str) -> None:
        pid = running.pid()
        wait_for_file(running.pid_file.with_suffix(".state"))
        running.write(left)
        for action in ("restart", "try-restart", "reload"):
            done = running.run(action)
            would = f"{running.config}: a {action.removeprefix('try-')} would {loss} the only virtual service"
            assert (done.status, done.err.partition(" (")[0]) == (2, would)
            assert "(tcp:192.0.2.1:80), and reloadlimit is 50 percent; the " in done.err
            assert f"if it is meant: ldirectord {running.config} {action.removeprefix('try-')} --force" in done.err
        running.pid_file.with_suffix(".state").unlink()
        done = running.run("restart")
        assert (done.status, done.err.partition(" (")[0]) == (
            2,
            f"{running.config}: a restart would {loss} the only virtual service",
        )
        assert running.processes() == [pid]
        assert running.run("restart", "--force").status == 0
        assert running.processes() == [running.pid()] != [pid]

    def test_the_stricter_limit_counts_since_the_next_daemon_goes_by_its_own(self, running: Place) -> None:
        running.write(f"reloadlimit=100\n{SERVICE}")
        assert running.run("reload").status == 0
        pid = running.pid()
        running.write("virtual=192.0.2.1:80\n\tscheduler=rr\n")
        done = running.run("restart")
        assert (done.status, "and reloadlimit is 50 percent" in done.err) == (2, True)
        assert running.processes() == [pid]


class TestRaces:
    @pytest.mark.parametrize("attempt", range(5))
    def test_of_four_starts_at_once_one_daemon_remains(self, place: Place, attempt: int) -> None:
        starts = [place.spawn("start") for _ in range(4)]
        assert [finish(start) for start in starts] == [Done(0)] * 4
        assert place.run("status") == is_running(place, place.pid())
        # losers leave their terminal before they have quite ended
        for pid in place.processes():
            if pid != place.pid():
                wait_for_end(pid)
        assert place.processes() == [place.pid()]

    def test_repeated_requests_to_stop_are_one(self, running: Place) -> None:
        pid = running.pid()
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
            os.kill(pid, number)
        wait_for_end(pid)
        assert not running.pid_file.exists()

    def test_a_reload_that_comes_before_the_director_is_ready_is_not_lost(self, place: Place) -> None:
        os.mkfifo(place.home / "begun")
        os.mkfifo(place.home / "go")
        start = place.spawn("start", DIRECTOR="slow")
        assert (place.home / "begun").read_text() == "begun"
        assert place.run("reload") == Done(0)
        pid = place.pid()
        (place.home / "go").write_text("go")
        assert finish(start) == Done(0)
        wait_for_end(pid)
        assert (place.home / "noted").read_text() == "['SIGHUP']"

    def test_a_stop_that_comes_before_the_director_is_ready_is_heeded(self, place: Place) -> None:
        os.mkfifo(place.home / "begun")
        os.mkfifo(place.home / "go")
        start = place.spawn("start", DIRECTOR="slow")
        assert (place.home / "begun").read_text() == "begun"
        assert place.run("stop") == STOPPED
        assert not place.pid_file.exists()
        assert finish(start).err == f"ldirectord ended before it got to work; the log may say more ({place.log})\n"


class TestSignals:
    @pytest.mark.parametrize("name", ["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGPIPE", "SIGCHLD", "SIGWINCH"])
    def test_stray_signals_do_no_harm(self, running: Place, name: str) -> None:
        pid = running.pid()
        os.kill(pid, signal.Signals[name])
        assert running.run("status") == is_running(running, pid)
        assert running.run("stop") == STOPPED
        assert not running.pid_file.exists()

    @pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGQUIT"])
    def test_some_signals_stop_in_order(self, running: Place, name: str) -> None:
        pid = running.pid()
        os.kill(pid, signal.Signals[name])
        wait_for_end(pid)
        assert not running.pid_file.exists()


class TestADirectorThatFails:
    def test_its_reason_reaches_the_terminal(self, place: Place) -> None:
        reason = "the table can not be opened; load the module ip_vs"
        done = place.run("start", DIRECTOR="refuses")
        assert done == Done(1, err=f"{reason}; the log may say more ({place.log})\n")
        assert reason in place.logged()
        assert place.logged()[-1] == "Exiting with exit_status 1: Exiting from ldirectord start"
        assert not place.pid_file.exists()

    def test_its_reason_reaches_the_terminal_in_the_foreground(self, place: Place) -> None:
        done = place.run("--foreground", "start", DIRECTOR="refuses")
        assert done == Done(1, err="the table can not be opened; load the module ip_vs\n")
        assert not place.pid_file.exists()

    def test_its_sudden_death_is_told(self, place: Place) -> None:
        done = place.run("start", DIRECTOR="dies")
        assert done == Done(1, err=f"ldirectord ended before it got to work; the log may say more ({place.log})\n")
        assert place.run("status").status == 1

    @pytest.mark.parametrize(("director", "status"), [("breaks", 1), ("breaks_later", 0)])
    def test_a_fault_of_ours_is_in_the_log(self, place: Place, director: str, status: int) -> None:
        assert place.run("start", DIRECTOR=director).status == status
        for pid in place.processes():
            wait_for_end(pid)
        assert "crashed: RuntimeError: a fault of ours" in place.logged()
        assert not place.pid_file.exists()

    def test_start_does_not_wait_for_ever(self, place: Place) -> None:
        done = place.run("start", DIRECTOR="never_ready", PATIENCE="0.3")
        assert done.status == 1
        assert done.err.startswith("ldirectord has not got to work within 0.3 seconds; it goes on trying; ")

    def test_stop_does_not_wait_for_ever(self, place: Place) -> None:
        assert place.run("start", DIRECTOR="deaf") == Done(0)
        assert place.run("stop", PATIENCE="0.3") == Done(
            1,
            out=STOPPED.out,
            err=f"ldirectord for {place.config} has not ended within 0.3 seconds of SIGTERM, pid: {place.pid()}\n",
        )


class TestInTheForeground:
    def test_it_writes_the_pid_file_and_ends_on_request(self, place: Place) -> None:
        director = place.spawn("--foreground", "start")
        wait_for_file(place.pid_file)
        assert place.run("status") == is_running(place, director.pid)
        assert place.run("stop") == STOPPED
        assert finish(director).status == 0
        assert not place.pid_file.exists()

    @pytest.mark.parametrize(("option", "line"), [("--debug", ""), ("--foreground", "supervised=yes\n")])
    def test_debugging_and_supervised_it_neither_writes_nor_removes_a_pid_file(
        self, place: Place, option: str, line: str
    ) -> None:
        place.write(f"{line}{SERVICE}")
        os.mkfifo(place.home / "begun")
        os.mkfifo(place.home / "go")
        director = place.spawn(option, "start", DIRECTOR="slow")
        assert (place.home / "begun").read_text() == "begun"
        assert not place.pid_file.exists()
        place.pid_file.write_text("999999999\n")
        (place.home / "go").write_text("go")
        assert finish(director).status == 0
        assert place.pid_file.read_text() == "999999999\n"

    def test_debugging_beside_a_daemon_does_nothing(self, running: Place) -> None:
        done = running.run("-d", "start")
        assert done.status == 0
        assert f"is running with pid: {running.pid()}" in done.err
        assert running.run("status") == is_running(running, running.pid())


def test_a_reader_that_has_read_enough_is_no_error(place: Place) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer) as nobody:
        words = (sys.executable, str(COMMAND), "configtest")
        done = subprocess.run(
            words, env=place.environment, stdout=nobody, stderr=subprocess.PIPE, timeout=PATIENCE, check=False
        )
    assert (done.returncode, done.stderr) == (0, b"")


class TestTheDaemon:
    def test_has_left_terminal_directory_and_session(self, running: Place) -> None:
        pid = running.pid()
        assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
        for descriptor in (0, 1, 2):
            assert Path(f"/proc/{pid}/fd/{descriptor}").readlink() == Path(os.devnull)
        assert os.getsid(pid) not in {pid, os.getsid(0)}

    def test_takes_over_neither_descriptors_nor_a_loose_mask(self, place: Place) -> None:
        reader, writer = os.pipe()
        words = (sys.executable, str(COMMAND), "--table", "memory", "start")
        subprocess.run(words, env=place.environment, pass_fds=(writer,), umask=0, check=True, timeout=PATIENCE)
        os.close(writer)
        assert os.read(reader, 1) == b""  # the daemon runs, and has let go of the other end
        os.close(reader)
        assert place.log.stat().st_mode & 0o777 == 0o644
        assert place.run("status") == is_running(place, place.pid())

    def test_keeps_the_command_line_that_cluster_agents_look_for(self, place: Place) -> None:
        config = place.home / "web.cf"
        config.write_text(place.config.read_text())
        program = (str(SCRIPT), "--table=memory")
        assert place.run(str(config), "start", program=program) == Done(0)
        pid = int((place.home / "run" / "ldirectord.web.cf.pid").read_text())
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").split(b"\0")
        assert b" ".join(words).endswith(f"ldirectord --table=memory {config} start".encode())
        assert words[-4:-2] == [str(SCRIPT).encode(), b"--table=memory"]
        assert place.run(str(config), "stop", program=(sys.executable, "-m", "ldirectord_py")) == STOPPED

    def test_finds_a_relative_configuration_again(self, place: Place) -> None:
        (place.home / "web.cf").write_text(place.config.read_text())
        assert place.run("./web.cf", "start") == Done(0)
        done = place.run("./web.cf", "status")
        assert done.err.startswith(f"ldirectord for {place.home}/web.cf is running with pid: ")
        assert place.run("./web.cf", "stop") == STOPPED


class TestTheLog:
    def test_every_call_is_noted_as_the_original_does(self, place: Place) -> None:
        place.run("status")
        place.run("reload")
        place.run("stop")
        program = f"Invoking ldirectord invoked as: {COMMAND} --table memory"
        assert place.logged() == [
            f"{program} reload ",
            f"ldirectord is stopped for {place.config}",
            "Exiting with exit_status 1: Exiting from ldirectord reload",
            f"{program} stop ",
        ]

    def test_asking_for_the_status_leaves_no_line(self, running: Place) -> None:
        before = running.loggers()
        assert running.run("status").status == 0
        running.write("bogus line\n")
        assert running.run("status").status == 0
        assert running.loggers() == before

    def test_a_configuration_error_is_noted(self, place: Place) -> None:
        place.write("bogus line\n")
        place.run("reload")
        assert place.logged() == ["Exiting with exit_status 2: config_error: Configuration Error"]

    def test_a_missing_configuration_is_noted_and_told(self, place: Place) -> None:
        done = place.run("nosuch.cf", "start")
        message = done.err.rstrip("\n")
        assert message.startswith("Config file nosuch.cf not found: there is none of ")
        assert done.status == 1
        assert place.logged() == [message, "Exiting with exit_status 1: Initialisation Error"]


def large(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(50_000_000)


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "rubbish": (
        lambda path: path.write_bytes(b"\x7fELF\x02\x01\x01\0\0\0"),
        "{0}:1: this is no text file: it holds a NUL byte",
    ),
    "50 MB": (large, "{0}: is larger than 16 MiB, which no configuration is"),
    "an unknown directive": (
        lambda path: path.write_text("bogus line\n"),
        "{0}:1: unknown directive 'bogus line': no directive has this name",
    ),
}


class TestConfigtest:
    def test_a_fine_configuration_is_counted(self, place: Place) -> None:
        done = place.run("configtest")
        fine, *longest = done.out.splitlines()
        assert (done.status, done.err) == (0, "")
        assert fine == f"Configuration {place.config} is fine: 1 virtual service, 2 real servers"
        assert all(line.endswith(" s later at the latest") for line in longest)

    @pytest.mark.parametrize("kind", BAD_FILES)
    def test_a_bad_one_is_described(self, place: Place, kind: str) -> None:
        make, expected = BAD_FILES[kind]
        make(place.config)
        assert place.run("configtest") == Done(2, out=f"{expected.format(place.config)}\n")
        assert place.run("start").status == 2
        assert place.processes() == []

    def test_bytes_that_are_no_text_do_not_steer_the_terminal(self, place: Place) -> None:
        place.config.write_bytes(b"\xff\x1b[2J")
        done = place.run("configtest")
        assert done.status == 2
        assert done.out.startswith(f"{place.config}:1: unknown directive ")
        assert done.out.rstrip("\n").isprintable()

    def test_a_file_that_may_not_be_read_is_described(self, place: Place) -> None:
        secret = "/proc/sys/net/ipv4/route/flush"  # not even root may read it
        assert place.run(secret, "configtest") == Done(2, out=f"{secret}: cannot be read: Permission denied\n")

    def test_a_directory_is_not_a_configuration(self, place: Place) -> None:
        message = f"Config file {place.home} not found: {place.home} is a directory, expected a file\n"
        assert place.run(str(place.home), "configtest") == Done(1, out=message)
        assert place.run(str(place.home), "start") == Done(1, err=message)

    def test_every_problem_has_its_line(self, place: Place) -> None:
        place.config.write_text("bogus\ncheckinterval=0\nvirtual=192.0.2.1:80\n\treal=nonsense\n")
        done = place.run("configtest")
        assert done.status == 2
        assert [line.split(": ")[0] for line in done.out.splitlines()] == [f"{place.config}:{n}" for n in (1, 2, 4)]

    def test_it_leaves_no_trace(self, running: Place) -> None:
        before = running.loggers()
        running.write("bogus line\n")
        assert running.run("configtest").status == 2
        assert running.loggers() == before
        assert running.processes() == [running.pid()]


class TestAPlaceThatIsNotOurs:
    def test_a_pid_file_that_cannot_be_made_is_told(self, place: Place) -> None:
        place.pid_file.parent.rmdir()
        done = place.run("start")
        reason = "No such file or directory; start as root, or set LDIRECTORD_RUN_DIR to a directory of yours"
        assert done == Done(1, err=f"Can not open {place.pid_file}: {reason}; the log may say more ({place.log})\n")

    def test_a_log_that_cannot_be_written_keeps_nobody_from_anything(self, place: Place) -> None:
        place.config.write_text(f'logfile="{place.home}/missing/log"\n{SERVICE}')
        warning = f"{place.config}:1: warning: logfile: unable to open logfile: "
        assert place.run("configtest").out.startswith(warning)
        for action in ACTIONS:
            assert place.run(action).status == 0  # one after the other: the daemon runs from the first one on


class TestTheWordsAlone:
    def test_help_is_for_everyone(self, place: Place) -> None:
        done = place.run("-h", program=(sys.executable, "-m", "ldirectord_py"))
        assert (done.status, done.err) == (0, "")
        assert done.out.startswith("ldirectord - ")

    @pytest.mark.parametrize("option", ["-v", "--version", "-dv"])
    def test_the_version_begins_as_the_original_s(self, place: Place, option: str) -> None:
        done = place.run(option, program=(str(SCRIPT),))
        assert (done.status, done.err) == (0, "")
        assert done.out.startswith("Linux Director v1.186-ha\nldirectord_py ")

    def test_no_words_are_answered_with_the_usage(self, place: Place) -> None:
        done = place.run()
        assert (done.status, done.err) == (255, "")
        assert done.out.startswith("Usage:\n    ldirectord [options] [--] [CONFIG] ACTION\n")

    @pytest.mark.parametrize(
        ("words", "told"),
        [
            (("--bogus", "start"), "Unknown option: bogus"),
            (("x.cf", "statsu"), "Unknown action: statsu; did you mean status?"),
        ],
    )
    def test_nonsense_is_told_with_nothing_to_drive_it_off_the_screen(
        self, place: Place, words: tuple[str, ...], told: str
    ) -> None:
        assert place.run(*words) == Done(255, err=f"{told}\nsee 'ldirectord --help'\n")
        assert place.processes() == []
