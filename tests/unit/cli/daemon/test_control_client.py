"""Who asks a daemon: over real sockets, of daemons of today and of former versions, and of strangers."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ldirectord_py.cli.daemon.control_client import (
    ApiProblem,
    ConnectionEnded,
    FormerDaemon,
    NoReply,
    ask,
    control_path,
)
from ldirectord_py.model.errors import DirectorError
from tests.unit.api.asking import serving

FORMER = b'{"ok": false, "error": "expected a line {\\"command\\": NAME} of at most 4096 bytes; NAME: status"}\n'


@contextmanager
def answering(path: Path, answer: bytes | None) -> Iterator[None]:
    """Have whoever asks at *path* get *answer*, once; nothing: no answer; None: the end of the connection."""

    def serve() -> None:
        channel, _ = listener.accept()
        with channel:
            channel.recv(65536)
            if answer:
                channel.sendall(answer)
            elif answer is not None:
                over.wait()

    over = threading.Event()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()


async def test_what_the_daemon_answers_is_returned(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        status = await asyncio.to_thread(ask, path, "/v1/status")
        done = await asyncio.to_thread(ask, path, "/v1/commands", {"command": "reload"})
    assert status is not None
    assert done is not None
    assert (status["pid"], done["in_force"]) == (801, True)


async def test_a_refusal_is_raised_in_the_words_of_the_daemon(tmp_path: Path) -> None:
    async with serving(tmp_path) as path:
        with pytest.raises(ApiProblem, match='"command": expected one of') as caught:
            await asyncio.to_thread(ask, path, "/v1/commands", {"command": "dance"})
    assert caught.value.status == 422


def test_a_daemon_that_does_not_answer_in_time_is_not_taken_for_none(tmp_path: Path) -> None:
    with answering(tmp_path / "sock", b""), pytest.raises(NoReply, match=r"not answered within 0\.05 seconds"):
        ask(tmp_path / "sock", "/v1/status", seconds=0.05)


def test_a_daemon_that_ends_before_it_has_answered_is_not_taken_for_none(tmp_path: Path) -> None:
    with answering(tmp_path / "sock", None), pytest.raises(ConnectionEnded, match="ended before it had answered"):
        ask(tmp_path / "sock", "/v1/status")


@pytest.mark.parametrize("left", ["nothing", "a socket", "a file"])
def test_nobody_behind_the_socket_is_no_answer(tmp_path: Path, left: str) -> None:
    if left == "a socket":
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(tmp_path / "sock"))
    elif left == "a file":
        (tmp_path / "sock").write_text("")
    assert ask(tmp_path / "sock", "/v1/status") is None
    assert ask(tmp_path / "no" / "folder", "/v1/status") is None


def test_a_daemon_of_a_former_version_is_known_by_its_protocol(tmp_path: Path) -> None:
    with answering(tmp_path / "sock", FORMER), pytest.raises(FormerDaemon, match="of a former version: restart it"):
        ask(tmp_path / "sock", "/v1/status")


@pytest.mark.parametrize(
    "answer",
    [
        b"220 mail.example.com ESMTP\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\n\r\n[]",
    ],
    ids=["another protocol", "no JSON", "no object"],
)
def test_a_stranger_is_told_from_a_daemon(tmp_path: Path, answer: bytes) -> None:
    with answering(tmp_path / "sock", answer), pytest.raises(DirectorError, match="is no ldirectord"):
        ask(tmp_path / "sock", "/v1/status")


def test_the_socket_is_where_the_pid_file_really_is(tmp_path: Path) -> None:
    (tmp_path / "unit").mkdir()
    link = tmp_path / "ldirectord.web.cf.pid"
    link.symlink_to(tmp_path / "unit" / link.name)
    assert control_path(link) == tmp_path / "unit" / "ldirectord.web.cf.sock"
