"""Logins, passwords and shared secrets stay where they belong, whatever servers, libraries and our bugs say of them."""

import asyncio
import base64
import json
import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from hashlib import md5
from pathlib import Path
from urllib.parse import quote

import pytest

from ldirectord_py.app import Application
from ldirectord_py.config.load import load, parse
from ldirectord_py.config.meaning.here import HERE
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_plan import Repeated
from ldirectord_py.model.config import Config
from ldirectord_py.model.events import CheckDone, Event
from ldirectord_py.model.text.secrets import without
from ldirectord_py.observers.logging.destinations import LogFile
from ldirectord_py.options import Options
from ldirectord_py.probing import drivers
from ldirectord_py.probing.tracing.tracer import Tracer
from tests.peers.patience import PATIENCE
from tests.peers.ports import free_port
from tests.peers.turns import datagrams_elsewhere, elsewhere
from tests.stories.test_turns import MYSQL_GREETING, MYSQL_OK, PGSQL_IN, ldap, ldap_result, mysql, pgsql, tlv

MARK = re.compile(r"zq[a-z]{2,}", re.IGNORECASE)
"""How each secret begins, so that one which is cut short is found too."""
STREAMS = ("ftp", "imap", "ldap", "mysql", "oracle", "pgsql", "pop", "sip")
DATABASES = ("mysql", "oracle", "pgsql")
DATAGRAMS = ("radius", "sip")
TLS = ("imaps", "ldaps", "pops")


def login(service: str) -> str:
    return f"zq{service}loginxk" + ("@example.org" if service == "sip" else "")


def passwd(service: str) -> str:
    return f"zq{service}passwdxk"


def secret(service: str) -> str:
    return f"zq{service}secretxk" if service == "radius" else ""


def told(service: str) -> bytes:
    """Return all that a server has been told, in its own words."""
    words = (
        passwd(service),
        login(service),
        secret(service),
        passwd(service).upper(),
        login(service).partition("@")[0],
    )
    return " ".join(words).encode()


def refuse(text: bytes) -> bytes:
    """Return the refusal of Oracle's listener."""
    body = b"\x01\0" + len(text).to_bytes(2, "big") + text
    return (len(body) + 8).to_bytes(2, "big") + b"\0\0\x04\0\0\0" + body


def noisy(service: str) -> tuple[list[bytes], list[bytes]]:  # noqa: PLR0911 -- one arm a protocol
    """Return what a server says while all is well, the first of it unasked where it is so, and how it may refuse."""
    text = told(service)
    match service:
        case "ftp":
            return [b"220 x\r\n", b"331 x\r\n", b"230 x\r\n", b"200 x\r\n"], [b"530 %b\r\n" % text, b"%b\r\n" % text]
        case "imap":
            return [b"* OK x\r\n"], [b"* BYE %b\r\n" % text, b"a1 NO %b\r\n" % text, b"%b\r\n" % text]
        case "pop":
            return [b"+OK x\r\n", b"+OK x\r\n"], [b"-ERR %b\r\n" % text, b"%b\r\n" % text]
        case "ldap":
            no = [
                ldap(number, tlv(kind, tlv(10, b"\x31"), tlv(4), tlv(4, text)))
                for number, kind in ((1, 0x61), (2, 0x65))
            ]
            entry = ldap(2, tlv(0x64, tlv(4, text), tlv(0x30))) + ldap_result(2, 0x65)
            return [ldap_result(1, 0x61)], [*no, entry, text]
        case "mysql":
            no = [mysql(number, b"\xff\x15\x04#28000" + text) for number in (0, 1, 2)]
            return [MYSQL_GREETING, MYSQL_OK], [*no, mysql(2, b"\xfe" + text + b"\0salt"), text]
        case "pgsql":
            no = pgsql(b"E", b"SFATAL\0VFATAL\0C28P01\0M" + text + b"\0\0")
            return [b"N", PGSQL_IN], [no, pgsql(b"S", b"server_version\0" + text + b"\0") + PGSQL_IN, text]
        case "oracle":
            return [], [refuse(text), refuse(b"(ERR=1017)(TEXT=%b)" % text), text]
        case "sip":
            no = b"SIP/2.0 403 %b\r\nContent-Length: 0\r\n\r\n" % text
            asks = b"SIP/2.0 401 x\r\nWWW-Authenticate: Basic %b\r\nContent-Length: 0\r\n\r\n" % text
            return [], [no, asks, text + b"\r\n"]
    raise AssertionError(service)


