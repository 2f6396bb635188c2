"""Where lines go, and what becomes of them where they cannot."""

import io
import os
import socket
import sys
import time
from pathlib import Path

import pytest

from ldirectord_py.observers.sinks import LogFile, Stream, Syslog, open_sink

NOON = 1_700_000_000.0


def say(destination, line="[stamp] told", bare="told"):
    open_sink(destination, lambda: NOON)(line, bare)


def test_a_log_file_is_opened_for_each_line_so_that_rotating_it_needs_no_signal(tmp_path):
    path = tmp_path / "ldirectord.log"
    sink = open_sink(LogFile(path), lambda: NOON)

    sink("one", "one")
    path.rename(tmp_path / "ldirectord.log.1")
    sink("two", "two")

    assert (tmp_path / "ldirectord.log.1").read_text() == "one\n"
    assert path.read_text() == "two\n"


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
    ("facility", "priority"),
    [("local3", 19 * 8 + 6), ("LOCAL3", 19 * 8 + 6), ("auth", 4 * 8 + 6), ("nosuchfacility", 3 * 8 + 6)],
)
def test_syslog_gets_facility_time_name_and_process(syslog, tmp_path, facility, priority):
    say(Syslog(facility, tmp_path / "log"), line="told", bare="told")

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
            sink(told, told)
            assert daemon.recv(4096).decode().endswith(f": {told}")
        (tmp_path / "log").unlink()


def test_syslog_that_reads_nothing_keeps_nobody_waiting(syslog, tmp_path, capfd):
    sink = open_sink(Syslog("local3", tmp_path / "log"), lambda: NOON)

    while "told" not in capfd.readouterr().err:  # each line fills the queue, until one is refused
        sink("told", "told")
