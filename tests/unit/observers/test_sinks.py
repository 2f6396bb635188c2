"""Where lines go, and what becomes of them where they cannot."""

import asyncio
import io
import os
import socket
import sys
import time
from pathlib import Path

import pytest

from ldirectord_py.observers.line import Entry, Level
from ldirectord_py.observers.sinks import LogFile, Stream, Syslog, open_sink

NOON = 1_700_000_000.0


def entry(text, bare=None, level=Level.INFO):
    return Entry(level, text, text if bare is None else bare)


def say(destination, text="[stamp] told", bare="told", level=Level.INFO):
    open_sink(destination, lambda: NOON)(entry(text, bare, level))


def test_a_log_file_is_opened_for_each_line_so_that_rotating_it_needs_no_signal(tmp_path):
    path = tmp_path / "ldirectord.log"
    sink = open_sink(LogFile(path), lambda: NOON)

    sink(entry("one"))
    path.rename(tmp_path / "ldirectord.log.1")
    sink(entry("two"))

    assert (tmp_path / "ldirectord.log.1").read_text() == "one\n"
    assert path.read_text() == "two\n"


async def test_lines_of_one_turn_of_the_loop_are_written_together_at_its_end(tmp_path):
    path = tmp_path / "ldirectord.log"
    sink = open_sink(LogFile(path), lambda: NOON)

    sink(entry("one"))
    sink(entry("two"))
    assert not path.exists()
    await asyncio.sleep(0)
    assert path.read_text() == "one\ntwo\n"

    path.rename(tmp_path / "ldirectord.log.1")
    sink(entry("three"))
    await asyncio.sleep(0)
    assert path.read_text() == "three\n"


async def test_a_flush_writes_at_once_and_nothing_twice(tmp_path):
    path = tmp_path / "ldirectord.log"
    sink = open_sink(LogFile(path), lambda: NOON)

    sink(entry("one"))
    sink.flush()
    assert path.read_text() == "one\n"
    sink(entry("two"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert path.read_text() == "one\ntwo\n"


async def test_a_long_burst_is_not_kept_back(tmp_path):
    path = tmp_path / "ldirectord.log"
    sink = open_sink(LogFile(path), lambda: NOON)
    told = [str(number) for number in range(2500)]

    for line in told:
        sink(entry(line))
    assert len(path.read_text().splitlines()) == 2000
    await asyncio.sleep(0)

    assert path.read_text().splitlines() == told


def test_nothing_is_lost_where_the_loop_ends_or_breaks(tmp_path):
    path = tmp_path / "ldirectord.log"
    sink = open_sink(LogFile(path), lambda: NOON)

    async def tell(word: str) -> None:
        sink(entry(word))
        raise RuntimeError(word)

    for word in ("one", "two"):
        with pytest.raises(RuntimeError, match=word):
            asyncio.run(tell(word))

    assert path.read_text() == "one\ntwo\n"


async def test_what_of_a_burst_did_not_get_out_goes_to_standard_error(tmp_path, capfd):
    os.mkfifo(tmp_path / "fifo")
    reader = os.open(tmp_path / "fifo", os.O_RDONLY | os.O_NONBLOCK)
    sink = open_sink(LogFile(tmp_path / "fifo"), lambda: NOON)
    told = [f"{number:04}" + "x" * 2000 for number in range(100)]

    for line in told:
        sink(entry(line, line[:4]))
    sink.flush()
    written = os.read(reader, 1 << 20)
    os.close(reader)

    complete = written.count(b"\n")
    assert 0 < complete < len(told)
    assert written.decode().startswith("\n".join(told[:complete]))
    assert capfd.readouterr().err.split() == [line[:4] for line in told[complete:]]


def test_a_log_file_is_appended_to(tmp_path):
    path = tmp_path / "ldirectord.log"
    path.write_text("before\n")

    say(LogFile(path))

    assert path.read_text() == "before\n[stamp] told\n"


def test_what_a_log_file_does_not_take_goes_to_standard_error(tmp_path, capfd):
    say(LogFile(tmp_path / "missing" / "ldirectord.log"))

    assert capfd.readouterr().err == "told\n"


def test_a_fifo_that_nobody_reads_keeps_nobody_waiting(tmp_path, capfd):
    os.mkfifo(tmp_path / "fifo")

    say(LogFile(tmp_path / "fifo"))

    assert capfd.readouterr().err == "told\n"


def test_a_full_disk_keeps_nobody_from_working(capfd):
    say(LogFile(Path("/dev/full")))

    assert capfd.readouterr().err == "told\n"


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
        say(LogFile(Path("/dev/full")))
    finally:
        sys.stderr = proper

    assert capfd.readouterr().err == ""


def test_a_stream_is_written_to_at_once(capfd):
    say(Stream(sys.stdout))

    assert capfd.readouterr().out == "[stamp] told\n"


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
    sink = open_sink(Syslog("local3", tmp_path / "log"), lambda: NOON)
    for told in ("one", "two"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
            daemon.bind(str(tmp_path / "log"))
            daemon.settimeout(5)
            sink(entry(told))
            assert daemon.recv(4096).decode().endswith(f": {told}")
        (tmp_path / "log").unlink()


def test_syslog_that_reads_nothing_keeps_nobody_waiting(syslog, tmp_path, capfd):
    sink = open_sink(Syslog("local3", tmp_path / "log"), lambda: NOON)

    while "told" not in capfd.readouterr().err:  # each line fills the queue, until one is refused
        sink(entry("told"))
