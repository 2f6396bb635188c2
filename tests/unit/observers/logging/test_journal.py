"""The journal's own protocol, read by a socket that stands in journald's place."""

import asyncio
import fcntl
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.model import events as ev
from ldirectord_py.model.events import MailDone
from ldirectord_py.observers.events.log_line import Level
from ldirectord_py.observers.logging.destinations import FileAndJournal, Journal, LogFile
from ldirectord_py.observers.logging.entry import Entry, LogFormat
from ldirectord_py.observers.logging.journal import datagram
from ldirectord_py.observers.logging.log import LogObserver, open_log
from tests.unit.observers import happenings as the

NAME = st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True)


def read(data: bytes) -> list[tuple[str, str]]:
    """Return the fields of a datagram, as journald reads them."""
    fields = []
    while data:
        line, _, data = data.partition(b"\n")
        name, equals, value = line.partition(b"=")
        if not equals:
            size = int.from_bytes(data[:8], "little")
            value, data = data[8 : 8 + size], data[8 + size + 1 :]
        fields.append((name.decode(), value.decode("utf-8", "surrogateescape")))
    return fields


@given(st.text(), st.lists(st.tuples(NAME, st.text(alphabet=st.characters(codec="utf-8")))))
def test_whatever_a_field_holds_comes_back(text: str, fields: list[tuple[str, str]]) -> None:
    text = text.encode("utf-8", "replace").decode()
    found = read(datagram(Entry(Level.WARNING, text, text, fields)))
    assert found == [("MESSAGE", text), ("PRIORITY", "4"), ("SYSLOG_IDENTIFIER", "ldirectord"), *fields]