def stream_servers(service: str) -> Iterator[Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]]:
    """Yield servers that refuse in each way at each place of the conversation, and one that says nothing."""
    well, refusals = noisy(service)
    first = service in {"ftp", "imap", "pop", "mysql"}
    for count in range(len(well) + 1):
        for refusal in refusals:
            yield speaker([*well[:count], refusal], first=first)
    yield speaker([], first=True)


def speaker(said: Sequence[bytes], *, first: bool):
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            for index, piece in enumerate(said):
                if index or not first:
                    await reader.read(65536)
                writer.write(piece)
                await writer.drain()
            await reader.read(65536)
            if said:
                writer.close()
            await reader.read()

    return answer


def radius_servers() -> Iterator[Callable[[bytes], bytes]]:
    def reject(request: bytes, key: bytes) -> bytes:
        text = told("radius")
        content = bytes((18, len(text) + 2)) + text
        head = bytes((3, request[1])) + (20 + len(content)).to_bytes(2, "big")
        return head + md5(head + request[4:20] + content + key).digest() + content

    yield lambda request: reject(request, secret("radius").encode())
    yield lambda request: reject(request, b"another")
    yield lambda request: request[:2] + told("radius")


@dataclass
class World:
    """All the servers, and a configuration that names them all."""

    path: Path
    metrics: int
    reals: int


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with ExitStack() as stack:
        places: dict[tuple[str, str], list[Endpoint]] = {}
        for service in STREAMS:
            servers = [stack.enter_context(elsewhere(answer)) for answer in stream_servers(service)]
            places["tcp", service] = servers
        for service in TLS:
            places["tcp", service] = [stack.enter_context(elsewhere(speaker([told(service)], first=True)))]
        places["udp", "radius"] = [stack.enter_context(datagrams_elsewhere(answer)) for answer in radius_servers()]
        _, refusals = noisy("sip")
        places["udp", "sip"] = [
            stack.enter_context(datagrams_elsewhere(lambda _, said=refusal: said)) for refusal in refusals
        ]
        metrics, closed = free_port(), free_port()
        text = (
            f'checkinterval=1\nnegotiatetimeout=2\nchecktimeout=2\nmetricslisten={metrics}\nlogfile="{tmp_path}/log"\n'
            f"record={tmp_path}/record.jsonl\nhistoryfile={tmp_path}/history.jsonl\n"
        )
        for number, ((protocol, service), endpoints) in enumerate(places.items()):
            text += f"virtual=192.0.2.{number + 1}:80\n\tprotocol={protocol}\n\tservice={service}\n"
            text += f'\tlogin="{login(service)}"\n\tpasswd="{passwd(service)}"\n'
            text += f'\tsecret="{secret(service)}"\n' if secret(service) else ""
            text += '\trequest="select 1"\n' if service in {"mysql", "pgsql", "oracle"} else '\trequest="x"\n'
            text += '\treceive="zz top"\n' if service in {"ldap", "ftp"} else ""
            text += "".join(f"\treal=127.0.0.1:{port} masq\n" for port in [*(one.port for one in endpoints), closed])
        path = tmp_path / "secrets.cf"
        path.write_text(text)
        yield World(path, metrics, sum(len(endpoints) + 1 for endpoints in places.values()))


def encoded(word: str) -> set[str]:
    """Return how a secret may be written so that it is still one."""
    data = word.encode()
    turns = {base64.b64encode(b"." * shift + data)[4 * (shift > 0) : -4].decode() for shift in range(3)}
    return turns | {data.hex(), data.hex().upper(), quote(word, safe="")[:-1], "".join(f"%{byte:02x}" for byte in data)}


