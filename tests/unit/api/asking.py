"""An API on a unix socket with values to show, and those who ask it."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from ldirectord_py.api.access import Token
from ldirectord_py.api.limits import ClientLimits
from ldirectord_py.api.ports import Ports
from ldirectord_py.api.server import serve, serve_locally
from ldirectord_py.config.load import parse
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.outcome import CheckedOnce, Reason, down
from ldirectord_py.model.checks.trace import StepKind, Trace, TraceStep
from ldirectord_py.model.cluster.role import Role, RoleStatus
from ldirectord_py.model.commands import Command, CommandDone, Drain, SetWeight, Target, target_name
from ldirectord_py.model.config import Config
from ldirectord_py.model.errors import AmbiguousTarget, CommandRefused, LastServer, UnknownTarget
from ldirectord_py.model.health import State
from ldirectord_py.model.plan_steps import PlannedReload, Step, VipAction, VipStep
from ldirectord_py.model.service import RealKey
from ldirectord_py.model.snapshot import DaemonStatus, RealStatus, Snapshot, TableStatus
from ldirectord_py.model.table import Rates, RemoveService
from ldirectord_py.observers.history.event_ring import EventRing
from ldirectord_py.observers.history.exchanges import Exchanges
from ldirectord_py.observers.history.history import History
from tests.unit.observers import happenings as the

STATUS = DaemonStatus(
    role=RoleStatus(Role.STANDBY, "/run/role", 1_000_000_000.0),
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
    checks_per_second=12.5,
)
CONFIG = b"""\
virtual=10.0.0.1:80
\treal=10.0.0.5:80 gate 3
\tservice=http
\trequest="http://user:hunter2@10.0.0.5/"
\tlogin="hunter"
\tpasswd="hunter2"
"""
SHOWN = (
    replace(
        the.virtual(the.WEB, the.status(the.REAL), the.status(the.OTHER, State.DOWN, actual=0)),
        rates=Rates(12, 3400, 0),
    ),
    the.virtual(the.MARK6, the.status(the.MARKED, State.UNKNOWN, actual=None)),
)


class Director:
    """See `api.ports.Director`: shows *snapshot*, and has nothing to carry out but what tests give it."""

    def __init__(self, shown: Snapshot | None = None) -> None:
        self.shown = shown or the.snapshot(*SHOWN)
        self.history = History(lambda: [real.key for real in self._reals()], lambda _event: None)
        self.commands: list[tuple[Command, bool]] = []

    @property
    def events(self) -> EventRing:
        return self.history.events

    @property
    def exchanges(self) -> Exchanges:
        return self.history.exchanges

    def snapshot(self) -> Snapshot:
        return self.shown

    async def refresh(self) -> None:
        pass

    def status(self) -> DaemonStatus:
        return STATUS

    def config(self) -> Config:
        return parse(CONFIG, "web.cf")

    def find(self, name: str) -> Target:
        if name == "10.0.0.5:80":
            raise AmbiguousTarget("10.0.0.5:80 may mean any of 2: a, b", ("a", "b"))
        if name not in {target_name(the.REAL), target_name(the.WEB)}:
            raise UnknownTarget(f"nobody is called {name}", (target_name(the.REAL),))
        return the.REAL if "@" in name else the.WEB

    def concerned(self, target: Target) -> Sequence[RealKey]:
        return [real.key for real in self._reals() if target in {real.key, real.key.virtual}]

    def reals(self, keys: Sequence[RealKey]) -> Iterator[RealStatus]:
        return (real for real in self._reals() if real.key in keys)

    async def plan(self) -> PlannedReload:
        step = Step(at_once=True, change=RemoveService(the.WEB), before=the.SETTINGS, fallback=False, servers=2)
        return PlannedReload(
            file="web.cf",
            problems=("web.cf:3: no such directive",),
            steps=(step,),
            connections={the.WEB: 7},
            believed={the.OTHER: CheckedOnce(down(Reason.STATUS, "503"), "GET /")},
            maintained={the.REAL: "10.0.0.5"},
            untouched=(the.MARK6,),
            vips=(VipStep(action=VipAction.ADD, address=ip_address("10.0.0.1"), device="eth0"),),
            advice=("a setting",),
            refusal="a reload would take away too much",
        )

    async def reload(self, *, force: bool, by: str) -> Mapping[str, Any]:
        return {
            "in_force": True,
            "problems": [],
            "warnings": [],
            "notes": [f"force {force} by {by}"],
            "added": [],
            "removed": [],
            "changed": [],
        }

    def carry_out(self, command: Command, *, force: bool) -> CommandDone:
        if not force and isinstance(command, Drain) and command.target == the.WEB:
            raise LastServer("nobody would serve tcp:10.0.0.1:80 any more", ("tcp:10.0.0.1:80",))
        if isinstance(command, SetWeight) and command.weight > 65535:
            raise CommandRefused("weight must be 0 to 65535")
        self.commands.append((command, force))
        return CommandDone(
            tuple((key, None, command.state(1e9)) for key in self.concerned(command.target)), ("a note",)
        )

    def check_now(self, target: Target) -> Sequence[RealKey]:
        return self.concerned(target)

    def _reals(self) -> Iterator[RealStatus]:
        for virtual in self.shown.virtuals:
            yield from virtual.reals

    async def trace(self, target: str) -> Mapping[str, Trace]:
        if target == "both":
            raise AmbiguousTarget("both may mean any of 2: one, other", ["one", "other"])
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
    return Ports(**(given | others))


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
    folder: Path, director: Director | None = None, *, limits: ClientLimits | None = None, **others: Any
) -> AsyncIterator[Path]:
    async with serve_locally(folder / "sock", ports(director, **others), limits or ClientLimits()):
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
    return answer_of(await talk(path, request(target, method, body, **headers)))


async def ask_over_tcp(where: Endpoint, said: str | bytes) -> Answer:
    """Return what is answered to *said*, a request or the target of one."""
    return answer_of(await talk(where, request(said) if isinstance(said, str) else said))


def answer_of(whole: bytes) -> Answer:
    """Return *whole*, as it came, as an answer."""
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
