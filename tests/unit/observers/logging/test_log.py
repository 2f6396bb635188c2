"""Events and words in, lines out."""

import asyncio
import io
import json
import os
import re
import socket
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ldirectord_py.model import events as ev
from ldirectord_py.model.checks.outcome import Reason, down, fault
from ldirectord_py.model.events import MailDone
from ldirectord_py.observers.events.log_line import Level
from ldirectord_py.observers.logging import rationing
from ldirectord_py.observers.logging.destinations import LogFile, Stream, Syslog
from ldirectord_py.observers.logging.entry import LogFormat
from ldirectord_py.observers.logging.log import open_log
from tests.unit.observers import happenings as the

MOMENT = time.mktime((2026, 11, 2, 13, 6, 49, 0, 0, -1))


class Log:
    """A log and what it has said so far."""

    def __init__(self, **options) -> None:
        self._stream = io.StringIO()
        self.observer = open_log(Stream(self._stream), clock=lambda: MOMENT, **options)

    def said(self, *events) -> list[str]:
        for event in events:
            self.observer(event)
        return [line.partition("] ")[2] for line in self._stream.getvalue().splitlines()]

    def objects(self, *events) -> list[dict]:
        for event in events:
            self.observer(event)
        return [json.loads(line) for line in self._stream.getvalue().splitlines()]


def test_a_line_in_a_file_looks_as_the_originals_do(tmp_path):
    log = open_log(LogFile(tmp_path / "log"), name="ldirectord.cf", clock=lambda: MOMENT)

    log(the.written(the.add(3)))

    assert (tmp_path / "log").read_text() == (
        f"[Mon Nov  2 13:06:49 2026|ldirectord.cf|{os.getpid()}] "
        "Added real server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 3)\n"
    )


def test_a_line_on_standard_output_has_the_time(capfd):
    open_log(Stream(sys.stdout), clock=lambda: MOMENT)(ev.Stopping("TERM"))

    assert capfd.readouterr().out == ("[Mon Nov  2 13:06:49 2026] Linux Director Daemon terminated on signal: TERM\n")


def test_a_line_on_standard_error_is_bare(capfd):
    open_log(Stream(sys.stderr), clock=lambda: MOMENT)(ev.Stopping("TERM"))

    assert capfd.readouterr().err == "Linux Director Daemon terminated on signal: TERM\n"


def test_an_unwritable_file_falls_back_to_standard_error(tmp_path, capfd):
    open_log(LogFile(tmp_path / "none" / "log"))(ev.Stopping("TERM"))

    assert capfd.readouterr().err == "Linux Director Daemon terminated on signal: TERM\n"


def test_a_json_line_has_time_level_name_message_and_fields():
    log = Log(format=LogFormat.JSON)

    (line,) = log.objects(the.WENT_DOWN)

    stamp = line.pop("timestamp")
    assert re.fullmatch(r"2026-11-0[123]T\d\d:\d\d:49\.000Z", stamp)
    assert line == {
        "level": "warning",
        "event": "real_down",
        "message": "Real server 10.0.0.5:80 (tcp:10.0.0.1:80) is down (2 of 2): GET http://10.0.0.5:80/:"
        " the body does not match 'ok'",
        "virtual": "tcp:10.0.0.1:80",
        "real": "10.0.0.5:80",
        "before": "up",
        "after": "down",
        "reason": "mismatch",
        "code": "REGEX",
        "detail": "the body does not match 'ok'",
        "failures": 2,
        "failurecount": 2,
        "asked": "GET http://10.0.0.5:80/",
    }


