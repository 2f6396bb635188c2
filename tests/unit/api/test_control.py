"""The control socket, over real sockets."""

import asyncio
import json
import os
import socket
import stat
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ldirectord_py.api.control import ControlLimits, serve_control
from ldirectord_py.cli.daemon.control_client import NoReply, ask, control_path
from ldirectord_py.model.errors import DirectorError


async def echo(request: Mapping[str, Any], client: str) -> Mapping[str, Any]:
    return {"said": request.get("word"), "client": client}


async def refuse(_request: Mapping[str, Any], _client: str) -> Mapping[str, Any]:
    raise DirectorError("not today")


async def hang(_request: Mapping[str, Any], _client: str) -> Mapping[str, Any]:
    await asyncio.Event().wait()
    return {}


async def lots(_request: Mapping[str, Any], _client: str) -> Mapping[str, Any]:
    return {"numbers": list(range(100_000))}


COMMANDS = {"echo": echo, "refuse": refuse, "hang": hang, "lots": lots}


async def lines(path: Path, *requests: bytes) -> list[dict[str, Any]]:
    """Return what is answered to *requests*, sent at once and followed by the end."""
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(b"".join(requests))
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return [json.loads(line) for line in answer.splitlines()]


@pytest.mark.parametrize("folders", [0, 3], ids=["a path that fits into an address", "a longer one"])
async def test_a_client_is_answered_by_the_command_that_it_names(tmp_path: Path, folders: int) -> None:
    home = tmp_path.joinpath(*["folder" * 10] * folders)
    home.mkdir(parents=True, exist_ok=True)
    async with serve_control(home / "sock", COMMANDS):
        reply = await asyncio.to_thread(ask, home / "sock", "echo", word="hello")
    assert reply == {"ok": True, "said": "hello", "client": f"pid {os.getpid()} of user {os.geteuid()}"}


async def test_each_line_is_a_request_and_gets_a_line(tmp_path: Path) -> None:
    async with serve_control(tmp_path / "sock", COMMANDS):
        found = await lines(tmp_path / "sock", b'{"command":"echo","word":1}\n{"command":"echo","word":2}\n')
    assert [reply["said"] for reply in found] == [1, 2]


@pytest.mark.parametrize(
    "request_line", [b"nonsense\n", b"[]\n", b"3\n", b'{"command":[]}\n', b'{"command":"x"}\n', b"x" * 5000 + b"\n"]
)
async def test_what_is_no_request_is_told_what_would_be(tmp_path: Path, request_line: bytes) -> None:
    async with serve_control(tmp_path / "sock", COMMANDS):
        first, *_ = await lines(tmp_path / "sock", request_line)
    assert first["ok"] is False
    assert "NAME: echo, refuse, hang, lots" in first["error"]


async def test_a_refusal_is_raised_where_it_was_asked(tmp_path: Path) -> None:
    async with serve_control(tmp_path / "sock", COMMANDS):
        with pytest.raises(DirectorError, match="not today"):
            await asyncio.to_thread(ask, tmp_path / "sock", "refuse")


async def test_a_daemon_that_does_not_answer_in_time_is_not_taken_for_none(tmp_path: Path) -> None:
    async with serve_control(tmp_path / "sock", COMMANDS):
        with pytest.raises(NoReply, match=r"not answered within 0\.05 seconds"):
            await asyncio.to_thread(ask, tmp_path / "sock", "hang", seconds=0.05)


@pytest.mark.parametrize("left", ["nothing", "a socket", "a file"])
def test_nobody_behind_the_socket_is_no_answer(tmp_path: Path, left: str) -> None:
    if left == "a socket":
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(tmp_path / "sock"))
    elif left == "a file":
        (tmp_path / "sock").write_text("")
    assert ask(tmp_path / "sock", "echo") is None
    assert ask(tmp_path / "no" / "folder", "echo") is None


async def test_a_socket_that_was_left_behind_is_replaced_and_ours_is_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with serve_control(path, COMMANDS):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert await lines(path, b'{"command":"echo"}\n')
    assert not path.exists()


@pytest.mark.parametrize("kind", ["file", "link"])
async def test_what_is_no_socket_is_left_alone(tmp_path: Path, kind: str) -> None:
    path, precious = tmp_path / "sock", tmp_path / "precious"
    precious.write_text("precious")
    path.symlink_to(precious) if kind == "link" else path.write_text("precious")
    with pytest.raises(DirectorError, match=r"cannot listen on the control socket .*: Address already in use"):
        async with serve_control(path, COMMANDS):
            pass
    assert path.read_text() == precious.read_text() == "precious"


async def test_more_clients_than_permitted_are_turned_away_and_the_idle_do_not_stay(tmp_path: Path) -> None:
    limits = ControlLimits(clients=2, request_seconds=0.2)
    async with serve_control(tmp_path / "sock", COMMANDS, limits):
        idle = [await asyncio.open_unix_connection(tmp_path / "sock") for _ in range(2)]
        assert (await lines(tmp_path / "sock", b""))[0]["error"] == "too many clients; try again"
        for reader, writer in idle:
            assert await reader.read() == b""
            writer.close()
        assert (await lines(tmp_path / "sock", b'{"command":"echo"}\n'))[0]["ok"] is True


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
async def test_another_user_is_refused_even_where_the_mode_lets_it_connect() -> None:
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as channel:
        path = Path(folder, "sock")
        path.parent.chmod(0o755)
        async with serve_control(path, COMMANDS):
            path.chmod(0o666)
            os.seteuid(65534)
            try:
                channel.connect(str(path))
            finally:
                os.seteuid(0)
            answer = await asyncio.to_thread(channel.recv, 4096)
    assert json.loads(answer)["error"] == "user 65534 may not control this daemon: become root"


async def test_a_long_reply_leaves_the_loop_to_others(tmp_path: Path) -> None:
    turns = 0

    def turn() -> None:
        nonlocal turns
        turns += 1
        loop.call_soon(turn)

    loop = asyncio.get_running_loop()
    async with serve_control(tmp_path / "sock", COMMANDS):
        loop.call_soon(turn)
        (reply,) = await lines(tmp_path / "sock", b'{"command":"lots"}\n')
    assert reply["numbers"] == list(range(100_000))
    assert turns > 30


async def test_what_is_under_way_is_broken_off_at_the_end(tmp_path: Path) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def work(_request: Mapping[str, Any], _client: str) -> Mapping[str, Any]:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        return {}

    async with serve_control(tmp_path / "sock", {"work": work}):
        _, writer = await asyncio.open_unix_connection(tmp_path / "sock")
        writer.write(b'{"command":"work"}\n')
        await begun.wait()
    assert ended.is_set()
    writer.close()


def test_the_socket_is_where_the_pid_file_really_is(tmp_path: Path) -> None:
    (tmp_path / "unit").mkdir()
    link = tmp_path / "ldirectord.web.cf.pid"
    link.symlink_to(tmp_path / "unit" / link.name)
    assert control_path(link) == tmp_path / "unit" / "ldirectord.web.cf.sock"
