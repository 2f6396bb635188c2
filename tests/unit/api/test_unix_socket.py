"""The socket in the file system: where it lies, what it replaces, and who gets through."""

import os
import socket
import stat
from pathlib import Path

import pytest

from ldirectord_py.api.access import Access
from ldirectord_py.api.unix_socket import bound, share
from ldirectord_py.model.errors import DirectorError
from tests.unit.api.asking import ask, serving


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


@pytest.mark.parametrize(
    ("access", "mode", "group"),
    [
        (Access(), 0o600, os.getegid()),
        (Access(writers=os.getegid()), 0o660, os.getegid()),
        (Access(readers=os.getegid()), 0o660, os.getegid()),
        (Access(writers=os.getegid(), readers=4), 0o666, os.getegid()),
    ],
)
def test_the_socket_is_opened_to_the_groups_that_may_use_it(
    tmp_path: Path, access: Access, mode: int, group: int
) -> None:
    with bound(tmp_path / "sock"):
        assert share(tmp_path / "sock", access) is None
        found = (tmp_path / "sock").stat()
        assert (stat.S_IMODE(found.st_mode), found.st_gid) == (mode, group)
        assert share(tmp_path / "sock", Access()) is None
        assert stat.S_IMODE((tmp_path / "sock").stat().st_mode) == 0o600


def test_what_has_taken_the_place_of_the_socket_is_opened_to_nobody(tmp_path: Path) -> None:
    (tmp_path / "sock").write_text("precious")
    (tmp_path / "sock").chmod(0o600)
    assert share(tmp_path / "sock", Access(writers=4)) == f"{tmp_path}/sock is no socket any more"
    assert stat.S_IMODE((tmp_path / "sock").stat().st_mode) == 0o600
