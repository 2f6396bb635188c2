"""A daemon that speaks another version of the API than this program."""

import json
from pathlib import Path

import pytest

from ldirectord_py.cli.ctl.remote.daemon import Daemon
from ldirectord_py.model.errors import DirectorError
from tests.unit.cli.daemon.test_control_client import answering


def reply(told: dict[str, object]) -> bytes:
    body = json.dumps(told).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%b" % (len(body), body)


def test_who_is_of_another_version_is_told_what_to_use(tmp_path: Path) -> None:
    with answering(tmp_path / "sock", reply({"api": 2})), pytest.raises(DirectorError) as raised:
        Daemon(tmp_path / "sock").status()
    assert str(raised.value) == (
        "the daemon speaks version 2 of the API, and this ldirectorctl version 1: use the one that came with the daemon"
    )
