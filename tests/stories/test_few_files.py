"""A director that may have hardly any files open, and servers that hang."""

import socket
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port
from tests.stories.daemon import Daemon

FILES = 64
SERVERS = 60


@pytest.fixture
def hanging() -> Iterator[int]:
    """The port at which every address of this machine accepts connections, and nobody answers."""
    with socket.create_server(("0.0.0.0", 0), backlog=4 * SERVERS) as listener:
        yield listener.getsockname()[1]


def test_servers_that_hang_take_no_file_from_the_log_the_metrics_and_the_programs(tmp_path: Path, hanging: int) -> None:
    metrics, told = free_port(), tmp_path / "told"
    script = tmp_path / "fallback"
    script.write_text(f"#!/bin/sh\necho $1 >>{told}\n")
    script.chmod(0o755)
    daemon = Daemon(tmp_path, {}, {}, metrics, under=("prlimit", f"--nofile={FILES}:{FILES}"))
    reals = "".join(f"\treal=127.0.1.{number}:{hanging} masq\n" for number in range(1, SERVERS + 1))
    daemon.config.write_text(
        f'checkinterval=1\nnegotiatetimeout=1\nlogfile="{tmp_path}/log"\nmetricslisten={metrics}\n'
        f'virtual=192.0.2.1:80\n{reals}\tservice=http\n\tfallbackcommand="{script}"\n'
    )
    daemon.start()
    try:
        daemon.logged("real_down", SERVERS)
        with urllib.request.urlopen(f"http://127.0.0.1:{metrics}/-/healthy", timeout=PATIENCE) as answer:
            assert answer.status == 200
        daemon.until(told.exists)
    finally:
        assert daemon.end() == 0
    said = [str(line["message"]) for line in daemon.log()]
    assert not [line for line in said if "oo many open files" in line]
    assert any(line.startswith(f"This process may have {FILES} files open, so 14 of {SERVERS} checks") for line in said)
    assert [line["reason"] for line in daemon.logged("real_down")] == ["timeout"] * SERVERS
