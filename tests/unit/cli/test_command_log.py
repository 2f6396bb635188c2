"""Where a command and its daemon log."""

import sys
from pathlib import Path

import pytest

from ldirectord_py.cli.command_log import destination
from ldirectord_py.cli.options import Action, Invocation
from ldirectord_py.observers.logging.destinations import Journal, LogFile, Stream, Syslog
from tests.unit.observers.logging.test_destinations import read_by_the_journal

PLAIN = Invocation(action=Action.START)


@pytest.mark.parametrize(
    ("logfile", "expected"),
    [("/var/log/x", LogFile(Path("/var/log/x"))), ("journal", Journal()), ("local3", Syslog("local3"))],
)
def test_logfile_says_where(logfile: str, expected: object) -> None:
    assert destination(PLAIN, logfile) == expected


def test_a_stream_that_the_journal_reads_is_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "stream").open("w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        assert destination(PLAIN, "/var/log/x", supervised=True) == Stream(stream)
        read_by_the_journal(stream, monkeypatch)
        assert destination(PLAIN, "/var/log/x", supervised=True) == Journal()
