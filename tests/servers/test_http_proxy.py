"""Service http_proxy, asked of Squid before nginx."""

from collections.abc import Iterator

import pytest

from ldirectord_py.model.checks.check_plan import Repeated
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up
from tests.lab.support.waiting import wait_until
from tests.peers.options import checking, configured, probing
from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, PATIENT, at
from tests.servers.nginx import ALIVE, SHOP, Nginx
from tests.servers.squid import FORBIDDEN, ORIGIN, squid

OK = up("200 OK")


@pytest.fixture(scope="module", name="squid")
def running() -> Iterator[int]:
    with squid() as port:
        yield port


CASES: dict[str, tuple[str, dict[str, str], Outcome]] = {
    "a page": ("/alive.html", {}, OK),
    "a page that matches": ("/alive.html", {"receive": ALIVE}, OK),
    "a page that does not": (
        "/alive.html",
        {"receive": "nobody"},
        down(Reason.MISMATCH, rf"the body does not match 'nobody': got '<p>{ALIVE}</p>\n'"),
    ),
    "HEAD": ("/alive.html", {"httpmethod": "HEAD"}, OK),
    "in chunks": ("/chunked/large.html", {"receive": ALIVE}, OK),
    "nothing there": ("/nothing", {}, down(Reason.STATUS, "404 Not Found, expected 2xx")),
    "a redirect": ("/absolute", {"receive": ALIVE}, OK),
    "a redirect with the path": ("/relative", {"receive": ALIVE}, OK),
    "redirected for ever": ("/loop", {}, down(Reason.STATUS, "307 Temporary Redirect, expected 2xx")),
    "a tunnel": (
        "/secure",
        {},
        down(Reason.STATUS, f"301 redirects to 'https://{ORIGIN}/alive.html', which is not this server"),
    ),
    "a virtualhost, which is not used": ("/alive.html", {"virtualhost": SHOP, "receive": ALIVE}, OK),
}


def url(nginx: Nginx, path: str, host: str = ORIGIN) -> str:
    return f"http://{host}:{nginx.plain}{path}"


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("address", LOOPBACKS)
async def test_the_verdict_follows_the_page(squid: int, nginx: Nginx, address: str, case: str) -> None:
    path, words, expected = CASES[case]
    async with checking() as check:
        words = {"service": "http_proxy", "request": url(nginx, path)} | words
        assert await check(at(squid, address), **PATIENT | words) == expected


async def test_the_url_says_which_site_is_meant(squid: int, nginx: Nginx) -> None:
    async with checking() as check:
        for path in ("/", ""):  # an empty one is the same as a slash
            words = {"service": "http_proxy", "request": url(nginx, path, SHOP), "receive": "^the shop$"}
            assert await check(at(squid), **PATIENT | words) == OK


async def test_name_and_password_reach_the_origin(squid: int, nginx: Nginx) -> None:
    words = {"service": "http_proxy", "receive": ALIVE, **PATIENT}
    async with checking() as check:
        for userinfo, expected in {
            "alice:rabbit%20hole": OK,
            "alice:looking-glass": down(Reason.STATUS, "401 Unauthorized, expected 2xx"),
        }.items():
            request = url(nginx, "/private", f"{userinfo}@{ORIGIN}")
            assert await check(at(squid), request=request, **words) == expected


async def test_the_page_comes_through_the_proxy(squid: int, nginx: Nginx) -> None:
    async with checking() as check:
        words = {"service": "http_proxy", "request": url(nginx, "/alive.html?through"), **PATIENT}
        assert await check(at(squid), **words) == OK
    wait_until(lambda: nginx.told("?through"), telling=nginx.log.read_text)
    ((port, line, host, agent, via, *_),) = nginx.told("?through")
    assert (port, line, agent) == (str(nginx.plain), "GET /alive.html?through HTTP/1.1", "ldirectord-py")
    assert host == f"{ORIGIN}:{nginx.plain}"
    assert via.startswith("1.1 proxy.example.org (squid")


async def test_the_proxy_does_not_let_us(squid: int, nginx: Nginx) -> None:
    async with checking() as check:
        words = {"service": "http_proxy", "request": url(nginx, "/alive.html", FORBIDDEN), **PATIENT}
        assert await check(at(squid), **words) == down(Reason.STATUS, "403 Forbidden, expected 2xx")


async def test_the_origin_is_dead(squid: int, nginx: Nginx) -> None:
    async with checking() as check:
        words = {"service": "http_proxy", "request": f"http://{ORIGIN}:{nginx.nobody}/", **PATIENT}
        assert await check(at(squid), **words) == down(Reason.STATUS, "503 Service Unavailable, expected 2xx")


async def test_the_origin_never_answers(squid: int, nginx: Nginx) -> None:
    async with checking() as check:
        outcome = await check(at(squid), service="http_proxy", request=url(nginx, "/slow"))
    assert outcome == down(Reason.TIMEOUT, "connected, but no answer within 1 s")


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_no_proxy_listens_it_is_refused(nginx: Nginx, address: str) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), service="http_proxy", request=url(nginx, "/alive.html"))
    assert outcome.reason is Reason.REFUSED


async def test_a_web_server_that_is_no_proxy_may_answer_too(nginx: Nginx) -> None:
    async with checking() as check:
        words = {"service": "http_proxy", "request": url(nginx, "/alive.html"), "receive": ALIVE, **PATIENT}
        assert await check(at(nginx.plain), **words) == OK


async def test_a_real_servers_own_request_and_receive(squid: int, nginx: Nginx) -> None:
    section = ("service=http_proxy", f'request="{url(nginx, "/nothing")}"', 'receive="not this"', "negotiatetimeout=9")
    for own, expected in {
        f'"{url(nginx, "/alive.html")}","{ALIVE}"': OK,
        f'"{url(nginx, "/tired")}",""': down(Reason.STATUS, "503 Service Unavailable, expected 2xx"),
    }.items():
        plan = configured(f"127.0.0.1:{squid} masq {own}", *section)
        assert isinstance(plan, Repeated)
        async with probing() as ask:
            assert await ask(plan.probe) == expected, own
