"""`status` and `stop` by a user who may not read what root may: it is said, and nobody takes the daemon for stopped."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.test_command_line import COMMAND, STOPPED, Done, Place, is_running
from tests.stories.test_programs import wait_until

NOBODY = 65534
AS_NOBODY = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", sys.executable, str(COMMAND))


def _reaches_the_program() -> bool:
    if os.geteuid() != 0:
        return False
    somewhere = os.environ | {"LDIRECTORD_RUN_DIR": "/run/none"}
    return subprocess.run([*AS_NOBODY, "-v"], env=somewhere, capture_output=True, check=False).returncode == 0


pytestmark = pytest.mark.skipif(
    not _reaches_the_program(), reason="root alone can be another user, who has to reach this folder"
)


@pytest.fixture
def running() -> Iterator[Place]:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # pytest's own folders are root's alone
        place = Place(Path(folder))
        assert place.run("start") == Done(0)
        yield place
        place.pid_file.parent.chmod(0o755)
        place.config.parent.chmod(0o755)
        place.run("stop")
        assert place.processes() == []


def as_nobody(place: Place, action: str) -> Done:
    return place.run("--table", "memory", action, program=AS_NOBODY)


def test_a_file_that_may_not_be_read_has_no_errors_for_that(running: Place) -> None:
    running.config.chmod(0o600)
    done = as_nobody(running, "status")
    first = is_running(running, pid := running.pid()).err
    hidden = f"this user may not read {running.config}, so nothing is said of what is in it"
    assert done == Done(0, err=f"{first}running, pid {pid}; {hidden}\n")


def test_nor_has_an_included_one(running: Place) -> None:
    included = running.config.with_name("more.cf")
    included.write_text("")
    included.chmod(0o600)
    running.write("include=more.cf\n")
    assert f"; this user may not read {included}, so" in as_nobody(running, "status").err


def test_a_folder_that_may_not_be_entered_hides_the_file_alone(running: Place) -> None:
    running.config.parent.chmod(0o700)
    done = as_nobody(running, "status")
    assert (done.status, done.out) == (0, "")
    assert done.err.startswith(is_running(running, running.pid()).err)
    assert f"this user may not look for {running.config}; become root" in done.err


def test_where_the_pid_file_may_not_be_seen_the_status_is_unknown(running: Place) -> None:
    running.pid_file.parent.chmod(0o700)
    told = f"Can not open {running.pid_file}: Permission denied\n"
    assert as_nobody(running, "status") == Done(4, err=told)


def test_who_may_not_stop_it_is_not_told_what_that_would_do(running: Place) -> None:
    done = as_nobody(running, "stop")
    pid = running.pid()
    assert (done.status, done.out) == (1, "")
    assert f"Not permitted to signal ldirectord, pid {pid}: become root, or the user it runs as" in done.err
    assert running.processes() == [pid]
    assert running.run("stop") == STOPPED


@pytest.fixture
def unprivileged() -> Iterator[Place]:
    """Yield a place with a daemon of another user, as under the unit."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        for each in (place.home, place.pid_file.parent):
            os.chown(each, NOBODY, NOBODY)
        assert place.run("--table", "memory", "start", program=AS_NOBODY) == Done(0)
        yield place
        place.run("stop")
        assert place.processes() == []


def test_root_is_asked_before_a_restart_takes_away_what_another_user_s_daemon_keeps(unprivileged: Place) -> None:
    pid, state = unprivileged.pid(), unprivileged.pid_file.with_suffix(".state")
    wait_until(lambda: state.exists() and state.stat().st_uid == NOBODY)
    unprivileged.write("virtual=192.0.2.9:80\n\treal=192.0.2.10:80 masq\n\tchecktype=on\n")
    done = unprivileged.run("restart")
    assert "a restart would take away the only virtual service" in done.err
    assert unprivileged.pid() == pid
