"""The script that tells ldirectord what keepalived says of its role; keepalived itself calls it in the lab."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE

SCRIPT = Path(__file__).parents[2] / "etc/keepalived/ldirectord-role"


@pytest.fixture
def role(tmp_path: Path) -> Path:
    return tmp_path / "ldirectord.role"


def environment(role: Path, **more: str) -> dict[str, str]:
    return {**os.environ, "LDIRECTORD_ROLE": str(role), **more}


def wait_for(role: Path, word: str) -> None:
    end = time.monotonic() + PATIENCE
    while not role.exists() or role.read_text() != f"{word}\n":
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (("INSTANCE", "VI_1", "MASTER", "200"), "MASTER\n"),
        (("INSTANCE", "VI_1", "FAULT", "200"), "FAULT\n"),
        (("INSTANCE", "VI_1", "MASTER_RX_LOWER_PRI", "200"), None),
        (("INSTANCE", "VI_2", "BACKUP", "200"), None),
        (("GROUP", "VI_1", "BACKUP", "200"), None),
    ],
)
def test_each_change_may_be_told_by_a_process_of_its_own(role: Path, words: tuple[str, ...], written: str) -> None:
    one = environment(role, LDIRECTORD_INSTANCE="VI_1")
    subprocess.run([SCRIPT, *words], env=one, check=True, timeout=PATIENCE)
    assert (role.read_text() if role.exists() else None) == written
    assert len([*role.parent.iterdir()]) == role.exists()


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[int]:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = os.open(path, os.O_RDWR)
    yield writer
    os.close(writer)


def test_one_that_reads_a_pipe_tells_each_in_order_and_at_its_end_what_is_left(
    role: Path, pipe: int, tmp_path: Path
) -> None:
    with subprocess.Popen([SCRIPT, tmp_path / "pipe"], env=environment(role), start_new_session=True) as script:
        os.write(pipe, b'INSTANCE "VI_1" BACKUP 100\nINSTANCE "VI_1" MASTER 200\n')
        wait_for(role, "MASTER")
        assert role.stat().st_mode & 0o777 == 0o644
        os.write(pipe, b'INSTANCE "VI_1" MASTER_PRIORITY 100\nINSTANCE "VI_1" BACKUP 100\n' * 20)
        os.killpg(script.pid, signal.SIGTERM)  # as systemd does, with all of keepalived's processes at once
        os.write(pipe, b'INSTANCE "VI_1" STOP 100\n')
        os.killpg(script.pid, signal.SIGTERM)  # as keepalived does, once it has written that
        assert script.wait(PATIENCE) == 0
    assert role.read_text() == "STOP\n"


def test_a_line_of_which_a_part_is_read_when_it_is_asked_to_end_is_whole(role: Path, pipe: int, tmp_path: Path) -> None:
    with subprocess.Popen([SCRIPT, tmp_path / "pipe"], env=environment(role)) as script:
        os.write(pipe, b'INSTANCE "VI_1" MASTER 100\nINSTANCE "VI')
        wait_for(role, "MASTER")
        script.send_signal(signal.SIGTERM)
        assert read_up(pipe)
        os.write(pipe, b'_1" STOP 100\n')
        wait_for(role, "STOP")
        os.close(os.open(tmp_path / "pipe", os.O_WRONLY))
        assert script.wait(PATIENCE) == 0  # though the pipe stays open, as where keepalived reads its file again


def read_up(pipe: int) -> bool:
    """Wait until what was written to a pipe has been read."""
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        end = time.monotonic() + PATIENCE
        while selector.select(0) and time.monotonic() < end:
            time.sleep(0.01)
        return not selector.select(0)


def test_the_next_one_waits_until_the_one_before_has_ended(role: Path, pipe: int, tmp_path: Path) -> None:
    words, one = [SCRIPT, tmp_path / "pipe"], environment(role)
    with subprocess.Popen(words, env=one) as before:
        os.write(pipe, b'INSTANCE "VI_1" MASTER 100\n')
        wait_for(role, "MASTER")
        before.send_signal(signal.SIGTERM)
        with subprocess.Popen(words, env=one) as after:
            for number in range(200):
                os.write(pipe, b'INSTANCE "VI_1" %s 100\n' % (b"BACKUP" if number % 2 else b"FAULT"))
            os.write(pipe, b'INSTANCE "VI_1" MASTER 100\n')
            assert before.wait(PATIENCE) == 0
            assert read_up(pipe)
            wait_for(role, "MASTER")
            os.write(pipe, b'INSTANCE "VI_1" BACKUP 100\n')
            wait_for(role, "BACKUP")
            after.kill()


SLOW_MKTEMP = """#!/bin/sh
mkdir "$0.once" 2>/dev/null && read -r _ <"$0.go"
exec /usr/bin/mktemp "$@"
"""
"""Waits, the first time, until somebody has opened the pipe beside it and closed it again."""


def test_what_keepalived_wrote_last_is_read_though_it_has_closed_and_removed_the_pipe(
    role: Path, tmp_path: Path
) -> None:
    path, slow = tmp_path / "pipe", tmp_path / "bin/mktemp"
    slow.parent.mkdir()
    slow.write_text(SLOW_MKTEMP)
    slow.chmod(0o755)
    for each in (path, slow.with_name("mktemp.go")):
        os.mkfifo(each)
    writer = os.open(path, os.O_RDWR)
    patient = environment(role, PATH=f"{slow.parent}:{os.environ['PATH']}")
    with subprocess.Popen([SCRIPT, path], env=patient) as script:
        os.write(writer, b'INSTANCE "VI_1" MASTER 200\n')
        with slow.with_name("mktemp.go").open("w"):  # the script is busy with that one
            os.write(writer, b'INSTANCE "VI_1" STOP 100\n')
            os.close(writer)
            path.unlink()
            script.send_signal(signal.SIGTERM)
        assert script.wait(PATIENCE) == 0
    assert role.read_text() == "STOP\n"


def test_it_is_a_portable_shell_script() -> None:
    subprocess.run(["shellcheck", "--shell=sh", SCRIPT], check=True, timeout=PATIENCE)
