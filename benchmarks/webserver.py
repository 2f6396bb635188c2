"""Thousands of web servers in one process: whatever address of 127/8 is asked, it answers.

    python benchmarks/webserver.py [--tls] [CORE]

With --tls it speaks TLS 1.3, under a certificate of its own (ECDSA, P-256), and hands out session tickets.

Prints its port, and then a line of JSON for each line that it reads:

    count              how many connections it has accepted, and how many of them resumed a session
    fail ADDRESS ...   the next answer of each ADDRESS is to be a failing one
    failed             when it sent those, by address: seconds on the monotonic clock, which all processes share
"""

import json
import os
import resource
import select
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import trustme

PAGE = (
    b"<html><head><title>A page</title></head><body>\n<p>" + b"All is well here. " * 10 + b"</p>\n%s\n</body></html>\n"
)
ALIVE, FAILING = PAGE % b"I'm alive!", PAGE % b"I'm ill."
HEAD = b"HTTP/1.1 %s\r\nServer: bench\r\nContent-Type: text/html\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
GOOD = HEAD % (b"200 OK", len(ALIVE)) + ALIVE
BAD = HEAD % (b"503 Service Unavailable", len(FAILING)) + FAILING


class Web:
    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.tls = tls
        self.accepted = self.resumed = 0
        self.failing: set[str] = set()
        self.failed: dict[str, float] = {}
        self.listener = socket.create_server(("0.0.0.0", 0), backlog=4096)
        self.listener.settimeout(0)
        self.epoll = select.epoll()
        self.epoll.register(self.listener, select.EPOLLIN)
        self.epoll.register(sys.stdin, select.EPOLLIN)
        self.open: dict[int, socket.socket] = {}

    def serve(self) -> None:
        mine, commands = self.listener.fileno(), sys.stdin.fileno()
        while True:
            for descriptor, _ in self.epoll.poll():
                if descriptor == mine:
                    self.accept()
                elif descriptor != commands:
                    self.answer(descriptor)
                elif not self.obey():
                    return

    def accept(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except BlockingIOError:
                return
            connection.settimeout(0)
            self.accepted += 1
            if self.tls is not None:
                connection = self.tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            self.open[connection.fileno()] = connection
            self.epoll.register(connection, select.EPOLLIN)

    def answer(self, descriptor: int) -> None:
        connection = self.open[descriptor]
        try:
            if isinstance(connection, ssl.SSLSocket):
                connection.do_handshake()
            if connection.recv(4096):
                connection.send(BAD if self.failing and self.fails(connection) else GOOD)
            if isinstance(connection, ssl.SSLSocket):
                self.resumed += bool(connection.session_reused)
        except ssl.SSLWantReadError:
            return
        except (ConnectionError, ssl.SSLError):
            pass  # a check that only connects ends like this
        del self.open[descriptor]
        connection.close()

    def fails(self, connection: socket.socket) -> bool:
        address = connection.getsockname()[0]
        if address not in self.failing:
            return False
        self.failing.discard(address)
        self.failed[address] = time.monotonic()
        return True

    def obey(self) -> bool:
        """Carry out one command; return False at the end of them all."""
        match sys.stdin.readline().split():
            case []:
                return False
            case ["fail", *addresses]:
                self.failing.update(addresses)
                print("{}", flush=True)
            case ["failed"]:
                print(json.dumps(self.failed), flush=True)
            case _:
                print(json.dumps({"accepted": self.accepted, "resumed": self.resumed}), flush=True)
        return True


class WebServer:
    """The web server from the point of view of who measures: a process to be started and asked."""

    def __init__(self, core: int | None = None, *, tls: bool = False) -> None:
        command = [sys.executable, str(Path(__file__)), *(["--tls"] if tls else [])]
        command += [] if core is None else [str(core)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.port = int(self._answer())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    @property
    def accepted(self) -> int:
        return int(self.ask("count")["accepted"])

    @property
    def resumed(self) -> int:
        return int(self.ask("count")["resumed"])

    def ask(self, command: str) -> dict[str, Any]:
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._answer())
        return answer

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()


def certified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    trustme.CA().issue_cert("bench.example").configure_cert(context)
    return context


def main() -> None:
    words = sys.argv[1:]
    tls = certified() if "--tls" in words else None
    if cores := [word for word in words if word != "--tls"]:
        os.sched_setaffinity(0, {int(cores[0])})
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    web = Web(tls)
    print(web.listener.getsockname()[1], flush=True)
    web.serve()


if __name__ == "__main__":
    main()
