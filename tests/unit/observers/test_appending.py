"""Lines at the end of files that others rotate, on disks that may be full."""

import os
from pathlib import Path

import pytest

from ldirectord_py.observers.appending import Appender


@pytest.fixture
def fifo(tmp_path):
    """A pipe, whose reader is slow: it takes part of a line, as a disk that is almost full does."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    yield path, reader
    os.close(reader)


def test_lines_are_appended_and_a_file_that_was_moved_is_made_again(tmp_path):
    path = tmp_path / "file"
    append = Appender(path)

    assert append([b"one\n", b"two\n"]) == (2, "")
    path.rename(tmp_path / "file.1")
    assert append([b"three\n"]) == (1, "")

    assert (tmp_path / "file.1").read_bytes() == b"one\ntwo\n"
    assert path.read_bytes() == b"three\n"


def test_what_cannot_be_written_is_counted_with_the_reason():
    assert Appender(Path("/dev/full"))([b"one\n", b"two\n"]) == (0, "No space left on device")
    assert Appender(Path("/no/such/file"))([b"one\n"]) == (0, "No such file or directory")
    assert Appender(Path("a\0b"))([b"one\n"]) == (0, "embedded null byte")


def test_a_torn_line_is_ended_before_the_next_one(fifo):
    path, reader = fifo
    append = Appender(path)

    whole, reason = append([b"one\n", b"x" * (1 << 20) + b"\n", b"never\n"])
    torn = os.read(reader, 1 << 20)
    assert (whole, reason) == (1, "Resource temporarily unavailable")
    assert torn.startswith(b"one\nxxx")
    assert append([b"two\n"]) == (1, "")
    assert append([b"three\n"]) == (1, "")
    assert os.read(reader, 100) == b"\ntwo\nthree\n"


def test_a_torn_line_stays_torn_while_nothing_can_be_written(fifo, tmp_path):
    path, reader = fifo
    append = Appender(path)

    append([b"x" * (1 << 20) + b"\n"])
    assert append([b"never\n"])[0] == 0
    os.read(reader, 1 << 20)
    assert append([b"two\n"]) == (1, "")
    assert os.read(reader, 100) == b"\ntwo\n"
