"""Who may do what: users and groups over the unix socket, tokens over TCP."""

import asyncio
import json
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ldirectord_py.api.access import Access
from tests.unit.api.asking import COMMAND, ask_over_tcp, request, serving, serving_tcp, the_token

WRITERS, READERS, OTHERS = 60001, 60002, 60003
ACCESS = Access(writers=WRITERS, readers=READERS, tokens=(the_token("ops", "secret"), the_token("eye", "look")))


@contextmanager
def user(uid: int, gid: int, groups: Sequence[int]) -> Iterator[None]:
    """Be somebody else, as far as who connects is concerned."""
    own = os.getgroups()
    os.setgroups(list(groups))
    os.setegid(gid)
    os.seteuid(uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)
        os.setgroups(own)


async def told(channel: socket.socket, said: bytes) -> tuple[int, str]:
    """Return the status and the detail of the answer to *said*."""
    loop = asyncio.get_running_loop()
    channel.setblocking(False)
    await loop.sock_sendall(channel, said)
    answer = b""
    while piece := await loop.sock_recv(channel, 65536):
        answer += piece
    return int(answer.split()[1]), json.loads(answer.partition(b"\r\n\r\n")[2]).get("detail", "")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
@pytest.mark.parametrize(
    ("gid", "groups", "reads", "writes"),
    [
        (OTHERS, (OTHERS,), 403, 403),
        (READERS, (), 200, 403),
        (OTHERS, (1, READERS), 200, 403),
        (WRITERS, (), 200, 200),
        (OTHERS, (READERS, WRITERS), 200, 200),
        (OTHERS, (*range(70000, 70255), WRITERS), 200, 200),
        (OTHERS, (*range(70000, 70400), WRITERS), 403, 403),
    ],
    ids=[
        "stranger",
        "reader",
        "reader by another group",
        "writer",
        "writer by another group",
        "many groups",
        "too many",
    ],
)
async def test_groups_say_what_users_may_do(gid: int, groups: Sequence[int], reads: int, writes: int) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        async with serving(folder, access=lambda: ACCESS) as path:
            path.chmod(0o666)
            for said, status in ((request("/v1/status"), reads), (COMMAND, writes)):
                with socket.socket(socket.AF_UNIX) as channel:
                    with user(65534, gid, groups):
                        channel.connect(str(path))
                    found, detail = await told(channel, said)
                    assert found == status, detail
                    assert not detail or detail.startswith("nobody may")


async def test_anyone_over_tcp_may_read_and_nobody_write() -> None:
    async with serving_tcp() as where:
        assert (await ask_over_tcp(where, "/v1/status")).json["you"] == {"name": "anyone", "may_write": False}
        refused = await ask_over_tcp(where, COMMAND)
    assert refused.status == 403
    assert refused.detail == ("anyone may only read here: a command needs a token with the right to write (apitokens)")


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("Bearer secret", 200),
        ("bearer secret", 200),
        ("Bearer look", 403),
        ("Bearer wrong", 401),
        ("Bearer ", 401),
        ("Basic secret", 401),
        ("Bearer \udcff", 401),
    ],
)
async def test_a_token_says_what_its_holder_may_do(authorization: str, status: int) -> None:
    async with serving_tcp(access=lambda: ACCESS) as where:
        said = COMMAND.replace(
            b"\r\n\r\n", b"\r\nAuthorization: " + authorization.encode(errors="surrogateescape") + b"\r\n\r\n", 1
        )
        answer = await ask_over_tcp(where, said)
    assert answer.status == status
    if status == 200:
        assert answer.json["notes"] == ["force False by ops"]
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
        expected = "this token is not known here" if "earer" in authorization else "expected the header Authorization"
        assert answer.detail.startswith(expected)
    if status == 403:
        assert answer.detail == ("eye may only read here: a command needs a token with the right to write (apitokens)")
