"""An API on a unix socket with values to show, and those who ask it."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ldirectord_py.api.access import Token
from ldirectord_py.api.limits import Limits
from ldirectord_py.api.ports import Ports
from ldirectord_py.api.server import serve, serve_locally
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.errors import AmbiguousTarget, UnknownTarget
from ldirectord_py.model.health import State
from ldirectord_py.model.outcome import Reason, down
from ldirectord_py.model.snapshot import DaemonStatus, Snapshot, TableStatus
from ldirectord_py.model.trace import StepKind, Trace, TraceStep
from tests.unit.observers import happenings as the

STATUS = DaemonStatus(
    pid=801,
    instance="web",
    config="/etc/ha.d/web.cf",
    started=1_000_000_000.0,
    loaded=1_000_000_100.0,
    healthy=True,
    table=TableStatus(kind="memory", reachable=True, agrees=True),
    refused_at=None,
    refused=(),
    sysctls=(),
    reloadlimit=50,
)
SHOWN = (
    the.virtual(the.WEB, the.status(the.REAL), the.status(the.OTHER, State.DOWN, actual=0)),
    the.virtual(the.MARK6, the.status(the.MARKED, State.UNKNOWN, actual=None)),
)


@dataclass
class Director:
    """See `api.ports.Director`."""

    shown: Snapshot = field(default_factory=lambda: the.snapshot(*SHOWN))
    said: DaemonStatus = STATUS

    def snapshot(self) -> Snapshot:
        return self.shown

    async def refresh(self) -> None:
        pass

    def status(self) -> DaemonStatus:
        return self.said

    async def reload(self, *, force: bool, by: str) -> Mapping[str, Any]:
        return {"in_force": True, "problems": [], "notes": [f"force {force} by {by}"]}

    async def trace(self, target: str) -> Mapping[str, Trace]:
        if target == "both":
            raise AmbiguousTarget("both may be 2: one, other", ["one", "other"])
        if target == "nobody":
            raise UnknownTarget("no real server, host or virtual service is called nobody")
        steps = (TraceStep(0.0, StepKind.SEND, "hello", 5), TraceStep(0.5, StepKind.JUDGE, "down: no"))
        return {target: Trace(outcome=down(Reason.STATUS, "no"), seconds=0.5, steps=steps)}


def ports(director: Director | None = None, **others: Any) -> Ports:
    """Return ports that show *director*."""
    given = {
        "version": "1.2.3",
        "purpose": "tests",
        "healthy": lambda: True,
        "ready": lambda: True,
        "metrics": lambda: None,
        "director": director or Director(),
    }
    return Ports(**(given | others))  # type: ignore[arg-type]


@dataclass
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        assert self.headers["content-type"] == "application/problem+json; charset=utf-8"
        assert self.json["status"] == self.status
        return str(self.json["detail"])


@asynccontextmanager
async def serving(
    folder: Path, director: Director | None = None, *, limits: Limits | None = None, **others: Any
) -> AsyncIterator[Path]:
    async with serve_locally(folder / "sock", ports(director, **others), limits or Limits()):
        yield folder / "sock"


@asynccontextmanager
async def serving_tcp(director: Director | None = None, **others: Any) -> AsyncIterator[Endpoint]:
    async with serve(Endpoint(ip_address("127.0.0.1"), 0), ports(director, **others)) as where:
        yield where


def the_token(name: str, secret: str) -> Token:
    """Return a token; only that of `ops` may write."""
    return Token(name, name == "ops", hashlib.sha256(secret.encode()).digest())


async def talk(where: Path | Endpoint, said: bytes) -> bytes:
    """Return all that is answered to *said*."""
    if isinstance(where, Endpoint):
        reader, writer = await asyncio.open_connection(str(where.address), where.port)
    else:
        reader, writer = await asyncio.open_unix_connection(where)
    try:
        writer.write(said)
        return await reader.read()
    finally:
        writer.close()


def request(target: str, method: str = "GET", body: bytes = b"", **headers: str) -> bytes:
    lines = {"Host": "localhost", **({"Content-Length": str(len(body))} if body else {}), **headers}
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
    return f"{method} {target} HTTP/1.1\r\n{head}\r\n".encode() + body


async def ask(path: Path, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
    return _answer(await talk(path, request(target, method, body, **headers)))


async def ask_over_tcp(where: Endpoint, said: str | bytes) -> Answer:
    """Return what is answered to *said*, a request or the target of one."""
    return _answer(await talk(where, request(said) if isinstance(said, str) else said))


def _answer(whole: bytes) -> Answer:
    head, _, rest = whole.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    found = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if found.get("transfer-encoding") == "chunked":
        rest = _joined(rest)
    return Answer(int(first.split()[1]), found, rest)


COMMAND = request("/v1/commands", "POST", b'{"command": "reload"}', Content_Type="application/json")


async def command(path: Path, **asked: object) -> Answer:
    return await ask(path, "/v1/commands", "POST", json.dumps(asked).encode(), Content_Type="application/json")


def _joined(chunked: bytes) -> bytes:
    """Return what was sent in chunks (RFC 9112)."""
    whole = b""
    while chunked:
        size, _, chunked = chunked.partition(b"\r\n")
        whole += chunked[: int(size, 16)]
        chunked = chunked[int(size, 16) + 2 :]
    return whole
