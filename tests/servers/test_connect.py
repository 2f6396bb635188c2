"""The checktypes that ask no service: connect, asked of nginx; ping, of this machine; and none, of nobody."""

import os

import pytest

from ldirectord_py.model.checks.check_options import CheckType
from ldirectord_py.model.checks.check_plan import Alternating, Always, CheckPlan, Repeated
from ldirectord_py.model.checks.outcome import Outcome, Reason, Verdict, down, up
from tests.lab.support.waiting import wait_until
from tests.peers.options import UDP_VIP, checking, configured, probing
from tests.peers.ports import free_port
from tests.servers.daemons import LOOPBACKS, at
from tests.servers.nginx import Nginx

CONNECTED = up("connected")
REFUSED = down(Reason.REFUSED, "connection refused")
ECHOED = up("echo replied")


async def ask(plan: CheckPlan) -> Outcome:
    assert isinstance(plan, Repeated)
    async with probing() as asked:
        return await asked(plan.probe)


def planned(address: str, port: int, *lines: str) -> CheckPlan:
    host = f"[{address}]" if ":" in address else address
    return configured(f"{host}:{port} masq", *lines)


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_a_connection_is_enough_whatever_is_served(nginx: Nginx, address: str) -> None:
    for port in (nginx.plain, nginx.tls):
        assert await ask(planned(address, port, "checktype=connect")) == CONNECTED


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_where_nobody_listens_it_is_refused(nginx: Nginx, address: str) -> None:
    assert await ask(planned(address, nginx.nobody, "checktype=connect")) == REFUSED


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_checkport_comes_before_the_port_that_is_served(nginx: Nginx, address: str) -> None:
    lines = ("checktype=connect", f"checkport={nginx.plain}")
    assert await ask(planned(address, nginx.nobody, *lines)) == CONNECTED
    assert await ask(planned(address, nginx.plain, "checktype=connect", f"checkport={nginx.nobody}")) == REFUSED


async def test_a_mark_is_connected_to_as_tcp_and_needs_a_port(nginx: Nginx) -> None:
    assert await ask(configured(f"127.0.0.1:{nginx.plain} masq", "checktype=connect", virtual="7")) == CONNECTED
    outcome = await ask(configured("127.0.0.1 masq", "checktype=connect", virtual="7"))
    assert outcome == down(Reason.REFUSED, "no port to check: give the real server a port, or set checkport")


async def test_a_connection_is_left_without_a_word(nginx: Nginx) -> None:
    for _ in range(20):
        assert await ask(planned("127.0.0.1", nginx.guestbook, "checktype=connect")) == CONNECTED
    async with checking() as check:
        await check(at(nginx.guestbook), service="http", request="/?last")
    wait_until(lambda: nginx.told("?last"), telling=nginx.log.read_text)
    assert len(nginx.told(port=nginx.guestbook)) == 1  # nginx is one process, so it has seen the others before


@pytest.mark.parametrize("address", LOOPBACKS)
@pytest.mark.parametrize("checktype", ["connect", "ping"])
async def test_a_udp_virtual_is_pinged(address: str, checktype: str) -> None:
    plan = planned(address, free_port(), f"checktype={checktype}", "protocol=udp", "service=dns")
    outcome = await ask(plan)
    # Without the right to send echo requests that is our fault, not the server's.
    assert outcome == ECHOED or (os.geteuid() and outcome.verdict is Verdict.FAULT)


@pytest.mark.parametrize("address", LOOPBACKS)
async def test_a_machine_without_the_service_answers_pings(address: str) -> None:
    async with checking() as check:
        outcome = await check(at(free_port(), address), checktype=CheckType.PING)
        other = await check(at(free_port(), address), UDP_VIP, checktype=CheckType.CONNECT)
    assert outcome == other
    assert outcome == ECHOED or (os.geteuid() and outcome.verdict is Verdict.FAULT)


async def test_combined_asks_for_the_page_and_connects(nginx: Nginx) -> None:
    lines = ("checktype=2", "service=http", 'request="tired"', "negotiatetimeout=9")
    plan = planned("127.0.0.1", nginx.plain, *lines)
    assert isinstance(plan, Alternating)
    async with probing() as asked:
        assert (await asked(plan.negotiate)).reason is Reason.STATUS
        assert await asked(plan.connect) == CONNECTED


@pytest.mark.parametrize("lines", [["service=none"], ["checktype=negotiate", "service=none"], ["checktype=on"]])
@pytest.mark.parametrize("address", LOOPBACKS)
def test_nothing_is_asked_where_the_service_is_none(address: str, lines: list[str]) -> None:
    assert planned(address, 9, *lines) == Always()
