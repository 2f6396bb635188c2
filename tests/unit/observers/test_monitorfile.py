"""The monitorfile: the original's lines, byte by byte, and a director that no file holds up."""

import asyncio
import os
import re
import shutil
import subprocess
import time
from dataclasses import replace
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.config.load import parse
from ldirectord_py.engine.maintained import IN_MAINTENANCE
from ldirectord_py.model.checks.check_options import CheckOptions, CheckType
from ldirectord_py.model.checks.check_plan import Always
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, fault, up
from ldirectord_py.model.config import Config, Real, Virtual
from ldirectord_py.model.events import CheckDone, Event, MonitorFileBack, MonitorFileFailed
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol
from ldirectord_py.model.table import Destination, Settings
from ldirectord_py.observers.monitorfile import MonitorFiles, identity, line
from tests.peers.patience import PATIENCE
from tests.unit.observers.happenings import endpoint

LINE = re.compile(
    rb"\[([A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\] \[(\d+)\] (.*) \[(up|down)\] (.+)\n"
)


def virtual(path: str | None, *reals: str, **options) -> Virtual:
    return Virtual(
        key=AddressKey(Protocol.TCP, endpoint("10.0.0.1:80")),
        settings=Settings(netmask=IPv4Address("255.255.255.255")),
        reals=tuple(
            Real(
                endpoint=endpoint(text),
                destination=Destination(forwarding=Forwarding.MASQ, weight=number),
                plan=Always(),
            )
            for number, text in enumerate(reals or ("10.0.0.5:80",), start=1)
        ),
        check_options=CheckOptions(**options),
        monitorfile=path,
    )


# What the original wrote, seen with Debian's ldirectord 4.12.0.
SEEN = [
    (
        {
            "service": "http",
            "virtualhost": "www.example.com",
            "checkport": 8080,
            "request": "/a/b c?x=1:2",
            "receive": r"Test\d+",
        },
        "10.0.0.5:80",
        b"negotiate http tcp 10.0.0.5 80 www.example.com 8080 1 masq /a/b c?x=1 2 Testd+",
    ),
    ({"service": "http"}, "10.0.0.5:81", b"negotiate http tcp 10.0.0.5 81 1 masq / "),
    ({"checktype": CheckType.ON}, "10.0.0.5:81", b"on tcp 10.0.0.5 81 1 masq / "),
    (
        {"checktype": CheckType.EXTERNAL, "checkcommand": "/bin/false"},
        "10.0.0.5:81",
        b"external /bin/false tcp 10.0.0.5 81 1 masq / ",
    ),
    ({"checktype": CheckType.CONNECT}, "[fd00:9::1]:84", b"connect tcp [fd00 9 1] 84 1 masq / "),
    ({"checktype": CheckType.COMBINED, "checkport": 84}, "10.0.0.6:84", b"combined none tcp 10.0.0.6 84 84 1 masq / "),
]


@pytest.mark.parametrize(("options", "real", "expected"), SEEN, ids=[str(seen) for _, _, seen in SEEN])
def test_a_check_is_named_as_the_original_names_it(options, real, expected):
    asked = virtual("x", real, **options)
    assert identity(asked, asked.reals[0]) == expected


def test_a_mark_and_a_request_of_the_servers_own():
    asked = virtual("x", "10.0.0.5:0", service="http")
    asked = replace(asked, key=MarkKey(7, 6))
    real = replace(asked.reals[0], request="/own", receive="a::b")
    assert identity(asked, real) == b"negotiate http fwm 10.0.0.5 0 1 masq /own a  b"


@pytest.mark.parametrize(
    ("outcome", "end"),
    [
        (up("200 OK"), b"[up] 200 OK\n"),
        (up(), b"[up] -\n"),
        (IN_MAINTENANCE, b"[down] Server in maintenance\n"),
        (down(Reason.REFUSED, "a|b 100%\r\n"), b"[down] a%7cb 100%25%0d%0a\n"),
    ],
)
def test_a_line_says_when_who_which_and_why(outcome, end):
    now = time.mktime((2026, 11, 3, 9, 5, 7, 0, 0, -1))
    assert line(now, b"74", b"ping tcp", outcome) == b"[Tue Nov  3 09:05:07 2026] [74] ping tcp " + end


