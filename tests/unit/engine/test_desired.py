"""The table that a configuration and health ask for."""

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from ldirectord_py.engine.desired import desired, fallback_active
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.checking import Never
from ldirectord_py.model.config import Config, Fallback, Real, Virtual
from ldirectord_py.model.health import Health, State
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol, RealKey, VirtualKey
from ldirectord_py.model.table import Destination, Settings

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


def weights(of: Virtual, *states: State, forgone: frozenset[int] = frozenset()) -> dict[str, int]:
    healths = {
        RealKey(of.key, of.kernel_endpoint(real)): Health(state, 0.0)
        for real, state in zip(of.reals, states, strict=True)
    }
    out = {RealKey(of.key, server(number)) for number in forgone}
    table = desired(Config(path="x.cf", virtuals=(of,)), healths, out)
    return {str(endpoint): entry.weight for endpoint, entry in table[of.key].destinations.items()}


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
    assert weights(virtual(3, 2, quiescent=True), UP, DOWN, forgone=frozenset({2})) == {A: 3}


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


def test_fallback_is_active_while_nobody_serves() -> None:
    service = virtual(1)
    key = RealKey(WEB, server(1))

    assert fallback_active(service, {key: Health(State.DOWN, 0.0)})
    assert not fallback_active(service, {key: Health(State.UP, 0.0)})
    assert not fallback_active(virtual(1, fallback=False), {key: Health(State.DOWN, 0.0)})