SERVICES = {*STREAMS, *DATAGRAMS, *TLS}
FORMS = {form for service in SERVICES for word in (login(service), passwd(service)) for form in encoded(word)}


def leaks(text: str) -> list[str]:
    """Return what of the secrets is in *text*, with what is around it."""
    found = [text[max(0, match.start() - 80) : match.end() + 20] for match in MARK.finditer(text)]
    return found + [form for form in FORMS if form in text]


def test_the_search_finds_what_it_looks_for() -> None:
    assert leaks(f"as {login('pop')}")
    assert leaks(f"cut {passwd('pop')[:5]}")
    assert leaks(base64.b64encode(f"\0{login('imap')}\0{passwd('imap')}".encode()).decode())
    assert leaks(passwd("ftp").encode().hex())
    assert not leaks("*** with ***")


def of_processes(pid: int) -> str:
    """Return the command lines and environments of a process's children."""
    read = ""
    with suppress(OSError):
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            for name in ("cmdline", "environ"):
                with suppress(OSError):
                    read += Path(f"/proc/{child}/{name}").read_bytes().decode(errors="replace")
    return read


@pytest.mark.parametrize("style", ["text", "json"])
@pytest.mark.parametrize("debug", [False, True], ids=["", "debug"])
def test_no_secret_comes_out_of_the_daemon(world: World, tmp_path: Path, style: str, debug: bool) -> None:
    command = [sys.executable, "-m", "ldirectord_py", "--table", "memory", "--log-format", style]
    command += ["-d"] if debug else ["--foreground"]
    printed = tmp_path / "printed"
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [*command, str(world.path), "start"],
            env=os.environ | {"LDIRECTORD_RUN_DIR": str(tmp_path)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    seen, said = "", ""
    try:
        deadline = time.monotonic() + PATIENCE
        while "Every real server has been checked once" not in said:
            assert process.poll() is None, said[-2000:]
            assert time.monotonic() < deadline, said[-2000:]
            seen += of_processes(process.pid)
            time.sleep(0.02)
            said = "".join(path.read_text() for path in (printed, tmp_path / "log") if path.exists())
        with urllib.request.urlopen(f"http://127.0.0.1:{world.metrics}/metrics", timeout=PATIENCE) as answer:
            metrics = answer.read().decode()
    finally:
        process.terminate()
        process.wait(PATIENCE)
    said = "".join(path.read_text() for path in (printed, tmp_path / "log") if path.exists())

    assert "oracle_worker" in seen
    assert "Traceback" not in said
    assert said.count(" is down ") + said.count(" could not be checked, ") >= world.reals, said[-2000:]
    assert said.count("***") > 40
    assert "ldirectord_real_up" in metrics
    recorded = (tmp_path / "record.jsonl").read_text()
    assert recorded.count('"ended"') >= world.reals
    assert not leaks(recorded)
    history = (tmp_path / "history.jsonl").read_text()
    assert history.count('"real_down"') > len(SERVICES)
    assert not leaks(history)
    assert not leaks(said)
    assert not leaks(seen)
    assert not leaks(metrics)


@pytest.mark.parametrize("action", ["configtest", "status"])
def test_no_secret_is_printed_where_the_file_is_only_read(world: World, tmp_path: Path, action: str) -> None:
    text = world.path.read_text()
    broken = text.replace(f'"{passwd("pop")}"', f'{passwd("pop")}" and more').replace(
        'passwd="zqimap', 'passwd="zq\\imap'
    )
    world.path.write_text(broken + f'\tlogin=\n\tpasswd=""\n\tsecret=\n\tlogin="{login("pop")}" # note\n')
    done = subprocess.run(
        [sys.executable, "-m", "ldirectord_py", str(world.path), action],
        env=os.environ | {"LDIRECTORD_RUN_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    log = tmp_path / "log"
    assert done.stdout + done.stderr
    assert not leaks(done.stdout + done.stderr + (log.read_text() if log.exists() else ""))


FOLLOWED = 3
"""Servers of each database that are asked with every step told: each takes processes of its own."""


async def followed(config: Config) -> str:
    """Return all that is told of a check of each server."""
    tracer, said = Tracer(), ""
    async with asyncio.TaskGroup() as tasks:
        begun = [
            tasks.create_task(tracer.trace(real.plan, config.secrets))
            for virtual in config.virtuals
            for real in virtual.reals[: FOLLOWED if virtual.check_options.service in DATABASES else None]
        ]
    tracer.close()
    for task in begun:
        trace = task.result()
        assert trace.outcome is not None
        assert trace.steps
        said += json.dumps(trace.as_json("x"), ensure_ascii=False) + "\n"
    return said


def test_no_secret_is_shown_by_a_check_that_is_followed(world: World) -> None:
    said = asyncio.run(followed(load(world.path, HERE)))
    assert said.count("***") > 100
    assert not leaks(said)


class Quoter:
    """A check with a bug, whose error quotes what it was told, as libraries do with their connection strings."""

    def __init__(self, words: Sequence[str]) -> None:
        self.words = words

    async def run(self) -> object:
        raise KeyError(f"postgresql://{':'.join(self.words)}@db/x", [word.encode() for word in self.words])


async def test_no_secret_comes_out_of_values_tasks_and_bugs(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = load(world.path)
    names: list[str] = []
    events: list[Event] = []

    async def quotes_all(_run: object, probe: object) -> object:
        names.append(asyncio.current_task().get_name())
        names.append(repr(asyncio.current_task()))
        return await Quoter(sorted(config.secrets)).run()

    # The one place around a driver, so that its way of telling of bugs is the real one.
    original = drivers.DriverRunner._outcome

    async def with_a_bug(runner: drivers.DriverRunner, probe: object, services: drivers.RunServices) -> object:
        check = type("Check", (), {"run": lambda *_: quotes_all(runner, probe)})()
        buggy = type("Buggy", (), {"timeout": 2.0, "check": check})
        return await original(runner, buggy, services)

    monkeypatch.setattr(drivers.DriverRunner, "_outcome", with_a_bug)
    application = Application(config, Options(table="memory", log=lambda _: LogFile(tmp_path / "log"), debug=True))
    application.observe(events.append)

    async def end_after_the_first_pass() -> None:
        async with asyncio.timeout(PATIENCE):
            while not application.snapshot().first_pass:
                await asyncio.sleep(0.02)
        names.append(repr(application.snapshot()))
        names.append(repr(list(application.snapshot().virtuals)))
        application.end()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(end_after_the_first_pass())
        tasks.create_task(application.run(lambda: None))
    log = (tmp_path / "log").read_text()

    assert log.count("A check has a bug: ") >= 10
    assert "postgresql://" in log
    assert not leaks(log)
    assert not leaks("".join(names))
    assert {type(event).__name__ for event in events} >= {"CheckDone", "HealthChanged"}
    assert sum(isinstance(event, CheckDone) for event in events) >= world.reals
    assert not leaks("".join(map(repr, events)))
    assert not leaks(repr(config) + "".join(map(str, config.virtuals)))
    assert not leaks("".join(repr(virtual.check_options) for virtual in config.virtuals))
    assert not leaks("".join(repr(one) for one in probes(config)))


def probes(config: Config) -> Iterator[object]:
    for virtual in config.virtuals:
        for real in virtual.reals:
            assert isinstance(real.plan, Repeated)
            yield real.plan.probe
            yield real.plan.probe.check


def test_a_traceback_is_veiled_however_python_writes_a_secret() -> None:
    word = "gehéim\\x\udcff"
    assert without(f"{word} {word!r} {word.encode('utf-8', 'surrogateescape')!r}", [word]) == "*** '***' b'***'"


def test_headers_and_who_logs_in_by_a_url_are_secrets_too() -> None:
    section = b'virtual=192.0.2.1:80\n\tservice=http\n\thttpheader=X-Api-Key: zqkeyxk\n\tlogin="zqloginxk"\n'
    config = parse(section + b'\treal=127.0.0.1:80 masq "http://zqname:zqpass@x.y/","zz"\n', "test.cf")
    assert config.secrets == {"zqkeyxk", "zqloginxk", "zqname:zqpass", "zqname", "zqpass"}
    assert not leaks(repr(config))