class Journald:
    """Takes datagrams at a path, and the files that come with them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(20)

    def entry(self) -> Mapping[str, str]:
        """Return the fields of the next entry; of several with the same name, the last."""
        return dict(self.fields())

    def fields(self) -> list[tuple[str, str]]:
        data, files, _, _ = socket.recv_fds(self._socket, 1 << 20, 1)
        if not files:
            return read(data)
        assert not data
        with os.fdopen(files[0], "rb") as file:
            self.seals = fcntl.fcntl(file, fcntl.F_GET_SEALS)
            file.seek(0)  # journald looks at the whole of it
            return read(file.read())

    def close(self) -> None:
        self._socket.close()
        self.path.unlink()


@pytest.fixture
def journald(tmp_path: Path) -> Iterator[Journald]:
    running = Journald(tmp_path / "socket")
    yield running
    running.close()


def log_to(journald: Journald, **more: object) -> LogObserver:
    return open_log(Journal(journald.path), name="web.cf", **more)


def both(path: Path, journald: Journald) -> FileAndJournal:
    return FileAndJournal(LogFile(path), Journal(journald.path))


STOPPED = ev.Stopping("TERM")


def test_a_transition_has_a_field_for_each_of_its_facts(journald: Journald) -> None:
    log_to(journald)(the.WENT_DOWN)
    expected = {
        "MESSAGE": "WARNING: Real server 10.0.0.5:80 (tcp:10.0.0.1:80) is down (2 of 2): "
        "GET http://10.0.0.5:80/: the body does not match 'ok'",
        "PRIORITY": "4",
        "SYSLOG_IDENTIFIER": "ldirectord",
        "EVENT": "real_down",
        "INSTANCE": "web.cf",
        "VIRTUAL": "tcp:10.0.0.1:80",
        "REAL": "10.0.0.5:80",
        "REASON": "mismatch",
        "DETAIL": "the body does not match 'ok'",
        "ASKED": "GET http://10.0.0.5:80/",
        "FAILURES": "2",
        "FAILURECOUNT": "2",
    }
    assert expected.items() <= journald.entry().items()


@pytest.mark.parametrize(
    ("event", "priority"),
    [
        (the.CHECKED, "7"),
        (STOPPED, "6"),
        (the.WENT_DOWN, "4"),
        (the.REFUSED, "3"),
    ],
    ids=["debug", "info", "warning", "error"],
)
def test_the_priority_is_that_of_the_level(journald: Journald, event: ev.Event, priority: str) -> None:
    log_to(journald, debug=True)(event)
    assert journald.entry()["PRIORITY"] == priority


def test_several_values_are_several_fields_and_what_is_not_there_is_none(journald: Journald) -> None:
    log_to(journald)(MailDone("x", ("a@example.com", "b@example.com"), None, "550 no"))
    fields = journald.fields()
    assert [value for name, value in fields if name == "RECIPIENTS"] == ["a@example.com", "b@example.com"]
    assert "SERVER" not in dict(fields)


def test_the_format_json_changes_nothing_here(journald: Journald) -> None:
    log_to(journald, format=LogFormat.JSON)(STOPPED)
    assert journald.entry()["EVENT"] == "stopped"


def test_what_others_wrote_is_escaped_here_too(journald: Journald) -> None:
    log_to(journald).say("two\nlines \x1b[31m", detail="one\u202etwo\n")
    entry = journald.entry()
    assert entry["MESSAGE"] == r"two\nlines \x1b[31m"
    assert entry["DETAIL"] == r"one\u202etwo\n"


def test_what_is_too_large_for_a_datagram_comes_as_a_sealed_file(journald: Journald) -> None:
    log_to(journald).say("x" * 1_000_000, part="y")
    entry = journald.entry()
    assert (len(entry["MESSAGE"]), entry["PART"]) == (1_000_000, "y")
    assert journald.seals == fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE


def test_a_journal_that_is_not_there_is_borne_and_one_that_comes_back_is_found(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    log = open_log(Journal(tmp_path / "socket"))
    log(STOPPED)
    assert capfd.readouterr().err == "Linux Director Daemon terminated on signal: TERM\n"
    assert log.lost == 1
    running = Journald(tmp_path / "socket")
    log(the.WENT_DOWN)
    lost, down = running.entry(), running.entry()
    assert (lost["EVENT"], lost["LINES"]) == ("log_lines_lost", "1")
    assert lost["REASON"] == "journal: No such file or directory"
    assert down["EVENT"] == "real_down"
    running.close()


async def test_a_journal_that_reads_nothing_holds_no_turn_of_the_loop_and_gets_all_of_it_later(
    journald: Journald,
) -> None:
    log = log_to(journald)
    assert int(Path("/proc/sys/net/unix/max_dgram_qlen").read_text()) < 2000, "the socket takes all of them"
    for number in range(2000):
        log.say(f"line {number}")  # one that waited for the reader would wait for ever, as nobody reads until below
        await asyncio.sleep(0)
    found = await asyncio.to_thread(lambda: [journald.entry()["MESSAGE"] for _ in range(2000)])
    assert found == [f"line {number}" for number in range(2000)]
    assert log.lost == 0
    log.close()


def test_under_a_unit_the_journal_gets_what_goes_to_the_file(journald: Journald, tmp_path: Path) -> None:
    log = open_log(both(tmp_path / "log", journald), format=LogFormat.JSON)
    log(the.WENT_DOWN)
    assert journald.entry()["REAL"] == "10.0.0.5:80"
    assert '"event": "real_down"' in (tmp_path / "log").read_text()

    log.move(both(tmp_path / "other", journald))
    log(STOPPED)
    assert journald.entry()["EVENT"] == "stopped"
    assert '"event": "stopped"' in (tmp_path / "other").read_text()

    log.move(Journal(journald.path))
    log(the.WENT_DOWN)
    assert journald.entry()["EVENT"] == "real_down"
    log.say("the end")
    assert journald.entry()["MESSAGE"] == "the end"


def test_a_file_that_takes_nothing_keeps_nothing_from_the_journal(journald: Journald) -> None:
    log = open_log(both(Path("/dev/full"), journald))
    log(STOPPED)
    assert journald.entry()["EVENT"] == "stopped"
    assert log.lost == 1


def test_no_descriptor_is_left(journald: Journald) -> None:
    log = log_to(journald)
    log(STOPPED)
    before = len(list(Path("/proc/self/fd").iterdir()))
    log.say("x" * 1_000_000)
    log(the.WENT_DOWN)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
