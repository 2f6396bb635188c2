"""`ldirectorctl check` where no daemon is asked."""

import json
import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from ldirectord_py.cli.ldirectorctl import main
from ldirectord_py.model.address import Endpoint
from tests.peers.listeners import accepting


def shop(connection: socket.socket) -> None:
    connection.recv(1000)
    connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nwelcome")


@pytest.fixture
def server() -> Iterator[Endpoint]:
    with accepting(shop) as endpoint:
        yield endpoint


@pytest.fixture
def config(server: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LDIRECTORD_RUN_DIR", str(tmp_path))
    sections = [
        ("10.0.0.1:80", server, "service=http", 'httpheader="X-Key: hunter22"', 'receive="welcome"'),
        ("10.0.0.1:81", server, "service=http", 'receive="goodbye"'),
        ("10.0.0.1:82", "127.0.0.9:80", "service=http", "checktype=on"),
    ]
    text = [f"virtual={virtual}\n\treal={real} masq\n\t" + "\n\t".join(lines) for virtual, real, *lines in sections]
    path = tmp_path / "shop.cf"
    path.write_text("checktimeout=5\n" + "\n".join(text) + "\n")
    return path


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("{server}@tcp:10.0.0.1:80", (0, "up after")),
        ("{server}@tcp:10.0.0.1:81", (2, "down after")),
        ("10.0.0.1:81", (2, "down after")),
        ("tcp:10.0.0.1:80", (0, "up after")),
        ("127.0.0.1", (2, "up after")),
        ("127.0.0.9:80", (1, "this server is not checked")),
    ],
)
def test_a_file_that_no_daemon_runs_on_is_tried_from_here(
    config: Path, server: Endpoint, capsys: pytest.CaptureFixture[str], target: str, expected: tuple[int, str]
) -> None:
    status, says = expected
    assert main(["check", "--config", str(config), target.format(server=server)]) == status
    said = capsys.readouterr().out
    assert says in said
    assert "hunter22" not in said


def test_the_json_has_every_step(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--json", "--here", "--config", str(config), "10.0.0.1:80"]) == 0
    (real,) = json.loads(capsys.readouterr().out)["reals"]
    assert real["name"].endswith("@tcp:10.0.0.1:80")
    assert (real["verdict"], real["reason"]) == ("up", "ok")
    whats = [step["what"] for step in real["steps"]]
    assert whats[:4] == ["ask", "connect", "connect", "send"]
    assert whats[-1] == "judge"


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("nobody", "no real server, host or virtual service is called nobody"),
        ("{server}", "may mean any of 2: .*@tcp:10.0.0.1:80, .*@tcp:10.0.0.1:81"),
    ],
)
def test_a_name_that_means_no_server_or_several_is_told(
    config: Path, server: Endpoint, capsys: pytest.CaptureFixture[str], target: str, says: str
) -> None:
    assert main(["check", "--config", str(config), target.format(server=server)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(says, line)


def test_here_wants_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--here", "10.0.0.1"]) == 1
    assert "--config FILE" in capsys.readouterr().err
