"""Where lines go, what becomes of them where they cannot, and that nobody waits for it."""

import asyncio
import io
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from ldirectord_py.observers.events.log_line import Level
from ldirectord_py.observers.logging import sinks
from ldirectord_py.observers.logging.destinations import LogFile, Stream, Syslog
from ldirectord_py.observers.logging.entry import Entry
from ldirectord_py.observers.logging.sinks import Sink, writer_to
from tests.peers.patience import PATIENCE

ROOT = Path(__file__).parents[4]
NOON = 1_700_000_000.0
FULL = Path("/dev/full")


def entry(text: str, bare: str | None = None, level: Level = Level.INFO) -> Entry:
    return Entry(level, text, text if bare is None else bare)


def opened(destination) -> Sink:
    return on(writer_to(destination, lambda: NOON))


def on(writer) -> Sink:
    return Sink(writer, lambda line: entry(line.message, level=line.level), lambda: NOON)


def say(destination, text="[stamp] told", bare="told", level=Level.INFO):
    opened(destination)(entry(text, bare, level))


def log_threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "log"}


class Gate:
    """A destination that takes nothing until it is opened, then all, or as many lines as it has room for."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.room: list[int] = []
        self.batches: list[list[str]] = []

    def __call__(self, entries: Sequence[Entry], /, *, wait: bool) -> tuple[int, str]:
        if wait:
            self.open.wait()
        room = self.room.pop(0) if self.room else len(entries)
        self.batches.append([each.text for each in entries[:room]])
        return min(room, len(entries)), "" if room >= len(entries) else "No space left on device"

    @property
    def lines(self) -> list[str]:
        return [line for batch in self.batches for line in batch]


@contextmanager
def running(sink: Sink) -> Iterator[None]:
    """Have the thread of *sink* end."""
    try:
        yield
    finally:
        sink.close()
        sink.flush(5)


# Whom lines wait for.


async def test_lines_of_one_turn_of_the_loop_are_written_together_and_in_order():
    gate = Gate()
    gate.open.set()
    sink = on(gate)
    with running(sink):
        for number in range(500):
            sink(entry(str(number)))
        await asyncio.sleep(0)
        sink.flush()
    assert gate.batches == [[str(number) for number in range(500)]]


async def test_a_destination_that_stands_still_holds_no_turn_of_the_loop():
    gate = Gate()
    sink = on(gate)
    with running(sink):
        for number in range(10):
            sink(entry(str(number)))
            await asyncio.sleep(0)
        assert gate.lines == []
        gate.open.set()
        sink.flush()
    assert gate.lines == [str(number) for number in range(10)]
    assert sink.lost == 0


async def test_what_a_slow_destination_has_no_place_for_is_counted_and_told(monkeypatch, capfd):
    monkeypatch.setattr(sinks, "MOST", 10)
    gate = Gate()
    sink = on(gate)
    with running(sink):
        for number in range(15):
            sink(entry(str(number % 10)))
        assert sink.lost == 5
        gate.open.set()
        sink.flush()
        sink(entry("again"))
        await asyncio.sleep(0)
        sink.flush()
    assert [line.partition(" of ")[0] for line in gate.lines if "were lost" in line] == ["5 lines"]
    assert [line for line in gate.lines if "were lost" not in line] == [*"0123456789", "again"]


def test_where_no_loop_runs_each_line_is_out_at_once_and_no_thread_is_left(tmp_path):
    sink, before = opened(LogFile(tmp_path / "log")), log_threads()
    for word in ("one", "two"):
        sink(entry(word))
        assert (tmp_path / "log").read_text().endswith(f"{word}\n")
        assert log_threads() <= before


def test_a_command_waits_once_and_only_a_second_for_a_destination_that_stands_still(monkeypatch):
    monkeypatch.setattr(sinks, "PATIENCE", 0.05)
    gate = Gate()
    sink = on(gate)
    for word in ("one", "two", "three"):
        sink(entry(word))
    assert gate.lines == []
    gate.open.set()
    sink.flush(5)
    assert gate.lines == ["one", "two", "three"]


def test_a_process_that_forks_writes_on(tmp_path):
    sink = opened(LogFile(tmp_path / "log"))
    sink(entry("before"))
    if not (child := os.fork()):
        sink(entry("child"))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    sink(entry("after"))
    assert (tmp_path / "log").read_text() == "before\nchild\nafter\n"


def test_nothing_is_lost_where_the_loop_ends_or_breaks(tmp_path):
    sink = opened(LogFile(tmp_path / "log"))

    async def tell(word: str) -> None:
        sink(entry(word))
        raise RuntimeError(word)

    with running(sink):
        for word in ("one", "two"):
            with pytest.raises(RuntimeError, match=word):
                asyncio.run(tell(word))
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


async def test_one_that_is_closed_still_writes_what_it_has_taken(tmp_path):
    sink = opened(LogFile(tmp_path / "log"))
    sink(entry("one"))
    sink.close()
    sink.flush()
    assert (tmp_path / "log").read_text() == "one\n"


NO_THREADS = """
import asyncio, resource, sys, threading
from pathlib import Path
from tests.unit.observers.logging.test_sinks import LogFile, Stream, entry, opened

