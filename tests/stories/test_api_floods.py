"""Clients that ask too much, too slowly or not at all: checks go on, and what is asked properly is answered."""

import json
import socket
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ldirectord_py.cli.daemon.control_client import ask, connect, control_path
from ldirectord_py.cli.instances import pid_paths
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port
from tests.stories.daemon import Daemon, daemon_in

STREAM = b"GET /v1/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n"
PAGE = STREAM.replace(b"/v1/events", b"/page/events")
ALL = b"GET /v1/virtuals HTTP/1.1\r\nHost: localhost\r\n\r\n"
HALF = b'POST /v1/commands HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\n\r\n{"comm'


class Served:
    """A daemon whose API is on its socket and on a port."""

    def __init__(self, daemon: Daemon, port: int) -> None:
        self.daemon = daemon
        self.port = port
        self.path = control_path(pid_paths(daemon.home, daemon.name)[0])

    def local(self) -> socket.socket:
        channel = socket.socket(socket.AF_UNIX)
        connect(channel, self.path)
        return channel

    def remote(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port))

    def sees_a_death(self) -> None:
        """Have a server die, and wait for its weight of 0."""
        self.daemon.sites["two"].sick()
        self.daemon.until(lambda: self.daemon.weights() == {"one": 3, "two": 0, "three": 1})

    def answers(self) -> bool:
        status = ask(self.path, "/v1/status", seconds=PATIENCE)
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/-/healthy", timeout=PATIENCE) as answer:
            return status is not None and answer.status == 200


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    port = free_port()
    with daemon_in(tmp_path) as daemon:
        daemon.write(extra=f"statuslisten={port}\n")
        daemon.start()
        daemon.until(lambda: daemon.weights() == {"one": 3, "two": 2, "three": 1})
        yield Served(daemon, port)
        assert daemon.end() == 0
        assert not daemon.logged("callback_failed")


def idle(served: Served, stack: ExitStack) -> None:
    for _ in range(500):
        stack.enter_context(served.local()).setblocking(False)
        stack.enter_context(served.remote()).setblocking(False)


def slow(served: Served, stack: ExitStack) -> None:
    """Read a byte and no more, of streams and of long answers."""
    for said in (STREAM, PAGE, ALL) * 13:
        for channel in (served.local(), served.remote()):
            stack.enter_context(channel)
            channel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            channel.sendall(said)
            channel.settimeout(PATIENCE)
            channel.recv(1)


def killed(served: Served, _stack: ExitStack) -> None:
    """Leave in the middle of a request, and of an answer."""
    for said in (HALF, ALL, STREAM, PAGE) * 45:
        for channel in (served.local(), served.remote()):
            with channel:
                channel.sendall(said)


def flood(served: Served, _stack: ExitStack) -> None:
    """Ask, and ask again, without waiting for what is answered."""
    for _ in range(150):
        for channel in (served.local(), served.remote()):
            with channel:
                channel.sendall(ALL)
                channel.shutdown(socket.SHUT_WR)


@pytest.mark.parametrize("clients", [idle, slow, killed, flood], ids=lambda each: each.__name__)
def test_clients_delay_no_check_and_keep_nobody_from_an_answer(
    served: Served, clients: Callable[[Served, ExitStack], None]
) -> None:
    with ExitStack() as stack:
        clients(served, stack)
        served.sees_a_death()
        assert served.answers()
    down = served.daemon.logged("real_down", 1)
    assert [line["real"] for line in down] == [served.daemon.addresses["two"]]


def test_a_command_whose_client_is_killed_is_carried_out_and_kept(served: Served) -> None:
    name = f"{served.daemon.addresses['two']}@tcp:192.0.2.1:80"
    body = json.dumps({"command": "drain", "target": name, "reason": "disk"}).encode()
    head = f"POST /v1/commands HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    with served.local() as channel:
        channel.sendall(head.encode() + b"\r\n" + body)
    served.daemon.until(lambda: served.daemon.weights() == {"one": 3, "two": 0, "three": 1})
    status = ask(served.path, f"/v1/reals?target={name}")
    assert status is not None
    (real,) = status["reals"]
    assert (real["status"], real["admin"]["reason"], real["state"]) == ("draining", "disk", "up")
    assert real["check"]["next"] is not None
    assert [cause["who"] for cause in real["why"]] == ["config", "operator"]
