"""Services http and https, asked of nginx."""

import asyncio

import pytest

from ldirectord_py.model.checks.check_plan import Repeated
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up
from ldirectord_py.model.checks.probe import TlsOptions
from tests.lab.support.waiting import wait_until
from tests.peers.options import checking, configured, probing
from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, PATIENT, at
from tests.servers.nginx import ALIVE, LATE, SHOP, Nginx

SERVICES = ["http", "https"]
OK = up("200 OK")
UNAUTHORIZED = "401 Unauthorized, expected 2xx"


def port_of(nginx: Nginx, service: str) -> int:
    return {"http": nginx.plain, "https": nginx.tls}[service]


async def raw(port: int, path: str, *headers: str) -> bytes:
    """Return what nginx answers to a request of our own making, to see that it does what a test is about."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write("\r\n".join((f"GET {path} HTTP/1.1", "Host: x", "Connection: close", *headers, "", "")).encode())
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


CASES: dict[str, tuple[dict[str, str], Outcome]] = {
    "a page": ({"request": "/alive.html"}, OK),
    "a page that matches": ({"request": "/alive.html", "receive": ALIVE}, OK),
    "a page that does not": (
        {"request": "/alive.html", "receive": "I'm dead"},
        down(Reason.MISMATCH, rf"the body does not match 'I'm dead': got '<p>{ALIVE}</p>\n'"),
    ),
    "HEAD": ({"request": "/alive.html", "httpmethod": "HEAD"}, OK),
    "HEAD of nothing": (
        {"request": "/nothing", "httpmethod": "HEAD"},
        down(Reason.STATUS, "404 Not Found, expected 2xx"),
    ),
    "HEAD with a receive": (
        {"request": "/alive.html", "httpmethod": "HEAD", "receive": ALIVE},
        down(
            Reason.MISMATCH,
            "an answer to HEAD has no body that could match receive: use httpmethod=GET, or no receive",
        ),
    ),
    "HEAD after a redirect": ({"request": "/absolute", "httpmethod": "HEAD"}, OK),
    "no content": ({"request": "/empty"}, up("204 No Content")),
    "no content to match": (
        {"request": "/empty", "receive": "."},
        down(Reason.MISMATCH, "the body does not match '.': it is empty"),
    ),
    "an odd name": ({"request": "/nothing spared: ü%3f.html", "receive": ALIVE}, OK),
    "in chunks": ({"request": "/chunked/alive.html", "receive": ALIVE}, OK),
    "in many chunks": ({"request": "/chunked/large.html", "receive": ALIVE}, OK),
    "packed only for those who like it": ({"request": "/packed/alive.html", "receive": ALIVE}, OK),
    "a large page": ({"request": "/large.html"}, OK),
    "a large page that begins well": ({"request": "/large.html", "receive": ALIVE}, OK),
    "nothing there": ({"request": "/nothing"}, down(Reason.STATUS, "404 Not Found, expected 2xx")),
    "a password": ({"request": "/private"}, down(Reason.STATUS, UNAUTHORIZED)),
    "not now": (
        {"request": "/tired"},
        down(Reason.STATUS, "503 Service Temporarily Unavailable, expected 2xx"),
    ),
    "a dead backend": ({"request": "/broken"}, down(Reason.STATUS, "502 Bad Gateway, expected 2xx")),
    "closed": (
        {"request": "/closed"},
        down(Reason.CLOSED, "the server closed the connection without an answer"),
    ),
    "redirected with the whole address": ({"request": "/absolute", "receive": ALIVE}, OK),
    "redirected with the path": ({"request": "/relative", "receive": ALIVE}, OK),
    "redirected to a folder": ({"request": "/folder", "receive": ALIVE}, OK),
    "redirected seven times": ({"request": "/hops/6", "receive": ALIVE}, OK),
    "redirected eight times": ({"request": "/hops/7"}, down(Reason.STATUS, "308 Permanent Redirect, expected 2xx")),
    "redirected for ever": ({"request": "/loop"}, down(Reason.STATUS, "307 Temporary Redirect, expected 2xx")),
    "redirected elsewhere": (
        {"request": "/elsewhere"},
        down(Reason.STATUS, "302 redirects to 'http://192.0.2.80/alive.html', which is not this server"),
    ),
}


@pytest.mark.parametrize(("words", "expected"), CASES.values(), ids=CASES.keys())
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("address", LOOPBACKS)
async def test_the_verdict_follows_the_page(
    nginx: Nginx, address: str, service: str, words: dict[str, str], expected: Outcome
) -> None:
    async with checking() as check:
        assert await check(at(port_of(nginx, service), address), service=service, **PATIENT | words) == expected


@pytest.mark.parametrize("service", SERVICES)
async def test_of_a_large_page_only_the_beginning_is_looked_at(nginx: Nginx, service: str) -> None:
    async with checking() as check:
        words = {"service": service, "request": "/large.html", "receive": LATE}
        outcome = await check(at(port_of(nginx, service)), **PATIENT | words)
    assert outcome.reason is Reason.TOO_LONG
    assert outcome.detail.startswith(f"the body's first 256 KiB does not match '{LATE}'")


async def test_the_chunks_and_the_packing_are_there(nginx: Nginx) -> None:
    assert b"\r\nTransfer-Encoding: chunked\r\n" in await raw(nginx.plain, "/chunked/alive.html")
    assert b"\r\nContent-Encoding: gzip\r\n" in await raw(nginx.plain, "/packed/alive.html", "Accept-Encoding: gzip")


async def test_a_page_that_is_packed_unasked_does_not_match(nginx: Nginx) -> None:
    async with checking() as check:
        words = {"service": "http", "request": "/packed-for-all/alive.html", "receive": ALIVE}
        outcome = await check(at(nginx.plain), **PATIENT | words)
    assert outcome.reason is Reason.MISMATCH
    assert r"got '\x1f\x8b" in outcome.detail


@pytest.mark.parametrize("service", SERVICES)
async def test_a_page_that_never_comes(nginx: Nginx, service: str) -> None:
    async with checking() as check:
        outcome = await check(at(port_of(nginx, service)), service=service, request="/slow")
    assert outcome.reason is Reason.TIMEOUT, outcome


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(address: str, service: str) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), service=service)
    assert outcome.reason is Reason.REFUSED


async def test_a_redirect_to_the_same_page_over_tls_leads_elsewhere(nginx: Nginx) -> None:
    async with checking() as check:
        outcome = await check(at(nginx.plain), service="http", request="/secure", **PATIENT)
    assert outcome == down(Reason.STATUS, "301 redirects to 'https://127.0.0.1/alive.html', which is not this server")


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_the_virtualhost_selects_the_site(nginx: Nginx, address: str) -> None:
    async with checking() as check:
        words = {"service": "http", "virtualhost": SHOP, **PATIENT}
        assert await check(at(nginx.plain, address), receive="^the shop$", **words) == OK
        assert await check(at(nginx.plain, address), request="/moved", receive="^the shop$", **words) == OK


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_the_virtualhost_selects_the_site_and_its_certificate(nginx: Nginx, address: str) -> None:
    async with checking() as check:
        words = {"service": "https", "virtualhost": SHOP, "receive": f"^the shop, by SNI {SHOP}$", **PATIENT}
        assert await check(at(nginx.tls, address), **words) == OK
        assert await check(at(nginx.tls, address), request="/moved", **words) == OK


async def test_a_server_that_insists_on_a_name(nginx: Nginx) -> None:
    words = {"service": "https", "request": "/alive.html", "receive": ALIVE, **PATIENT}
    async with checking() as check:
        outcome = await check(at(nginx.tls_by_name), **words)
        assert await check(at(nginx.tls_by_name), virtualhost=SHOP, **words) == OK
    assert outcome.reason is Reason.TLS
    assert "name" in outcome.detail


async def test_a_server_that_insists_on_a_certificate_of_ours(nginx: Nginx) -> None:
    async with checking() as check:
        outcome = await check(at(nginx.tls_mutual), service="https", **PATIENT)
    assert outcome == down(Reason.STATUS, "400 Bad Request, expected 2xx")


@pytest.mark.parametrize("version", ["tls12", "tls13"])
@pytest.mark.parametrize("address", LOOPBACKS)
async def test_servers_of_one_tls_version(nginx: Nginx, address: str, version: str) -> None:
    async with checking() as check:
        words = {"service": "https", "request": f"/alive.html?{version}-{address}", "receive": ALIVE, **PATIENT}
        outcomes = [await check(at(getattr(nginx, version), address), **words) for _ in range(3)]
    assert outcomes == [OK] * 3
    wait_until(lambda: len(nginx.told(f"{version}-{address}")) == 3, telling=nginx.log.read_text)
    assert [line[-1] for line in nginx.told(f"{version}-{address}")] == [".", "r", "r"]


async def test_a_server_of_an_outdated_tls_version(nginx: Nginx) -> None:
    """It is asked as it is, as by the original, unless `tlsminimum` says otherwise."""
    async with checking() as check:
        outcome = await check(at(nginx.tls11), service="https", **PATIENT)
        refused = await check(at(nginx.tls11), service="https", tls=TlsOptions(minimum="1.2"), **PATIENT)
    assert outcome == down(Reason.STATUS, "403 Forbidden, expected 2xx")
    assert refused.reason is Reason.TLS
    assert "version" in refused.detail


async def test_tls_where_none_is_spoken(nginx: Nginx) -> None:
    async with checking() as check:
        outcome = await check(at(nginx.plain), service="https", **PATIENT)
    assert outcome == down(Reason.TLS, "TLS failed: the server does not speak TLS on this port")


async def test_no_tls_where_it_is_spoken(nginx: Nginx) -> None:
    async with checking() as check:
        outcome = await check(at(nginx.tls), service="http", **PATIENT)
    assert outcome == down(Reason.STATUS, "400 Bad Request, expected 2xx")


@pytest.mark.parametrize("service", SERVICES)
async def test_a_real_servers_own_request_and_receive(nginx: Nginx, service: str) -> None:
    port = port_of(nginx, service)
    section = (f"service={service}", 'request="nothing"', 'receive="not this"', "negotiatetimeout=9")
    for own, expected in {
        f'"alive.html","{ALIVE}"': OK,
        f'"/alive.html","{ALIVE}"': OK,
        '"tired",""': down(Reason.STATUS, "503 Service Temporarily Unavailable, expected 2xx"),
        f'"{service}://127.0.0.1:{port}/alive.html","{ALIVE}"': OK,
        f'"{service}://{SHOP}/","the shop"': OK,
        f'"{service}://alice:rabbit%20hole@127.0.0.1:{port}/private","{ALIVE}"': OK,
        f'"{service}://alice:looking-glass@127.0.0.1:{port}/private",""': down(Reason.STATUS, UNAUTHORIZED),
    }.items():
        plan = configured(f"127.0.0.1:{port} masq {own}", *section)
        assert isinstance(plan, Repeated)
        async with probing() as ask:
            assert await ask(plan.probe) == expected, own


@pytest.mark.parametrize("service", SERVICES)
async def test_checkport_comes_before_the_port_that_is_served(nginx: Nginx, service: str) -> None:
    plan = configured(
        f"127.0.0.1:{nginx.nobody} masq", f"service={service}", 'request="alive.html"', f'receive="{ALIVE}"',
        f"checkport={port_of(nginx, service)}", "negotiatetimeout=9",
    )  # fmt: skip
    assert isinstance(plan, Repeated)
    async with probing() as ask:
        assert await ask(plan.probe) == OK


@pytest.mark.parametrize(("address", "host"), [("127.0.0.1", "127.0.0.1"), ("::1", "[::1]")])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_nginx_is_asked(nginx: Nginx, address: str, host: str, method: str) -> None:
    sign = f"asked-{method}-{address}"
    async with checking() as check:
        words = {"service": "http", "httpmethod": method, "request": f"/alive.html?{sign} x", **PATIENT}
        assert await check(at(nginx.plain, address), **words) == OK
    wait_until(lambda: nginx.told(sign), telling=nginx.log.read_text)
    asked = [str(nginx.plain), f"{method} /alive.html?{sign}%20x HTTP/1.1", host, "ldirectord-py", "-", "-", "-"]
    assert nginx.told(sign) == [asked]


@pytest.mark.parametrize("service", SERVICES)
async def test_no_connection_is_kept_open(nginx: Nginx, service: str) -> None:
    async with checking() as check:
        for words in ({}, {"receive": ALIVE}, {"httpmethod": "HEAD"}, {"request": "/loop"}):
            await check(at(port_of(nginx, service)), service=service, **{"request": "/alive.html"} | PATIENT | words)
        while b"Active connections: 1 " not in (answer := await raw(nginx.plain, "/status")):  # our question's own
            assert b"Active connections: " in answer