@pytest.mark.parametrize(
    ("event", "level"),
    [
        (the.written(the.add(3)), "info"),
        (the.WENT_DOWN, "warning"),
        (ev.FallbackChanged(the.WEB, active=True, fallback=the.OTHER.real), "warning"),
        (the.DRIFT, "warning"),
        (ev.ServingChanged(the.WEB, serving=False, fallback=False), "error"),
        (the.REFUSED, "error"),
        (ev.ReloadRefused("/etc/l.cf", ()), "error"),
        (ev.TableLost("gone"), "error"),
    ],
)
def test_levels_say_how_much_a_line_matters_in_each_format_and_to_syslog(event, level, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as daemon:
        daemon.bind(str(tmp_path / "log"))
        open_log(Syslog("local3", tmp_path / "log"))(event)
        datagram = daemon.recv(4096).decode()

    (text,) = Log().said(event)
    mark = {"info": "", "warning": "WARNING: ", "error": "ERROR: "}[level]
    assert Log(format=LogFormat.JSON).objects(event)[0]["level"] == level
    assert datagram.startswith(f"<{19 * 8 + {'info': 6, 'warning': 4, 'error': 3}[level]}>")
    assert text.startswith(mark)
    assert datagram.endswith(f": {text}")


def test_nothing_stands_before_the_words_of_the_original():
    failed = MailDone("Deleted real server: x", ("a@b",), "mx", "550 no")
    refused = ev.ReloadRefused("/etc/l.cf", (the.ERROR, the.WARNING))

    assert Log().said(failed) == ["failed to send SMTP email message to a@b: 550 no: Deleted real server: x"]
    assert Log().said(refused)[:2] == [
        f"Error [{os.getpid()}] reading file /etc/l.cf at line 6: Unknown command bogus line",
        f"Warning [{os.getpid()}] reading file /etc/l.cf at line 2: maintenance directory does not exist",
    ]


def test_checks_are_told_only_while_debugging():
    assert Log().said(the.CHECKED) == []
    assert Log(debug=True).said(the.CHECKED) == [
        "Checked real server 10.0.0.5:80 (tcp:10.0.0.1:80) (GET http://10.0.0.5:80/) in 12.0 ms: up: 200"
    ]


FAULT_TEXT = (
    "ERROR: Real server 10.0.0.5:80 (tcp:10.0.0.1:80) could not be checked, through a fault of ours; "
    "it stays as it is: GET http://10.0.0.5:80/: no file descriptor is free"
)


def test_a_fault_is_told_once_until_it_changes():
    other = ev.CheckDone((the.REAL,), fault("no route"), 0, 0)

    said = Log().said(the.FAULT, the.FAULT, other, other, the.FAULT)

    assert [text.rpartition(": ")[2] for text in said] == [
        "no file descriptor is free",
        "no route",
        "no file descriptor is free",
    ]
    assert said[0] == FAULT_TEXT


def test_the_end_of_a_fault_is_told_and_the_next_is_told_again():
    failed = ev.CheckDone((the.REAL,), down(Reason.REFUSED, "refused"), 0, 0)

    assert Log().said(the.FAULT, failed, failed, the.FAULT) == [
        FAULT_TEXT,
        "Real server 10.0.0.5:80 (tcp:10.0.0.1:80) can be checked again",
        FAULT_TEXT,
    ]


def test_a_fault_of_a_shared_check_is_told_for_each_server():
    log = Log(format=LogFormat.JSON)

    told = log.objects(ev.CheckDone((the.REAL, the.OTHER), fault("no route"), 0, 0))

    assert [(line["level"], line["event"], line["real"]) for line in told] == [
        ("error", "check_faulted", "10.0.0.5:80"),
        ("error", "check_faulted", "10.0.0.6:80"),
    ]


def test_a_fault_that_outlasts_a_reload_is_told_again():
    said = Log().said(the.FAULT, ev.Reloaded("/etc/l.cf", ()), the.FAULT)

    assert said == [FAULT_TEXT, "Configuration file '/etc/l.cf' is in force", FAULT_TEXT]


def test_the_command_can_say_what_it_likes():
    log = Log(format=LogFormat.JSON)

    log.observer.say("Exiting with exit_status 2: config_error", Level.ERROR, event="exited", status=2)

    (line,) = log.objects()
    del line["timestamp"]
    assert line == {
        "level": "error",
        "event": "exited",
        "message": "Exiting with exit_status 2: config_error",
        "status": 2,
    }


async def test_the_end_waits_for_what_was_logged(tmp_path):
    path = tmp_path / "log"
    log = open_log(LogFile(path), format=LogFormat.JSON)

    log(the.WENT_DOWN)
    log.say("Reloading")
    assert not path.exists()
    log(ev.Stopping("TERM"))

    told = [json.loads(line)["event"] for line in path.read_text().splitlines()]
    assert told == ["real_down", "said", "stopped"]


async def test_a_log_that_moves_leaves_nothing_behind(tmp_path):
    log = open_log(LogFile(tmp_path / "one"))

    log(the.WENT_DOWN)
    log.move(LogFile(tmp_path / "two"))
    log(the.CAME_UP)
    log.flush()

    assert "is down" in (tmp_path / "one").read_text()
    assert "is up" in (tmp_path / "two").read_text()


def flapping(times: int):
    for _ in range(times):
        yield from (the.WENT_DOWN, the.written(the.change(0)), the.CAME_UP, the.written(the.change(3)))


LAST = "Restored real server: 10.0.0.5:80 (10.0.0.1:80) (Weight set to 3)"


async def test_a_server_that_flaps_does_not_flood_the_log_and_its_last_state_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(rationing, "QUIET", 0.01)
    log = open_log(LogFile(tmp_path / "log"), clock=lambda: MOMENT)

    def told() -> list[str]:
        log.flush()
        return [line.partition("] ")[2] for line in (tmp_path / "log").read_text().splitlines()]

    for event in flapping(100):
        log(event)
    while len(told()) == rationing.BURST:
        await asyncio.sleep(0)
    log.close()
    whose = "real server 10.0.0.5:80 (tcp:10.0.0.1:80)"
    assert told()[rationing.BURST :] == [
        f"WARNING: 477 more changes of {whose} in the last 0 s were left out; now follows the last of each kind",
        "Resetting soft failure count: 10.0.0.5:80 (tcp:10.0.0.1:80)",
        "Real server 10.0.0.5:80 (tcp:10.0.0.1:80) is up",
        LAST,
    ]


async def test_the_end_tells_what_was_left_out(tmp_path):
    log = open_log(LogFile(tmp_path / "log"), clock=lambda: MOMENT)

    for event in (*flapping(100), ev.Stopping("TERM")):
        log(event)
    log.close()

    told = (tmp_path / "log").read_text().splitlines()
    assert len(told) == rationing.BURST + 5
    assert told[-2].endswith(LAST)
    assert told[-1].endswith("terminated on signal: TERM")


def test_while_debugging_nothing_is_left_out():
    assert len(Log(debug=True).said(*flapping(100))) == 500


def test_the_commands_words_keep_their_trailing_blank():
    log = Log()

    log.observer.say("Invoking ldirectord invoked as: ldirectord start ")

    assert log.said() == ["Invoking ldirectord invoked as: ldirectord start "]


@settings(deadline=None)  # each line is a thread's
@given(st.text())
def test_whatever_a_server_answers_stays_on_one_line(detail):
    event = ev.HealthChanged(the.REAL, the.UP, the.health(the.DOWN.state, detail=f"got {detail}"))

    log = Log()
    log.observer(event)
    structured = Log(format=LogFormat.JSON)

    assert log._stream.getvalue().count("\n") == 1
    assert structured.objects(event)[0]["event"] == "real_down"


def test_bytes_that_are_no_text_are_written_out(tmp_path):
    log = open_log(LogFile(tmp_path / "log"), name="caf\udce9.cf", clock=lambda: MOMENT)

    log.say("caf\udce9\nFAKE \x1b[1m")

    line = (tmp_path / "log").read_bytes()
    assert line.endswith(rb"] caf\xe9\nFAKE \x1b[1m" + b"\n")
    assert rb"|caf\xe9.cf|" in line
