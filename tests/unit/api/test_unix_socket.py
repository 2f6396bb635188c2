"""The socket in the file system: where it lies, what it replaces, and who gets through."""

import asyncio
import json
import os
import socket
import stat
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from ldirectord_py.api.unix_socket import bound
from ldirectord_py.model.errors import DirectorError
from tests.unit.api.asking import ask, request, serving


@pytest.mark.parametrize("folders", [0, 3], ids=["a path that fits into an address", "a longer one"])
def test_a_path_of_any_length_will_do(tmp_path: Path, folders: int) -> None:
    home = tmp_path.joinpath(*["folder" * 10] * folders)
    home.mkdir(parents=True, exist_ok=True)
    with bound(home / "sock") as listener:
        assert listener.family == socket.AF_UNIX
        assert stat.S_ISSOCK((home / "sock").stat().st_mode)


async def test_a_socket_that_was_left_behind_is_replaced_and_ours_is_removed_at_the_end(tmp_path: Path) -> None:
    path = tmp_path / "sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with serving(tmp_path):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert (await ask(path, "/v1/status")).status == 200
    assert not path.exists()


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_socket_is_left_alone(tmp_path: Path, kind: str) -> None:
    path, precious = tmp_path / "sock", tmp_path / "precious"
    precious.write_text("precious")
    path.symlink_to(precious) if kind == "link" else path.write_text("precious")
    refused = r"cannot listen on the control socket .*: Address already in use"
    with pytest.raises(DirectorError, match=refused), bound(path):
        pass
    assert path.read_text() == precious.read_text() == "precious"


async def test_another_user_is_refused_even_where_the_mode_lets_it_connect() -> None:
    if os.geteuid() != 0:
        return  # only root can be another user
    with TemporaryDirectory() as name, socket.socket(socket.AF_UNIX) as channel:
        folder = Path(name)
        folder.chmod(0o755)
        async with serving(folder) as path:
            path.chmod(0o666)
            os.seteuid(65534)
            try:
                channel.connect(str(path))
            finally:
                os.seteuid(0)
            channel.sendall(request("/v1/status"))
            answer = await _received(channel)
    assert answer.startswith(b"HTTP/1.1 403 ")
    told = json.loads(answer.partition(b"\r\n\r\n")[2])
    assert told["detail"] == "nobody may not read here: become root, or the user that the daemon runs as"


async def _received(channel: socket.socket) -> bytes:
    channel.setblocking(False)
    whole = b""
    while piece := await asyncio.get_running_loop().sock_recv(channel, 4096):
        whole += piece
    return whole
