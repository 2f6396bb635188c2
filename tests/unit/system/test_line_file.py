"""A file of lines: nobody else's is touched, and what is in it is whole."""

import os
import resource
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ldirectord_py.system.line_file import Contents, LineFile

FIRST = b'{"recording":1}\n'
RECORDING = Contents("recording", b'{"recording":')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "web.jsonl"


@pytest.fixture
def file(path: Path) -> Iterator[LineFile]:
    file = LineFile(path, RECORDING, 100)
    yield file
    file.close()


def test_it_is_for_nobody_else_to_read_and_goes_on_behind_what_is_there(path: Path, file: LineFile) -> None:
    file.open()
    file.append(FIRST)
    file.open()
    file.append(FIRST)
    assert path.read_bytes() == FIRST * 2
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("text", [b"root:x:0:0\n", b"\n", b'{"recording"'])
def test_what_is_no_recording_stays_as_it_is(path: Path, file: LineFile, text: bytes) -> None:
    path.write_bytes(text)
    with pytest.raises(OSError, match="it is no recording, and stays as it is"):
        file.open()
    assert path.read_bytes() == text
    assert not file.is_open


def test_neither_links_nor_pipes_are_followed(path: Path, file: LineFile) -> None:
    aim = path.with_name("aim")
    path.symlink_to(aim)
    with pytest.raises(OSError, match="it is a symbolic link, which is not followed"):
        file.open()
    assert not aim.exists()
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OSError, match="it is no regular file of ours"):
        file.open()


def test_a_line_that_was_cut_short_is_taken_away(path: Path, file: LineFile) -> None:
    path.write_bytes(FIRST + b'{"at":[1,' + b"7" * 200_000)
    file.open()
    assert path.read_bytes() == FIRST
    path.write_bytes(FIRST[:-1])
    file.open()
    assert path.read_bytes() == b""


def test_two_processes_do_not_share_one(path: Path, file: LineFile) -> None:
    file.open()
    with pytest.raises(OSError, match="another process writes there"):
        LineFile(path, RECORDING, 100).open()


def test_a_full_one_is_put_aside_in_place_of_the_one_before_unless_that_is_none(path: Path, file: LineFile) -> None:
    in_thread = path.with_name("web.jsonl.1")
    in_thread.write_bytes(FIRST)
    file.open()
    file.append(FIRST * 6)
    assert not file.is_over
    file.append(FIRST)
    assert file.is_over
    file.open()
    assert (in_thread.read_bytes(), path.read_bytes()) == (FIRST * 7, b"")
    file.append(FIRST * 8)
    in_thread.write_bytes(b"precious")
    with pytest.raises(OSError, match="it is no recording, and stays as it is"):
        file.open()
    assert (in_thread.read_bytes(), path.read_bytes()) == (b"precious", FIRST * 8)


@pytest.mark.parametrize("away", [True, False])
def test_one_that_was_moved_or_removed_is_over(path: Path, file: LineFile, away: bool) -> None:
    file.open()
    file.append(FIRST)
    if away:
        path.rename(path.with_name("moved"))
    else:
        path.unlink()
    assert file.is_over
    file.open()
    assert path.read_bytes() == b""


def test_what_could_not_be_written_as_a_whole_is_not_there(path: Path, file: LineFile) -> None:
    file.open()
    file.append(FIRST)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (40, before[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            file.append(FIRST * 3)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    assert path.read_bytes() == FIRST
    assert not file.is_open
    with pytest.raises(OSError, match="it is not open"):
        file.append(FIRST)