text = st.text(st.characters(exclude_characters="\r\n\0", exclude_categories=["Cs"]), max_size=20)


all_options = st.builds(
    CheckOptions, checktype=st.sampled_from(sorted(CheckType)), request=text, receive=text, virtualhost=text
)


@given(
    st.integers(0, 2**33),
    all_options,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=60),
    st.integers(0, 2**128 - 1),
)
def test_whatever_is_asked_and_answered_a_line_is_one_line_of_the_shape(now, options, reason, address):
    asked = replace(virtual("x"), check_options=options)
    real = replace(asked.reals[0], endpoint=replace(asked.reals[0].endpoint, address=ip_address(address)))
    written = line(now, b"74", identity(asked, real), down(Reason.STATUS, reason))
    assert written.count(b"\n") == 1
    found = LINE.fullmatch(written)
    assert found is not None
    assert found[1].decode() == time.ctime(now)
    assert b"\\" not in re.sub(rb"\\x..|\\u....|\\U........|\\t", b"", found[3])
    assert b"|" not in found[5]
    assert b"::" not in found[3]


# What is written, and when.


class Stage:
    def __init__(self, *virtuals: Virtual) -> None:
        self.config = Config(path="x", virtuals=virtuals)
        self.events: list[Event] = []
        self.files = MonitorFiles(lambda: self.config, self.events.append)
        self.wanted = self.files.follow_config()

    def tell(self, outcome: Outcome, asked: Virtual | None = None) -> None:
        self.files(CheckDone((asked or self.config.virtuals[0]).keys, outcome, 0.01, 0.0))


def reasons(path: Path) -> list[str]:
    return [found[5].decode() for found in LINE.finditer(path.read_bytes())] if path.exists() else []


async def test_each_server_of_a_check_has_its_line_in_its_virtuals_file(tmp_path):
    path = tmp_path / "monitor"
    one = virtual(str(path), "10.0.0.5:80", "10.0.0.6:80")
    other = replace(virtual(None), key=MarkKey(7))
    stage = Stage(one, other)
    assert stage.wanted
    stage.tell(up("200 OK"))
    stage.tell(up("200 OK"), other)
    await stage.files.finish()
    written = path.read_bytes().splitlines()
    assert [b"10.0.0.5 80 1" in each for each in written] == [True, False]
    assert [b"10.0.0.6 80 2" in each for each in written] == [False, True]
    assert all(b"[%d]" % os.getpid() in each for each in written)


def test_nobody_is_subscribed_where_there_is_no_monitorfile():
    files = MonitorFiles(lambda: Config(path="x", virtuals=(virtual(None),)), lambda _event: None)
    assert not files.follow_config()


@pytest.mark.parametrize(
    ("checktype", "expected"),
    [
        (CheckType.CONNECT, ["fine", "no", "Server in maintenance"]),
        (CheckType.PING, ["fine", "Server in maintenance"]),
        (CheckType.EXTERNAL_PERL, ["Server in maintenance"]),
    ],
)
async def test_what_the_original_does_not_write_is_not_written(tmp_path, checktype, expected):
    path = tmp_path / "monitor"
    stage = Stage(virtual(str(path), checktype=checktype))
    for outcome in (up("fine"), down(Reason.TIMEOUT, "no"), fault("ours"), IN_MAINTENANCE):
        stage.tell(outcome)
    await stage.files.finish()
    assert reasons(path) == expected


async def test_a_rotated_file_is_begun_anew_without_a_signal(tmp_path):
    path = tmp_path / "monitor"
    stage = Stage(virtual(str(path)))
    stage.tell(up("1"))
    await stage.files.finish()
    path.rename(tmp_path / "monitor.1")
    stage.tell(up("2"))
    await stage.files.finish()
    assert (reasons(tmp_path / "monitor.1"), reasons(path)) == (["1"], ["2"])


async def test_lines_are_written_by_themselves_soon(tmp_path):
    path = tmp_path / "monitor"
    stage = Stage(virtual(str(path)))
    for number in range(3):
        stage.tell(up(str(number)))
    async with asyncio.timeout(PATIENCE):
        while len(reasons(path)) < 3:
            await asyncio.sleep(0.01)