async def tell(*sinks):
    for word in ("one", "two"):
        for sink in sinks:
            sink(entry(word))
        await asyncio.sleep(0)

pages = int(Path("/proc/self/statm").read_text().split()[0])
room = pages * resource.getpagesize() + (4 << 20)  # a thread's stack takes 8 MiB
resource.setrlimit(resource.RLIMIT_AS, (room, room))
try:
    threading.Thread(target=print).start()
except RuntimeError:
    asyncio.run(tell(opened(LogFile(Path(sys.argv[1]))), opened(Stream(sys.stdout))))
"""


def test_where_no_thread_can_be_had_lines_are_written_all_the_same(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", NO_THREADS, tmp_path / "log"],
        capture_output=True,
        cwd=ROOT,
        timeout=PATIENCE,
        check=True,
    )
    assert done.stdout == b"one\ntwo\n"
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


# Lines that get lost.


def test_a_gap_is_told_before_the_next_line_that_gets_out():
    gate = Gate()
    gate.open.set()
    gate.room = [0, 0, 0]
    sink = on(gate)
    for word in ("one", "two", "three", "four", "five"):
        sink(entry(word))
    moment = time.asctime(time.localtime(NOON))[4:19]
    assert gate.lines == [
        f"3 lines of this log were lost between {moment} and {moment}: No space left on device",
        "four",
        "five",
    ]
    assert sink.lost == 3


def test_a_gap_lasts_while_only_the_word_of_it_gets_out():
    gate = Gate()
    gate.open.set()
    gate.room = [0, 1, 0]
    sink = on(gate)
    for word in ("one", "two", "three", "four"):
        sink(entry(word))
    assert [line.partition(" of ")[0] for line in gate.lines] == ["1 lines", "2 lines", "four"]
    assert sink.lost == 3


def test_a_torn_line_spoils_no_other(tmp_path):
    """A pipe whose reader is slow takes half of a line, as a disk that is almost full does."""
    path = tmp_path / "fifo"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    sink = opened(LogFile(path))
    sink(entry("x" * (1 << 20), "too long"))
    taken = os.read(reader, 1 << 20)
    assert 0 < len(taken) < 1 << 20
    sink(entry("next"))
    lines = os.read(reader, 1 << 20).decode().splitlines()
    os.close(reader)
    assert lines[0] == ""
    assert lines[1].startswith("1 lines of this log were lost")
    assert lines[2] == "next"


async def test_what_of_a_burst_did_not_get_out_goes_to_standard_error(tmp_path, capfd):
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    sink = opened(LogFile(tmp_path / "fifo"))
    told = [f"{number:04}" + "x" * 2000 for number in range(100)]
    with running(sink):
        for line in told:
            sink(entry(line, line[:4]))
        sink.flush()
        written = os.read(reader, 1 << 20)
        os.close(reader)
    complete = written.count(b"\n")
    assert 0 < complete < len(told)
    assert written.decode().startswith("\n".join(told[:complete]))
    assert capfd.readouterr().err.split() == [line[:4] for line in told[complete:]]
    assert sink.lost == len(told) - complete


# Files.


def test_a_log_file_is_opened_anew_so_that_rotating_it_needs_no_signal(tmp_path):
    path = tmp_path / "ldirectord.log"
    sink = opened(LogFile(path))

    sink(entry("one"))
    path.rename(tmp_path / "ldirectord.log.1")
    sink(entry("two"))

    assert (tmp_path / "ldirectord.log.1").read_text() == "one\n"
    assert path.read_text() == "two\n"


def test_a_log_file_is_appended_to(tmp_path):
    path = tmp_path / "ldirectord.log"
    path.write_text("before\n")

    say(LogFile(path))

    assert path.read_text() == "before\n[stamp] told\n"


@pytest.mark.parametrize("path", [Path("/no/such/folder/log"), FULL, Path("/proc/version")])
def test_what_a_log_file_does_not_take_goes_to_standard_error(path, capfd):
    say(LogFile(path))

    assert capfd.readouterr().err == "told\n"


def test_a_fifo_that_nobody_reads_keeps_nobody_waiting(tmp_path, capfd):
    os.mkfifo(tmp_path / "fifo")

    say(LogFile(tmp_path / "fifo"))

    assert capfd.readouterr().err == "told\n"


# Streams.


def test_a_closed_stream_falls_back_to_standard_error(capfd):
    stream = io.StringIO()
    stream.close()

    say(Stream(stream))

    assert capfd.readouterr().err == "told\n"


def test_a_closed_standard_error_is_borne(capfd):
    stream = io.StringIO()
    stream.close()
    proper, sys.stderr = sys.stderr, stream
    try:
        say(Stream(stream))
        say(LogFile(FULL))
    finally:
        sys.stderr = proper

    assert capfd.readouterr().err == ""


def test_a_stream_is_written_to_at_once(capfd):
    say(Stream(sys.stdout))

    assert capfd.readouterr().out == "[stamp] told\n"


def test_the_journal_is_told_how_much_a_line_matters_and_other_streams_are_not(monkeypatch):
    reader, writer = os.pipe()
    found = os.fstat(writer)
    with os.fdopen(writer, "w") as stream:
        for journal in (f"{found.st_dev}:{found.st_ino}", "1:2"):
            monkeypatch.setenv("JOURNAL_STREAM", journal)
            say(Stream(stream), "told", level=Level.WARNING)
    assert os.read(reader, 100) == b"<4>told\ntold\n"
    os.close(reader)


def test_a_stream_without_some_letters_has_them_written_out():
    with open(os.devnull, "w", encoding="ascii") as terminal:  # noqa: PTH123  # a stream is what is wanted
        reader, writer = os.pipe()
        os.dup2(writer, terminal.fileno())
        say(Stream(terminal), "Prüfung")
        assert os.read(reader, 100) == b"Pr\\xfcfung\n"
        os.close(reader)
        os.close(writer)


async def test_a_pipe_that_nobody_reads_holds_no_turn_of_the_loop_and_gets_all_of_it_later():
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as stream:
        sink = opened(Stream(stream))
        with running(sink):
            for number in range(2000):
                sink(entry(f"{number:0100}"))
                await asyncio.sleep(0)
            sink.flush(0)
            assert sink.lost == 0
            read = b""
            while read.count(b"\n") < 2000:
                read += await asyncio.to_thread(os.read, reader, 1 << 16)
    os.close(reader)
    assert [int(line) for line in read.splitlines()] == list(range(2000))


def test_a_standard_error_that_nobody_reads_is_borne(tmp_path):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with os.fdopen(writer, "wb", buffering=0) as full:
        while full.write(b"x" * 4096):
            pass
        os.set_blocking(writer, True)
        with os.fdopen(os.dup(writer), "w") as stream:
            proper, sys.stderr = sys.stderr, stream
            try:
                sink = opened(LogFile(FULL))
                sink(entry("told"))
            finally:
                sys.stderr = proper
    os.close(reader)
    assert sink.lost == 1


# Syslog.


@pytest.fixture
def syslog(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(tmp_path / "log"))
        daemon.settimeout(5)
        yield daemon


@pytest.mark.parametrize(
    ("facility", "level", "priority"),
    [
        ("local3", Level.INFO, 19 * 8 + 6),
        ("LOCAL3", Level.WARNING, 19 * 8 + 4),
        ("auth", Level.ERROR, 4 * 8 + 3),
        ("nosuchfacility", Level.DEBUG, 3 * 8 + 7),
    ],
)
def test_syslog_gets_facility_priority_time_name_and_process(syslog, tmp_path, facility, level, priority):
    say(Syslog(facility, tmp_path / "log"), "told", level=level)

    stamp = time.asctime(time.localtime(NOON))[4:19]
    assert syslog.recv(4096).decode() == f"<{priority}>{stamp} ldirectord[{os.getpid()}]: told"


def test_syslog_that_is_not_there_is_borne(tmp_path, capfd):
    say(Syslog("local3", tmp_path / "nobody"))

    assert capfd.readouterr().err == "told\n"


def test_syslog_that_was_started_again_is_found_again(tmp_path):
    sink = opened(Syslog("local3", tmp_path / "log"))
    for told in ("one", "two"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
            daemon.bind(str(tmp_path / "log"))
            daemon.settimeout(5)
            sink(entry(told))
            assert daemon.recv(4096).decode().endswith(f": {told}")
        (tmp_path / "log").unlink()


async def test_syslog_that_reads_nothing_holds_no_turn_of_the_loop_and_gets_all_of_it_later(syslog, tmp_path):
    sink = opened(Syslog("local3", tmp_path / "log"))
    with running(sink):
        for number in range(1000):
            sink(entry(f"{number:0200}"))
            await asyncio.sleep(0)
        sink.flush(0)
        assert sink.lost == 0
        told = [await asyncio.to_thread(syslog.recv, 4096) for _ in range(1000)]
    assert [int(line.rpartition(b": ")[2]) for line in told] == list(range(1000))
