"""The servers that both programs are asked about, by the names that the rows of `table.py` have for them."""

import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path

import trustme

from ldirectord_py.model.address import Endpoint
from tests.peers.listeners import Answer, serving
from tests.peers.ports import free_port
from tests.servers.daemons import at
from tests.servers.dovecot import dovecot
from tests.servers.exim import exim
from tests.servers.freeradius import freeradius
from tests.servers.kamailio import kamailio
from tests.servers.mariadb import mariadb
from tests.servers.nginx import nginx
from tests.servers.nsd import nsd
from tests.servers.postgresql import postgresql
from tests.servers.redis import redis
from tests.servers.slapd import slapd
from tests.servers.squid import FORBIDDEN, ORIGIN, squid
from tests.servers.verdicts.peers import closing, datagrams, greeting, own_address, relay, silent, web
from tests.servers.vsftpd import vsftpd


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Servers by their names, and what else the programs need to find."""

    servers: Mapping[str, Endpoint]
    fill: Mapping[str, str] = field(default_factory=dict)
    """What the placeholders in the words of rows stand for."""
    wrapper: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


Build = Callable[[AsyncExitStack, Path], Awaitable[Stage]]
"""Puts servers up until the end of a stack, with an empty folder of their own."""


def _certified(authority: trustme.CA, name: str = "localhost") -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(name).configure_cert(context)
    return context


def _named(context: ssl.SSLContext) -> ssl.SSLContext:
    """Let nobody in who does not say by SNI (RFC 6066 §3) whom he wants."""

    def chosen(_connection: object, name: str | None, _context: object) -> int | None:
        return None if name else ssl.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

    context.sni_callback = chosen
    return context


def _trusted(folder: Path) -> tuple[trustme.CA, dict[str, str]]:
    """Return an authority, and what has the original trust it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    return authority, dict.fromkeys(("PERL_LWP_SSL_CA_FILE", "SSL_CERT_FILE"), f"{folder}/authority.pem")


async def _usual(stack: AsyncExitStack) -> dict[str, Endpoint]:
    """Return the servers that nearly every service is asked of."""
    return {
        "refused": at(free_port()),
        "silent": await stack.enter_async_context(serving(silent)),
        "tls": await stack.enter_async_context(serving(silent, _certified(trustme.CA()))),
        "plain": await stack.enter_async_context(serving(greeting(b"* OK welcome\r\n"))),
        "closing": await stack.enter_async_context(serving(closing)),
        "any": at(free_port()),
        "any6": at(free_port(), "::1"),
    }


async def _http(stack: AsyncExitStack, _folder: Path) -> Stage:
    elsewhere = await stack.enter_async_context(serving(web()))
    servers = {
        "nginx": at(stack.enter_context(nginx()).plain),
        "web": await stack.enter_async_context(serving(web(elsewhere))),
        "text": await stack.enter_async_context(serving(greeting(b"welcome\r\n", ends=True))),
        "web6": await stack.enter_async_context(serving(web(), host="::1")),
    }
    return Stage(servers=await _usual(stack) | servers)


async def _http_proxy(stack: AsyncExitStack, _folder: Path) -> Stage:
    site = stack.enter_context(nginx())
    servers = {"squid": at(stack.enter_context(squid())), "web": await stack.enter_async_context(serving(web()))}
    fill = {"SITE": f"http://{ORIGIN}:{site.plain}", "FORBIDDEN": f"http://{FORBIDDEN}:{site.plain}"}
    return Stage(servers=await _usual(stack) | servers, fill=fill)


async def _https(stack: AsyncExitStack, folder: Path) -> Stage:
    trusted, known = _trusted(folder)
    servers = await _usual(stack)
    servers["web"] = await stack.enter_async_context(serving(web(), _certified(trusted, "127.0.0.1")))
    servers["by name"] = await stack.enter_async_context(serving(web(), _named(_certified(trusted, "127.0.0.1"))))
    servers["own"] = await stack.enter_async_context(serving(web(), _certified(trustme.CA(), "127.0.0.1")))
    return Stage(servers=servers, environment=known)


async def _mail(stack: AsyncExitStack, _folder: Path) -> Stage:
    it = stack.enter_context(exim())
    ports = {name: at(getattr(it, name)) for name in ("open", "old", "busy", "picky", "tls")}
    return Stage(servers=await _usual(stack) | ports)


async def _pop(stack: AsyncExitStack, folder: Path) -> Stage:
    it = stack.enter_context(dovecot())
    trusted, known = _trusted(folder)
    servers = await _usual(stack)
    servers |= {"pop": at(it.pop), "own": at(it.pops), "tls": at(it.pops), "plain": at(it.pop), "wrong": at(it.imap)}
    under_tls = _certified(trusted, "127.0.0.1")
    servers["pops"] = await stack.enter_async_context(serving(relay(at(it.pop)), under_tls))
    servers["wrong under TLS"] = await stack.enter_async_context(serving(relay(at(it.imap)), under_tls))
    return Stage(servers=servers, environment=known)


async def _imap(stack: AsyncExitStack, folder: Path) -> Stage:
    """Every server is at the standard ports, as the original asks no others."""
    it = stack.enter_context(dovecot())
    trusted, known = _trusted(folder)

    async def put(answer: Answer, port: int, *, tls: bool = False) -> Endpoint:
        host = own_address(port)
        context = _certified(trusted, host) if tls else None
        return await stack.enter_async_context(serving(answer, context, host=host, port=port))

    return Stage(
        servers={
            "imap": await put(relay(at(it.imap)), 143),
            "imaps": await put(relay(at(it.imap)), 993, tls=True),
            "own": await put(relay(at(it.imaps)), 993),
            "tls": await put(relay(at(it.imaps)), 143),
            "plain": await put(relay(at(it.imap)), 993),
            "wrong": await put(relay(at(it.pop)), 143),
            "wrong under TLS": await put(relay(at(it.pop)), 993, tls=True),
            "silent": await put(silent, 143),
            "silent for TLS": await put(silent, 993),
            "refused": Endpoint(ip_address(own_address(143, 993)), 143),
            "refused for TLS": Endpoint(ip_address(own_address(143, 993)), 993),
            "elsewhere": await put(relay(at(it.imap)), free_port()),
            "elsewhere under TLS": await put(relay(at(it.imap)), free_port(), tls=True),
        },
        environment=known,
    )


