"""Where lines can go: streams that the journal reads."""

import io
import os
from pathlib import Path
from typing import TextIO

import pytest

from ldirectord_py.observers.logging.destinations import FileAndJournal, Journal, LogFile, journal_of, outlets

Environment = pytest.MonkeyPatch


def read_by_the_journal(stream: TextIO, environment: Environment) -> None:
    """Have the environment say of *stream* what systemd says of those of a unit."""
    found = os.fstat(stream.fileno())
    environment.setenv("JOURNAL_STREAM", f"{found.st_dev}:{found.st_ino}")


def test_a_stream_of_the_journals_leads_to_the_journal(tmp_path: Path, monkeypatch: Environment) -> None:
    with (tmp_path / "one").open("w") as one, (tmp_path / "two").open("w") as two:
        assert journal_of(one, two) is None
        read_by_the_journal(two, monkeypatch)
        assert journal_of(one) is None
        assert journal_of(one, two) == Journal(Path("/run/systemd/journal/socket"))


def test_streams_that_are_closed_or_in_memory_or_not_there_do_not(tmp_path: Path, monkeypatch: Environment) -> None:
    with (tmp_path / "one").open("w") as closed:
        read_by_the_journal(closed, monkeypatch)
    assert journal_of(closed, io.StringIO(), None) is None


def test_both_are_two_places(tmp_path: Path) -> None:
    file = LogFile(tmp_path)
    assert outlets(FileAndJournal(file, Journal())) == (file, Journal())
    assert outlets(file) == (file,)
