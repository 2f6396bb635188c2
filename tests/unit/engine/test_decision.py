"""The table that a configuration and health ask for."""

from dataclasses import replace
from ipaddress import IPv4Address
from typing import Any

import pytest

from ldirectord_py.engine.decision import decide
from ldirectord_py.engine.servers import ServerState
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checks.check_plan import Never
from ldirectord_py.model.checks.outcome import Reason
from ldirectord_py.model.commands import AdminKind, AdminState
from ldirectord_py.model.config import Fallback, Real, Virtual
from ldirectord_py.model.decisions import Cause, Mode, Standing, Who
from ldirectord_py.model.health import Health, Rules, State
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol, VirtualKey
from ldirectord_py.model.table import Destination, ServiceFlags, Settings
from tests.unit.engine.tables import decided

WEB = AddressKey(Protocol.TCP, Endpoint(IPv4Address("10.9.9.1"), 80))


def server(number: int, port: int = 80) -> Endpoint:
    return Endpoint(IPv4Address(f"10.9.0.{number}"), port)


def virtual(
    *weights: int,
    key: VirtualKey = WEB,
    quiescent: bool = False,
    fallback: bool = True,
    forwarding: Forwarding = Forwarding.GATE,
    port: int = 80,
) -> Virtual:
    return Virtual(
        key=key,
        settings=Settings(scheduler="wrr", netmask=IPv4Address("255.255.255.255")),
        reals=tuple(
            Real(
                endpoint=server(number, port),
                destination=Destination(forwarding=forwarding, weight=weight),
                plan=Never(),
            )
            for number, weight in enumerate(weights, start=1)
        ),
        fallback=Fallback(endpoint=server(9), destination=Destination(forwarding=Forwarding.GATE, weight=1))
        if fallback
        else None,
        quiescent=quiescent,
    )


def weights(of: Virtual, *states: State) -> dict[str, int]:
    decision = decided(of, dict(zip(of.keys, states, strict=True)))
    return {str(endpoint): entry.weight for endpoint, entry in decision.service.destinations.items()}


UP, DOWN, UNKNOWN, ADOPTED = State.UP, State.DOWN, State.UNKNOWN, State.ADOPTED
A, B, F = "10.9.0.1:80", "10.9.0.2:80", "10.9.0.9:80"


@pytest.mark.parametrize(
    ("service", "states", "expected"),
    [
        (virtual(3, 2), (UP, UP), {A: 3, B: 2}),
        (virtual(3, 2), (UP, DOWN), {A: 3}),
        (virtual(3, 2), (DOWN, DOWN), {F: 1}),
        (virtual(3, 2, fallback=False), (DOWN, DOWN), {}),
        (virtual(3, 2, quiescent=True), (UP, DOWN), {A: 3, B: 0}),
        (virtual(3, 2, quiescent=True), (DOWN, DOWN), {A: 0, B: 0, F: 1}),
        (virtual(3, 2), (UNKNOWN, UNKNOWN), {F: 1}),
        (virtual(3, 2, quiescent=True), (UNKNOWN, UP), {A: 0, B: 2}),
        (virtual(3, 2), (ADOPTED, UNKNOWN), {A: 3}),
        (virtual(0), (UP,), {A: 0}),
        (virtual(), (), {F: 1}),
    ],
    ids=[
        "all serve",
        "one is out",
        "the fallback stands in",
        "no fallback, no entry",
        "quiescent keeps at weight 0",
        "quiescent, and the fallback",
        "nobody asked yet",
        "nobody asked yet, quiescent",
        "adopted stays in",
        "weight 0 counts as serving",
        "no servers at all",
    ],
)
def test_entries_follow_health(service: Virtual, states: tuple[State, ...], expected: dict[str, int]) -> None:
    assert weights(service, *states) == expected


def test_a_quiesced_server_that_somebody_took_out_is_not_put_back() -> None:
    service = virtual(3, 2, quiescent=True)
    one, two = service.keys
    servers = {
        one: ServerState(service.reals[0], Rules(), Health(UP, 0.0)),
        two: ServerState(service.reals[1], Rules(), Health(DOWN, 0.0), taken_out=True),
    }

    assert list(decide(service, servers).service.destinations) == [one.real]
    assert decide(service, servers).reals[two].weight is None


