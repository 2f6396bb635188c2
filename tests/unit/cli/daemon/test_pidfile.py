"""Pid files, against real processes that hold, leave or merely resemble them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ldirectord_py.cli.daemon.pidfile import AlreadyRunning, Running, Stopped, end, held, send, standing
from ldirectord_py.model.errors import DirectorError

HOLDER = """
import signal, sys
from pathlib import Path
from ldirectord_py.cli.daemon.pidfile import held
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM, signal.SIGHUP])
with held(Path(sys.argv[1])):
    print(flush=True)
    while signal.sigwait([signal.SIGTERM, signal.SIGHUP]) != signal.SIGTERM:
        print(flush=True)
"""
LOCKER = """
import fcntl, signal, sys
file = open(sys.argv[1], "w")
fcntl.lockf(file, fcntl.LOCK_EX)
print(flush=True)
signal.pause()
"""
FULL = """
import subprocess, sys
from pathlib import Path
from ldirectord_py.cli.daemon.pidfile import held
place = Path(sys.argv[1])
subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", place.parent], check=True)
(place.parent / "filler").write_bytes(b"x" * 4096)
with held(place):
    print(flush=True)
    subprocess.run([sys.executable, "-c", sys.argv[2], place], check=True)
"""
ASKING = """
import sys
from pathlib import Path
from ldirectord_py.cli.daemon.pidfile import standing
print(type(standing(Path(sys.argv[1]))).__name__)
"""
LISTENER = """
import signal, socket, sys
from contextlib import nullcontext
from pathlib import Path
from ldirectord_py.cli.daemon.pidfile import held
path = Path(sys.argv[1])
with held(path) if sys.argv[2] == "holds" else nullcontext(), socket.socket(socket.AF_UNIX) as listener:
    listener.bind(str(path.with_suffix(".sock")))
    listener.listen()
    print(flush=True)
    signal.pause()