async def _nntp(stack: AsyncExitStack, _folder: Path) -> Stage:
    said = {"open": b"200 news.example.org ready\r\n", "busy": b"400 too busy\r\n", "no code": b"2 be or not 2 be\r\n"}
    servers = {name: await stack.enter_async_context(serving(greeting(text))) for name, text in said.items()}
    return Stage(servers=await _usual(stack) | servers)


async def _ldap(stack: AsyncExitStack, _folder: Path) -> Stage:
    it = stack.enter_context(slapd())
    ports = {"ldap": at(it.ldap), "ldaps": at(it.ldaps), "tls": at(it.ldaps), "plain": at(it.ldap)}
    return Stage(servers=await _usual(stack) | ports)


async def _dns(stack: AsyncExitStack, _folder: Path) -> Stage:
    return Stage(servers=await _usual(stack) | {"nsd": at(stack.enter_context(nsd()))})


async def _ftp(stack: AsyncExitStack, _folder: Path) -> Stage:
    it = stack.enter_context(vsftpd())
    return Stage(servers=await _usual(stack) | {"vsftpd": it.endpoint}, fill={"FOLDER": str(it.files)})


async def _mysql(stack: AsyncExitStack, _folder: Path) -> Stage:
    return Stage(servers=await _usual(stack) | {"sql": at(stack.enter_context(mariadb()))})


async def _pgsql(stack: AsyncExitStack, _folder: Path) -> Stage:
    return Stage(servers=await _usual(stack) | {"sql": at(stack.enter_context(postgresql()))})


async def _radius(stack: AsyncExitStack, _folder: Path) -> Stage:
    lenient = at(stack.enter_context(freeradius(hardened=False)))
    hardened = at(stack.enter_context(freeradius()))
    servers = {"lenient": lenient, "wrong secret": lenient, "hardened": hardened, "silent": await datagrams(stack)}
    return Stage(servers=await _usual(stack) | servers)


async def _sip(stack: AsyncExitStack, _folder: Path) -> Stage:
    return Stage(servers=await _usual(stack) | {"kamailio": at(stack.enter_context(kamailio("MD5")))})


async def _simpletcp(stack: AsyncExitStack, _folder: Path) -> Stage:
    return Stage(servers=await _usual(stack) | {"pong": at(stack.enter_context(redis()))})


def _over_udp(build: Build) -> Build:
    """Return the same stage, but whoever is silent is so over UDP."""

    async def built(stack: AsyncExitStack, folder: Path) -> Stage:
        stage = await build(stack, folder)
        return replace(stage, servers={**stage.servers, "silent": await datagrams(stack)})

    return built


async def _pong(stack: AsyncExitStack, _folder: Path) -> Stage:
    return Stage(servers=await _usual(stack) | {"pong": await datagrams(stack, b"+PONG\r\n")})


_PROGRAMS = {
    "yes": "#!/bin/sh\nexit 0\n",
    "no": "#!/bin/sh\nexit 1\n",
    "killed": "#!/bin/sh\nkill -KILL $$\n",
    "sleeps": "#!/bin/sh\nexec sleep 60\n",
    "yes.pl": "exit 0;\n",
    "end.pl": "1;\n",
    "return.pl": "return 1;\n",
    "no.pl": "exit 1;\n",
    "sleeps.pl": "sleep 60;\n",
    "dies.pl": "die 'as told';\n",
}


async def _programs(stack: AsyncExitStack, folder: Path) -> Stage:
    for name, text in _PROGRAMS.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    return Stage(servers=await _usual(stack), fill={"FOLDER": str(folder)})


async def _sockets(stack: AsyncExitStack, _folder: Path) -> Stage:
    return Stage(servers=await _usual(stack))


async def deaf(_stack: AsyncExitStack, _folder: Path) -> Stage:
    """Put both programs into a network of their own, where nobody answers pings."""
    script = 'ip link set lo up && echo 1 >/proc/sys/net/ipv4/icmp_echo_ignore_all && exec "$@"'
    return Stage(servers={"silent": at(free_port())}, wrapper=("unshare", "--net", "sh", "-ec", script, "sh"))


STAGES: Mapping[str, Build] = {
    "http": _http,
    "https": _https,
    "http_proxy": _http_proxy,
    "combined": _http,
    "smtp": _mail,
    "submission": _mail,
    "pop": _pop,
    "pops": _pop,
    "imap": _imap,
    "imaps": _imap,
    "nntp": _nntp,
    "ldap": _ldap,
    "ldaps": _ldap,
    "dns over udp": _over_udp(_dns),
    "dns over tcp": _dns,
    "ftp": _ftp,
    "mysql": _mysql,
    "pgsql": _pgsql,
    "radius": _radius,
    "sip over udp": _over_udp(_sip),
    "sip over tcp": _sip,
    "simpletcp over tcp": _simpletcp,
    "simpletcp over udp": _over_udp(_pong),
    "external": _programs,
    "external-perl": _programs,
    "connect": _sockets,
    "connect over udp": _sockets,
    "none": _sockets,
    "on": _sockets,
    "ping": _sockets,
    "ping, nobody answers": deaf,
}