async def test_a_file_that_cannot_be_written_is_told_once_and_its_lines_are_counted(tmp_path):
    path = tmp_path / "folder" / "monitor"
    stage = Stage(virtual(str(path)))
    for number in range(2):
        stage.tell(up(str(number)))
        await stage.files.finish()
    assert stage.events == [
        MonitorFileFailed(str(path), 1, "No such file or directory", first=True),
        MonitorFileFailed(str(path), 1, "No such file or directory", first=False),
    ]
    path.parent.mkdir()
    stage.tell(up("2"))
    await stage.files.finish()
    assert stage.events[2:] == [MonitorFileBack(str(path), 2)]
    assert reasons(path) == ["2"]


async def test_a_pipe_that_nobody_reads_and_a_full_disk_hold_nobody_up(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    stage = Stage(virtual(str(tmp_path / "pipe")), replace(virtual("/dev/full"), key=MarkKey(7)))
    for asked in stage.config.virtuals:
        stage.tell(up("1"), asked)
    await stage.files.finish()
    assert {event.sentence for event in stage.events} == {"No such device or address", "No space left on device"}


async def test_more_lines_than_can_wait_are_lost_and_counted(tmp_path):
    path = tmp_path / "monitor"
    stage = Stage(virtual(str(path)))
    for _ in range(20_005):
        stage.tell(up("1"))
    assert sum(event.lines for event in stage.events) == 5
    await stage.files.finish()
    assert len(reasons(path)) == 20_000
    assert stage.events[-1] == MonitorFileBack(str(path), 5)


# Beside the original.

ORIGINAL = shutil.which("ldirectord", path="/usr/sbin") or ""
CONFIG = """\
checkinterval=1
checktimeout=1
fallbackcommand={home}/told -g
virtual=127.0.0.1:1
	real=127.0.0.1:1 masq 2
	checktype=external
	checkcommand={home}/check
	request="a/b c?x=1:2"
	receive="T:e::s\\d+t"
	virtualhost="www.example.com"
	checkport=8080
	monitorfile={home}/up
virtual=127.0.0.1:2
	real=127.0.0.1:2 gate
	checktype=external
	checkcommand=/bin/false
	monitorfile={home}/down
"""


@pytest.mark.skipif(not ORIGINAL, reason="the original is not installed (Debian's package ldirectord)")
def test_beside_the_original(tmp_path):
    """Debugging, the original takes an `ipvsadm` of the current directory, and so touches no table."""
    for name, script in (
        ("ipvsadm", "exit 0"),
        ("check", "exit 0"),
        ("told", f'echo "$*" >> {tmp_path}/words'),
    ):
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    text = CONFIG.format(home=tmp_path)
    (tmp_path / "original.cf").write_text(text)
    with (tmp_path / "output").open("w") as output:
        process = subprocess.Popen(
            [ORIGINAL, "-d", str(tmp_path / "original.cf"), "start"],
            cwd=tmp_path,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not all((tmp_path / name).exists() and (tmp_path / name).stat().st_size for name in ("up", "down")):
            assert process.poll() is None, (tmp_path / "output").read_text()[-2000:]
            assert time.monotonic() < deadline, (tmp_path / "output").read_text()[-2000:]
            time.sleep(0.05)
    finally:
        process.terminate()
        process.wait(PATIENCE)
    ours = parse(text.encode(), "x.cf").virtuals
    for asked, name, outcome in zip(ours, ("up", "down"), (up(), down(Reason.EXIT, "")), strict=True):
        first = (tmp_path / name).read_bytes().splitlines(keepends=True)[0]
        found = LINE.fullmatch(first)
        assert found is not None, first
        then = time.mktime(time.strptime(found[1].decode(), "%a %b %d %H:%M:%S %Y"))
        assert line(then, found[2], identity(asked, asked.reals[0]), outcome) == first
    words = set((tmp_path / "words").read_text().splitlines())
    assert {"-g start 127.0.0.1:1 tcp", "-g stop 127.0.0.1:1 tcp", "-g start 127.0.0.1:2 tcp"} <= words