"""
NOBODY = 65534
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); signal.pause()"

Spawn = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ldirectord.x.pid"


@pytest.fixture
def spawn() -> Iterator[Spawn]:
    """Start a program and wait for its first line."""
    started: list[subprocess.Popen[str]] = []

    def spawn(*words: str, executable: str | None = None) -> "subprocess.Popen[str]":
        process = subprocess.Popen(words, executable=executable, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process

    yield spawn
    for process in started:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def hold(spawn: Spawn, path: Path) -> Callable[[], "subprocess.Popen[str]"]:
    return lambda: spawn(sys.executable, "-c", HOLDER, str(path))


@pytest.fixture
def hold_on_full_disk(spawn: Spawn, path: Path) -> "subprocess.Popen[str]":
    return spawn("unshare", "--mount", sys.executable, "-c", FULL, str(path), ASKING)


def test_without_a_file_nothing_runs(path: Path) -> None:
    assert standing(path) == Stopped()


def test_the_lock_names_the_daemon_whatever_the_file_says(path: Path, hold: Spawn) -> None:
    daemon = hold()
    assert path.read_text() == f"{daemon.pid}\n"
    path.write_text("1\n")
    assert standing(path) == Running(daemon.pid, path)


def test_asking_who_runs_gets_in_nobody_s_way(path: Path, hold: Spawn) -> None:
    daemon = hold()
    for _ in range(3):
        assert standing(path) == Running(daemon.pid, path)
    assert path.exists()


def test_a_second_daemon_is_refused_and_the_file_stays(path: Path, hold: Spawn) -> None:
    daemon = hold()
    with pytest.raises(AlreadyRunning, match="another ldirectord holds"), held(path):
        pytest.fail("held twice")
    assert standing(path) == Running(daemon.pid, path)
    assert path.read_text() == f"{daemon.pid}\n"


def test_a_killed_daemon_leaves_a_stale_file_which_the_next_takes_over(path: Path, hold: Spawn) -> None:
    daemon = hold()
    daemon.kill()
    daemon.wait()
    assert standing(path) == Stopped(stale=path)
    successor = hold()
    assert standing(path) == Running(successor.pid, path)


def test_the_file_goes_with_its_holder(path: Path) -> None:
    with held(path):
        assert path.read_text() == f"{os.getpid()}\n"
        assert path.stat().st_mode & 0o777 == 0o644 & ~_umask()
    assert not path.exists()


def test_the_file_of_another_daemon_is_not_removed(path: Path) -> None:
    with held(path):
        path.unlink()
        path.write_text("another's\n")
    assert path.read_text() == "another's\n"


@pytest.mark.parametrize("content", ["", "\n", "rubbish\n", "12345678901234567890\n", "\0\0\0", "-5\n"])
def test_a_file_without_a_pid_counts_for_nothing(path: Path, content: str) -> None:
    path.write_text(content)
    assert standing(path) == Stopped()


def test_a_pid_that_nobody_has_is_stale(path: Path) -> None:
    path.write_text("999999999\n")
    assert standing(path) == Stopped(stale=path)


def test_an_editor_of_the_configuration_is_not_the_daemon(path: Path, spawn: Spawn) -> None:
    editor = spawn(
        "vi", "-c", "import signal; print(flush=True); signal.pause()", "ldirectord.cf", executable=sys.executable
    )
    path.write_text(f"{editor.pid}\n")
    assert standing(path) == Stopped(stale=path)


def test_the_original_is_known_by_its_command_line(path: Path, spawn: Spawn) -> None:
    original = spawn(
        "/usr/bin/perl",
        "-e",
        "$| = 1; print qq(\\n); sleep",
        "/usr/sbin/ldirectord",
        "start",
        executable="/usr/bin/perl",
    )
    path.write_text(f"{original.pid}\n")
    assert standing(path) == Running(original.pid, path)
    assert end(Running(original.pid, path), seconds=20)
    assert original.wait() == -signal.SIGTERM


def test_ending_waits_until_the_process_is_gone(path: Path, hold: Spawn) -> None:
    daemon = hold()
    assert end(Running(daemon.pid, path), seconds=20)
    assert not path.exists()
    assert daemon.wait() == 0


def test_ending_gives_up_in_time(path: Path, spawn: Spawn) -> None:
    stubborn = spawn(sys.executable, "-c", HOLDER.replace("!= signal.SIGTERM", ""), str(path))
    assert not end(Running(stubborn.pid, path), seconds=0.05)


def test_a_process_that_no_longer_holds_the_file_is_not_signalled(path: Path, spawn: Spawn) -> None:
    stranger = spawn(sys.executable, "-c", STUBBORN)
    path.write_text(f"{stranger.pid}\n")
    send(Running(stranger.pid, path), signal.SIGKILL)
    assert end(Running(stranger.pid, path), seconds=20)
    assert stranger.poll() is None


def test_a_signal_reaches_the_daemon(path: Path, hold: Spawn) -> None:
    daemon = hold()
    send(Running(daemon.pid, path), signal.SIGHUP)
    assert daemon.stdout is not None
    assert daemon.stdout.readline() == "\n"


def test_a_file_that_cannot_be_made_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "missing" / "ldirectord.x.pid"
    with pytest.raises(DirectorError) as error, held(path):
        pytest.fail("held in a directory that is not there")
    reason = "No such file or directory; start as root, or set LDIRECTORD_RUN_DIR to a directory of yours"
    assert str(error.value) == f"Can not open {path}: {reason}"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def make_link(path: Path) -> None:
    (path.parent / "precious").write_text("4711\n")
    path.symlink_to("precious")


def make_second_name(path: Path) -> None:
    (path.parent / "precious").write_text("4711\n")
    path.hardlink_to(path.parent / "precious")


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))


STRANGE: dict[str, Callable[[Path], object]] = {
    "is a FIFO": os.mkfifo,
    "is a symbolic link": make_link,
    "is a socket": make_socket,
    "is a directory": Path.mkdir,
    "has another name, a hard link": make_second_name,
}


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_file_of_one_name_is_refused_at_once_and_stays_as_it_is(path: Path, kind: str) -> None:
    STRANGE[kind](path)
    before = path.lstat()
    with pytest.raises(DirectorError, match=kind):
        standing(path)
    with pytest.raises(DirectorError, match=kind), held(path):
        pytest.fail("held what is no pid file")
    assert os.path.samestat(path.lstat(), before)
    precious = path.parent / "precious"
    assert not precious.exists() or precious.read_text() == "4711\n"


def test_a_daemon_is_found_wherever_else_something_strange_stands(path: Path, hold: Spawn) -> None:
    daemon = hold()
    other = path.parent / "other.pid"
    os.mkfifo(other)
    assert standing(other, path) == Running(daemon.pid, path)
    other.unlink()
    assert standing(other, path) == Running(daemon.pid, path)


def test_where_another_daemon_runs_under_another_file_ours_is_given_back(path: Path, hold: Spawn) -> None:
    hold()
    own = path.parent / "own.pid"
    with pytest.raises(AlreadyRunning, match="another ldirectord holds"), held(own, own, path):
        pytest.fail("held beside another")
    assert standing(own) == Stopped()


def test_the_owner_of_a_file_cannot_have_another_s_process_signalled(path: Path, hold: Spawn) -> None:
    victim = hold()
    os.chown(path, NOBODY, -1)
    with pytest.raises(DirectorError, match=f"belongs to uid {NOBODY}, but pid {victim.pid}"):
        standing(path)
    for act in (lambda: send(Running(victim.pid, path), signal.SIGKILL), lambda: end(Running(victim.pid, path), 20)):
        with pytest.raises(DirectorError):
            act()
    assert victim.poll() is None


@pytest.mark.parametrize("folder", ["elsewhere", "ldirectord"])
def test_a_stranger_that_holds_the_lock_is_not_signalled(tmp_path: Path, spawn: Spawn, folder: str) -> None:
    path = tmp_path / folder / "x.pid"
    path.parent.mkdir()
    program = path.with_name("python")
    program.symlink_to(sys.executable)
    other = spawn(str(program), "-c", LOCKER, str(path))
    with pytest.raises(DirectorError, match=f"pid {other.pid}, which does not look like ldirectord"):
        end(Running(other.pid, path), seconds=20)
    assert other.poll() is None


def test_a_file_of_another_user_is_not_taken_over(path: Path) -> None:
    path.write_text("999999999\n")
    os.chown(path, NOBODY, -1)
    with pytest.raises(DirectorError, match=f"belongs to uid {NOBODY}, and this is uid {os.geteuid()}"), held(path):
        pytest.fail("held another's file")
    assert path.read_text() == "999999999\n"


def test_a_full_disk_keeps_no_daemon_from_holding_its_file(hold_on_full_disk: "subprocess.Popen[str]") -> None:
    assert hold_on_full_disk.stdout is not None
    assert hold_on_full_disk.stdout.readline() == "Running\n"


@pytest.fixture
def listening(spawn: Spawn, path: Path) -> "subprocess.Popen[str]":
    return spawn(sys.executable, "-c", LISTENER, str(path), "holds")


def test_a_daemon_whose_file_was_removed_is_found_by_its_socket(path: Path, listening: "subprocess.Popen[str]") -> None:
    path.unlink()
    found = standing(path)
    assert found == Running(listening.pid, path)
    assert found.flaw == f"its pid file {path} is gone"
    with pytest.raises(AlreadyRunning), held(path):
        pytest.fail("held beside one that has lost its file")
    assert not path.exists()
    assert end(found, seconds=20)
    assert standing(path) == Stopped()  # what is left of its socket means nothing


def test_whoever_else_listens_there_is_not_taken_for_it(path: Path, spawn: Spawn) -> None:
    spawn(sys.executable, "-c", LISTENER, str(path), "does not hold")
    assert standing(path) == Stopped()
    with held(path):
        pass


def test_a_socket_of_another_user_s_is_not_believed(path: Path, listening: "subprocess.Popen[str]") -> None:
    path.unlink()
    os.chown(path.with_suffix(".sock"), NOBODY, -1)
    assert standing(path) == Stopped()


def test_a_file_that_was_removed_is_put_back_and_locked(path: Path) -> None:
    with held(path) as pid_file:
        assert pid_file.mend() == ""
        path.unlink()
        assert pid_file.mend() == f"The pid file {path} was gone; it is there again"
        asked = subprocess.run([sys.executable, "-c", ASKING, str(path)], capture_output=True, text=True, check=True)
        assert asked.stdout == "Running\n"
        assert pid_file.mend() == ""
        assert path.read_text() == f"{os.getpid()}\n"  # gives up the lock
    assert not path.exists()


def test_a_file_that_had_no_room_for_the_pid_gets_it_later(path: Path) -> None:
    with held(path) as pid_file:
        os.truncate(path, 0)
        assert pid_file.mend() == f"The pid file {path} was empty; it has the pid again"
        assert path.read_text() == f"{os.getpid()}\n"


def test_another_s_file_in_its_place_is_not_touched(path: Path) -> None:
    with held(path) as pid_file:
        path.unlink()
        path.write_text("another's\n")
        assert pid_file.mend() == ""
    assert path.read_text() == "another's\n"
