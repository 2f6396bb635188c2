import errno
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.ipvs.memory import MemoryTable
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Destination,
    RemoveDestination,
    RemoveService,
    Service,
    SetDestination,
    SetService,
    Settings,
    Table,
)
from tests.unit.ipvs.strategies import CHANGES

WEB = AddressKey(Protocol.TCP, Endpoint(IPv4Address("10.0.0.1"), 80))
MARK = MarkKey(7)
RR = Settings(scheduler="rr", netmask=IPv4Address("255.255.255.255"))
WLC = Settings(scheduler="wlc", netmask=IPv4Address("255.255.255.255"))
ONE = Endpoint(IPv4Address("10.0.0.5"), 80)
SIX = Endpoint(IPv6Address("fd00::5"), 80)


def gate(weight: int = 1, upper: int = 0, lower: int = 0) -> Destination:
    return Destination(forwarding=Forwarding.GATE, weight=weight, upper=upper, lower=lower)


@pytest.fixture
def table() -> MemoryTable:
    return MemoryTable({WEB: Service(RR, {ONE: gate()})})


async def test_what_was_written_is_read(table: MemoryTable) -> None:
    port: Table = table
    assert not await port.apply([AddService(MARK, WLC), AddDestination(MARK, ONE, gate(3))])
    assert await port.read() == {WEB: Service(RR, {ONE: gate()}), MARK: Service(WLC, {ONE: gate(3)})}
    port.close()
    assert await port.read([MARK, MarkKey(9)]) == {MARK: Service(WLC, {ONE: gate(3)})}


async def test_what_exists_is_adopted_with_its_real_servers(table: MemoryTable) -> None:
    assert not await table.apply([AddService(WEB, WLC)])
    assert table.state == {WEB: Service(WLC, {ONE: gate()})}
    assert not await table.apply([AddDestination(WEB, ONE, gate(9))])
    assert table.state == {WEB: Service(WLC, {ONE: gate(9)})}


async def test_a_service_goes_with_its_real_servers(table: MemoryTable) -> None:
    assert not await table.apply([RemoveService(WEB)])
    assert table.state == {}


async def test_what_is_gone_need_not_be_removed(table: MemoryTable) -> None:
    gone = [RemoveService(MARK), RemoveDestination(MARK, ONE), RemoveDestination(WEB, SIX)]
    assert not await table.apply(gone)


@pytest.mark.parametrize(
    ("change", "number", "words"),
    [
        (SetService(MARK, RR), errno.ESRCH, "The virtual service fwm:7 is not in the table"),
        (AddDestination(MARK, ONE, gate()), errno.ESRCH, "The virtual service fwm:7 is not in the table"),
        (
            SetDestination(WEB, ONE.at_port(81), gate()),
            errno.ENOENT,
            "10.0.0.5:81 is not in the table under tcp:10.0.0.1",
        ),
        (AddDestination(WEB, SIX, gate()), errno.EINVAL, "only ipip may lead to the other IP family, but this is gate"),
        (SetDestination(WEB, ONE, gate(1, 5, 9)), errno.ERANGE, "but got weight 1, upper 5, lower 9"),
        (SetDestination(WEB, ONE, gate(2**31)), errno.ERANGE, "expected a weight from 0 to 2147483647"),
        (AddService(MARK, Settings(netmask=64)), errno.EINVAL, "expected a mark above 0 (if any), names of at most 15"),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, int | str) else "",
)
async def test_a_refusal_says_what_was_expected(table: MemoryTable, change: Change, number: int, words: str) -> None:
    before = table.state
    (refusal,) = await table.apply([change])
    assert (refusal.change, refusal.errno) == (change, number)
    assert words in refusal.sentence
    assert table.state == before


async def test_what_follows_a_refusal_is_in_force(table: MemoryTable) -> None:
    refusals = await table.apply([SetService(MARK, RR), SetDestination(WEB, ONE, gate(5))])
    assert [refusal.errno for refusal in refusals] == [errno.ESRCH]
    assert table.state[WEB].destinations == {ONE: gate(5)}


async def test_a_stranger_may_replace_the_table(table: MemoryTable) -> None:
    table.state = {**table.state, WEB: Service(RR, {})}
    assert await table.read() == {WEB: Service(RR, {})}


async def test_a_picture_of_the_table_stays_as_it_was(table: MemoryTable) -> None:
    picture = await table.read()
    await table.apply([SetDestination(WEB, ONE, gate(0)), AddDestination(WEB, ONE.at_port(0), gate())])
    assert picture == {WEB: Service(RR, {ONE: gate()})}


@given(st.lists(CHANGES))
async def test_writing_the_same_again_changes_nothing(changes: Sequence[Change]) -> None:
    table = MemoryTable()
    await table.apply(changes)
    before = table.state
    added: list[Change] = []
    for virtual, service in before.items():
        added.append(AddService(virtual, service.settings))
        added += [AddDestination(virtual, real, it) for real, it in service.destinations.items()]
    assert not await table.apply(added)
    assert table.state == before