@pytest.mark.parametrize(
    ("scheduler", "flags", "hashed"),
    [
        ("mh", ServiceFlags.SCHED1, [0, 2, 5, 0]),
        ("mh", ServiceFlags.SCHED2, [0, 0, 0, 0]),
        ("sh", ServiceFlags.SCHED1, [0, 0, 0, 0]),
        ("wlc", ServiceFlags.NONE, [0, 0, 0, 0]),
    ],
)
def test_a_server_of_weight_0_keeps_its_place_in_a_hash_table_where_others_stand_in_for_it(
    scheduler: str, flags: ServiceFlags, hashed: list[int]
) -> None:
    service = virtual(3, 2, 1, 0, quiescent=True)
    service = replace(service, settings=replace(service.settings, scheduler=scheduler, flags=flags))
    states = (UP, DOWN, UNKNOWN, UP)
    servers = {
        key: ServerState(real, Rules(), Health(state, 0.0))
        for key, real, state in zip(service.keys, service.reals, states, strict=True)
    }
    by_operator = AdminState(kind=AdminKind.WEIGHT, by="ann", since=0.0, weight=5)
    servers[service.keys[2]].admin = by_operator
    destinations = decide(service, servers).service.destinations.values()
    assert [entry.weight for entry in destinations] == [3, 0, 0, 0]
    assert [entry.hashed_weight for entry in destinations] == hashed


def test_a_server_in_two_lines_serves_while_either_does() -> None:
    doubled = virtual(3)
    doubled = replace(doubled, reals=doubled.reals * 2)

    assert weights(doubled, UP, UP) == {A: 3}


@pytest.mark.parametrize(
    ("key", "forwarding", "kept_as"),
    [
        (WEB, Forwarding.GATE, "10.9.0.1:80"),
        (WEB, Forwarding.IPIP, "10.9.0.1:80"),
        (WEB, Forwarding.MASQ, "10.9.0.1:8080"),
        (MarkKey(1), Forwarding.GATE, "10.9.0.1:8080"),
    ],
    ids=str,
)
def test_methods_that_cannot_rewrite_ports_keep_the_virtuals(
    key: VirtualKey, forwarding: Forwarding, kept_as: str
) -> None:
    assert list(weights(virtual(1, key=key, forwarding=forwarding, port=8080), UP)) == [kept_as]


@pytest.mark.parametrize(
    ("service", "state", "mode"),
    [
        (virtual(1), UP, Mode.REALS),
        (virtual(0), UP, Mode.REALS),
        (virtual(1), DOWN, Mode.FALLBACK),
        (virtual(1, quiescent=True), DOWN, Mode.FALLBACK),
        (virtual(1, fallback=False), DOWN, Mode.NOBODY),
    ],
    ids=["a server", "a server of weight 0", "the fallback", "quiesced, and the fallback", "nobody"],
)
def test_who_is_there_for_clients(service: Virtual, state: State, mode: Mode) -> None:
    assert decided(service, {service.keys[0]: state}).mode is mode


CONFIGURED = Cause(Who.CONFIG, "weight 3 is configured")


@pytest.mark.parametrize(
    ("server_is", "quiescent", "standing"),
    [
        ({"health": Health(UP, 7.0)}, False, Standing(3, (CONFIGURED,))),
        ({"health": Health(ADOPTED, 7.0)}, False, Standing(3, (CONFIGURED,))),
        (
            {"health": Health(UNKNOWN, 7.0)},
            False,
            Standing(None, (CONFIGURED, Cause(Who.CHECK, "has not been checked yet", 7.0))),
        ),
        (
            {"health": Health(DOWN, 7.0, 1, Reason.STATUS, "404 Not Found, expected 2xx")},
            True,
            Standing(0, (CONFIGURED, Cause(Who.CHECK, "is down: 404 Not Found, expected 2xx", 7.0))),
        ),
        (
            {"health": Health(DOWN, 7.0, 1, Reason.MAINTENANCE, "Server in maintenance"), "file": "10.9.0.1"},
            False,
            Standing(None, (CONFIGURED, Cause(Who.FILE, "is in maintenance by the file 10.9.0.1", 7.0))),
        ),
        (
            {"health": Health(DOWN, 7.0), "taken_out": True},
            True,
            Standing(
                None,
                (
                    CONFIGURED,
                    Cause(Who.CHECK, "is down", 7.0),
                    Cause(Who.TABLE, "was taken out of the table, and readdquiescent is off"),
                ),
            ),
        ),
    ],
    ids=["up", "adopted", "not checked", "down", "maintenance", "taken out"],
)
def test_the_causes_lead_from_the_configured_weight_to_the_effective_one(
    server_is: dict[str, Any], quiescent: bool, standing: Standing
) -> None:
    service = virtual(3, quiescent=quiescent)
    (key,) = service.keys

    decision = decide(service, {key: ServerState(service.reals[0], Rules(), **server_is)})

    assert decision.reals == {key: standing}
    assert decision.until is None
