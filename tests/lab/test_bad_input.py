"""Starts that come to nothing: one message that says where, the original's exit status, and an untouched table."""

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.lab.support.director import ORIGINAL, OURS, Director, Program
from tests.lab.support.namespaces import Net
from tests.lab.support.waiting import wait_until

GOOD = """\
checkinterval=1
virtual=10.9.0.100:80
	real=10.9.0.11:80 gate 5
	service=http
	request="alive.html"
	receive="I'm alive!"
	scheduler=rr
"""
RUBBISH = random.Random(7).randbytes(4096)
WITHOUT_RIGHTS = Program(
    "ours without CAP_NET_ADMIN",
    ("setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin", *OURS.words),
    OURS.environment,
)


@pytest.fixture
def director(net: Net, tmp_path: Path) -> Director:
    """Return a director whose table holds a service of its configuration, as an earlier run may have left it."""
    host = net.host("director", 1)
    host.run("ipvsadm -A -t 10.9.0.100:80 -s wlc")
    host.run("ipvsadm -a -t 10.9.0.100:80 -r 10.9.0.12:80 -g -w 3")
    return Director(host, OURS, tmp_path)


def daemons(director: Director) -> list[str]:
    """Return the command lines of the daemons that run with the director's file."""
    lines = [path.read_bytes().replace(b"\0", b" ").decode() for path in Path("/proc").glob("[0-9]*/cmdline")]
    return [line for line in lines if f"{director.file} start" in line]


@contextmanager
def nothing_comes_of_it(director: Director) -> Iterator[None]:
    before = director.table().raw
    yield
    assert director.table().raw == before
    assert director.pid is None
    assert not daemons(director)


def changed(old: str, new: str) -> bytes:
    """Return the good configuration with one thing changed."""
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new).encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        pytest.param(RUBBISH, ":1: this is no text file: it holds a NUL byte", id="rubbish"),
        pytest.param(
            changed("scheduler=rr", "autoreload=yes"),
            ':7: unknown directive "autoreload": it is a global directive; put it outside of the virtuals,'
            " in the first column",
            id="a directive in the wrong section",
        ),
        pytest.param(
            changed("gate 5", "gate -5"), ':3: real 10.9.0.11:80: weight must be 0 or more, got "-5"', id="a bad weight"
        ),
        pytest.param(
            changed("10.9.0.11", "nobody.invalid"),
            ':3: real: no name server has said within 10 s which IPv4 address "nobody.invalid" has: look at'
            " /etc/resolv.conf, try again, or write the address",
            id="a name that nobody can be asked for",
        ),
    ],
)
def test_a_file_that_the_original_refuses_is_refused_with_its_line(
    director: Director, content: bytes, message: str
) -> None:
    director.file.write_bytes(content)
    with nothing_comes_of_it(director):
        assert director.act("start", status=2) == f"{director.file}{message}\n"
        director.program = ORIGINAL
        director.act("start", status=2)


def test_a_pattern_that_does_not_compile_is_refused_where_the_original_would_die_of_it_later(
    director: Director,
) -> None:
    director.file.write_bytes(changed("I'm alive!", "I'm (alive!"))
    with nothing_comes_of_it(director):
        printed = director.act("start", status=2)
    sentence = "receive: 'I'm (alive!' is no regular expression: missing closing parenthesis at byte 11"
    assert printed == f"{director.file}:6: {sentence}\n"


@pytest.mark.parametrize("directory", [False, True], ids=["no file", "a directory"])
def test_what_is_no_file_is_not_found(director: Director, directory: bool) -> None:
    if directory:
        director.file.mkdir()
    with nothing_comes_of_it(director):
        (line,) = director.act("start", status=1).splitlines()
        director.program = ORIGINAL
        director.act("start", status=1)
    assert line.startswith(f"Config file {director.file} not found: ")
    assert line.endswith(f"{director.file} is a directory, expected a file") == directory


def test_without_the_right_to_touch_the_table_a_start_says_which_right_it_needs(director: Director) -> None:
    director.program = WITHOUT_RIGHTS
    director.write(GOOD)
    with nothing_comes_of_it(director):
        (line,) = director.act("start", status=1).splitlines()
    assert line.startswith(
        "The kernel does not let this process at the IPVS table: run it as root or give it the capability CAP_NET_ADMIN"
    )


def test_two_starts_at_once_and_a_third_one_leave_one_running(director: Director) -> None:
    director.write(GOOD)
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(director.act, ["start", "start"])) == ["", ""]
    wait_until(lambda: len(daemons(director)) == 1, telling=lambda: daemons(director))
    pid = director.pid
    director.act("start")
    assert director.running
    assert director.pid == pid
    wait_until(lambda: len(daemons(director)) == 1, telling=lambda: daemons(director))
    director.stop()
