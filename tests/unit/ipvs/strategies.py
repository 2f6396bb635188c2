"""Values that an IPVS table can hold, for hypothesis."""

from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from ldirectord_py.ipvs.wire import LONGEST_PERSISTENCE
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Destination,
    RemoveDestination,
    RemoveService,
    ServiceFlags,
    SetDestination,
    SetService,
    Settings,
)

U32 = st.integers(0, 2**32 - 1)
PORTS = st.integers(0, 65535)
NAMES = st.text(st.characters(codec="ascii", exclude_characters="\0"), min_size=1, max_size=15)
ENDPOINTS = st.builds(Endpoint, st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)), PORTS)
VIRTUALS = st.one_of(
    st.builds(AddressKey, st.sampled_from(Protocol), ENDPOINTS),
    st.builds(MarkKey, st.integers(1, 2**32 - 1), st.sampled_from([4, 6])),
)
FLAGS = st.integers(0, 2**32 - 1).map(lambda bits: ServiceFlags(bits & ~0x0002))
DESTINATIONS = st.builds(Destination, forwarding=st.sampled_from(Forwarding), weight=U32, upper=U32, lower=U32)


def settings_for(virtual: VirtualKey) -> st.SearchStrategy[Settings]:
    netmasks = st.ip_addresses(v=4) if virtual.family == 4 else st.integers(1, 128)
    return st.builds(
        Settings,
        scheduler=NAMES,
        flags=FLAGS,
        persistence=st.integers(0, LONGEST_PERSISTENCE),
        netmask=netmasks,
        engine=st.one_of(st.just(""), NAMES),
    )


SERVICES = VIRTUALS.flatmap(lambda virtual: st.tuples(st.just(virtual), settings_for(virtual)))

# A small world, in which changes meet one another.  Real servers of the other family are welcome only with ipip.
_FEW_VIRTUALS = st.sampled_from(
    [
        AddressKey(Protocol.TCP, Endpoint(IPv4Address("10.0.0.1"), 80)),
        AddressKey(Protocol.UDP, Endpoint(IPv6Address("fd00::1"), 53)),
        MarkKey(7),
    ]
)
_FEW_REALS = st.builds(
    Endpoint,
    st.sampled_from([IPv4Address("10.0.0.5"), IPv4Address("10.0.0.6"), IPv6Address("fd00::5")]),
    st.sampled_from([0, 80]),
)
_FEW_DESTINATIONS = st.builds(
    Destination,
    forwarding=st.sampled_from(Forwarding),
    weight=st.sampled_from([0, 1, 2**31 - 1, 2**31, 2**32]),
    upper=st.sampled_from([0, 5]),
    lower=st.sampled_from([0, 3, 9]),
    hashed_weight=st.sampled_from([0, 1]),
)
_FEW_SETTINGS = st.builds(
    Settings,
    scheduler=st.sampled_from(["rr", "wlc"]),
    flags=st.sampled_from([ServiceFlags.NONE, ServiceFlags.PERSISTENT, ServiceFlags.ONE_PACKET]),
    persistence=st.sampled_from([0, 60, LONGEST_PERSISTENCE + 1]),
    netmask=st.sampled_from([IPv4Address("255.255.255.255"), IPv4Address("255.255.255.0"), 128, 64, 0]),
)
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(AddService, _FEW_VIRTUALS, _FEW_SETTINGS),
    st.builds(SetService, _FEW_VIRTUALS, _FEW_SETTINGS),
    st.builds(RemoveService, _FEW_VIRTUALS),
    st.builds(AddDestination, _FEW_VIRTUALS, _FEW_REALS, _FEW_DESTINATIONS),
    st.builds(SetDestination, _FEW_VIRTUALS, _FEW_REALS, _FEW_DESTINATIONS),
    st.builds(RemoveDestination, _FEW_VIRTUALS, _FEW_REALS),
)
