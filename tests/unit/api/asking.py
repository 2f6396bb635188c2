"""An API on a unix socket with values to show, and those who ask it."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ldirectord_py.api.limits import Limits
from ldirectord_py.api.local import serve_locally
from ldirectord_py.api.ports import Ports
from ldirectord_py.model.health import State
from ldirectord_py.model.snapshot import DaemonStatus, TableStatus
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


async def reload(*, force: bool, by: str) -> Mapping[str, Any]:
    return {"in_force": True, "problems": [], "notes": [f"force {force} by {by}"]}


async def refresh() -> None:
    pass


PORTS = Ports(
    version="1.2.3",
    snapshot=lambda: the.snapshot(*SHOWN),
    refresh=refresh,
    status=lambda: STATUS,
    reload=reload,
)


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
async def serving(folder: Path, *, limits: Limits | None = None, **ports: Any) -> AsyncIterator[Path]:
    async with serve_locally(folder / "sock", replace(PORTS, **ports), limits or Limits()):
        yield folder / "sock"


async def talk(path: Path, said: bytes) -> bytes:
    """Return all that is answered to *said*."""
    reader, writer = await asyncio.open_unix_connection(path)
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
    head, _, rest = (await talk(path, request(target, method, body, **headers))).partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    found = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if found.get("transfer-encoding") == "chunked":
        rest = _joined(rest)
    return Answer(int(first.split()[1]), found, rest)


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
