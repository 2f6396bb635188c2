"""A daemon whose port speaks TLS: certificates of clients, and certificates of its own that are renewed."""

import http.client
import json
import ssl
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.peers.certificates import NOW, Authority, NamedAuthority
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port
from tests.stories.daemon import Daemon
from tests.stories.test_control import ALL, asked

SERVERS, RENEWED, CLIENTS = Authority(), Authority(), NamedAuthority("clients")


def over_tls(port: int, context: ssl.SSLContext, path: str, body: dict[str, Any] | None = None) -> Any:
    channel = http.client.HTTPSConnection("127.0.0.1", port, context=context, timeout=PATIENCE)
    with closing(channel):
        said = None if body is None else json.dumps(body).encode()
        channel.request("GET" if body is None else "POST", path, said, {"Content-Type": "application/json"})
        return json.loads(channel.getresponse().read())


def write(path: Path, authority: Authority, days: float = 30) -> None:
    issued = authority.ca.issue_cert("127.0.0.1", not_after=NOW + timedelta(days=days))
    path.write_bytes(issued.private_key_and_cert_chain_pem.bytes())


def line_of(daemon: Daemon, directive: str) -> int:
    lines = daemon.config.read_text().splitlines()
    return next(number for number, line in enumerate(lines, 1) if line.startswith(directive))


def test_a_listed_client_gives_commands_and_certificates_are_renewed(daemon: Daemon) -> None:
    port, own, authority = free_port(), daemon.home / "own.pem", daemon.home / "clients.pem"
    write(own, SERVERS)
    authority.write_bytes(CLIENTS.pem.content)
    daemon.write(extra=f"statuslisten={port}\napicertificate={own}\napiclientca={authority}\napiclients=ops, deploy\n")
    daemon.start()
    daemon.until(lambda: daemon.weights() == ALL)
    ops, eye = CLIENTS.client(SERVERS, "ops"), CLIENTS.client(SERVERS, "eye")
    target = over_tls(port, eye, "/v1/virtuals?view=names")["virtuals"][0]["name"]
    command = {"command": "check", "target": target}
    assert over_tls(port, eye, "/v1/commands", command)["status"] == 403
    assert over_tls(port, ops, "/v1/commands", command)["reals"]
    assert over_tls(port, ops, "/v1/status")["you"] == {"name": "ops", "may_write": True}

    own.write_bytes(b"half a certificate")
    refused = over_tls(port, ops, "/v1/commands", {"command": "reload"})
    assert refused["in_force"] is False
    assert refused["problems"] == [
        f"{daemon.config}:{line_of(daemon, 'apicertificate')}: apicertificate: {own} holds no certificate in PEM form"
    ]
    assert over_tls(port, ops, "/v1/status")["refused"] == refused["problems"]

    write(own, RENEWED, days=5)
    renewed = over_tls(port, ops, "/v1/commands", {"command": "reload"})
    assert renewed["in_force"]
    (note,) = renewed["notes"]
    assert note.startswith(f"apicertificate: {own} expires in 4 days, on ")
    with pytest.raises(ssl.SSLCertVerificationError):
        over_tls(port, ops, "/v1/status")
    assert over_tls(port, CLIENTS.client(RENEWED, "deploy"), "/v1/status")["you"]["may_write"]
    assert not asked(daemon, "/v1/status")["refused"]
    assert daemon.end() == 0
    assert not daemon.logged("callback_failed")
