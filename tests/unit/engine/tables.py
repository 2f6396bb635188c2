"""Strategies for tables, and the table in which servers are as a test says."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from ldirectord_py.engine.decision import decide
from ldirectord_py.engine.servers import ServerState
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.config import Virtual
from ldirectord_py.model.decisions import Decision
from ldirectord_py.model.health import Health, Rules, State
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol, RealKey
from ldirectord_py.model.table import Destination, Service, ServiceFlags, Settings

_few = st.integers(1, 4)
endpoints = st.builds(
    Endpoint,
    st.one_of(
        _few.map(lambda n: IPv4Address(f"10.0.0.{n}")),
        _few.map(lambda n: IPv6Address(f"fd00::{n}")),
    ),
    st.sampled_from([0, 80, 443]),
)
virtuals = st.one_of(
    st.builds(AddressKey, st.sampled_from(Protocol), endpoints),
    st.builds(MarkKey, _few, st.sampled_from([4, 6])),
)
settings = st.builds(
    Settings,
    scheduler=st.sampled_from(["wlc", "rr"]),
    flags=st.sampled_from([ServiceFlags.NONE, ServiceFlags.PERSISTENT]),
    persistence=st.sampled_from([0, 60]),
    netmask=st.sampled_from([IPv4Address("255.255.255.255"), 128]),
)
destinations = st.builds(
    Destination, forwarding=st.sampled_from(Forwarding), weight=st.integers(0, 2), upper=st.sampled_from([0, 9])
)
services = st.builds(Service, settings, st.dictionaries(endpoints, destinations, max_size=4))
tables = st.dictionaries(virtuals, services, max_size=4)


def decided(virtual: Virtual, states: Mapping[RealKey, State]) -> Decision:
    """Return what is wanted of *virtual* while its servers are in these states."""
    servers = {key: ServerState(real, Rules(), Health(states[key], 0.0)) for key, real in virtual.servers}
    return decide(virtual, servers)
