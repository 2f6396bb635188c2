import struct
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ldirectord_py.ipvs.netlink import WireError, pack_nest, pack_u16, pack_u32
from ldirectord_py.ipvs.wire import LONGEST_PERSISTENCE, pack, unpack_destination, unpack_service
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Destination,
    RemoveDestination,
    RemoveService,
    SetDestination,
    SetService,
    Settings,
)
from tests.unit.ipvs.strategies import DESTINATIONS, ENDPOINTS, SERVICES, U32, VIRTUALS

VIRTUAL = AddressKey(Protocol.TCP, Endpoint(IPv4Address("10.0.0.1"), 80))
SETTINGS = Settings(netmask=IPv4Address("255.255.255.255"))
REAL = Endpoint(IPv4Address("10.0.0.5"), 8080)
METHODS = {Forwarding.MASQ: 0, Forwarding.IPIP: 2, Forwarding.GATE: 3}


TUNNEL = struct.pack("=HHBxxx", 5, 13, 0) + pack_u16(14, 0) + pack_u16(15, 0)
NO_CONNECTIONS = pack_u32(7, 0) + pack_u32(8, 0) + pack_u32(9, 0)


def as_the_kernel_lays_it_out(
    real: Endpoint, it: Destination, counters: bytes = NO_CONNECTIONS, tunnel: bytes = TUNNEL
) -> bytes:
    """Return a destination in the order of `ip_vs_genl_fill_dest`, with its statistics (left empty here)."""
    family = 2 if real.address.version == 4 else 10
    return b"\x05\x01\0\0" + pack_nest(
        2,
        struct.pack("=HH16s", 20, 1, real.address.packed)
        + struct.pack("=HH", 6, 2)
        + struct.pack("!Hxx", real.port)
        + pack_u32(3, METHODS[it.forwarding] | 0x100)
        + pack_u32(4, it.weight)
        + tunnel
        + pack_u32(5, it.upper)
        + pack_u32(6, it.lower)
        + counters
        + pack_u16(11, family)
        + pack_nest(10, b"")
        + pack_nest(12, b""),
    )


@given(SERVICES)
def test_a_service_is_read_as_it_was_written(service: tuple[VirtualKey, Settings]) -> None:
    assert unpack_service(pack(AddService(*service))) == service
    assert unpack_service(pack(SetService(*service))) == service


@given(VIRTUALS, ENDPOINTS, DESTINATIONS)
def test_a_destination_is_read_as_it_was_written(virtual: VirtualKey, real: Endpoint, it: Destination) -> None:
    assert unpack_destination(pack(AddDestination(virtual, real, it))) == (real, it)
    assert unpack_destination(pack(SetDestination(virtual, real, it))) == (real, it)


@given(ENDPOINTS, DESTINATIONS, st.tuples(U32, U32, U32))
def test_a_destination_is_read_whatever_the_kernel_counts_beside_it(real, it, counts: tuple[int, int, int]) -> None:
    counters = b"".join(pack_u32(kind, count) for kind, count in zip((7, 8, 9), counts, strict=True))
    assert unpack_destination(as_the_kernel_lays_it_out(real, it, counters)) == (real, it)


@given(ENDPOINTS, DESTINATIONS)
def test_a_kernel_that_lays_it_out_otherwise_is_understood_as_well(real: Endpoint, it: Destination) -> None:
    assert unpack_destination(as_the_kernel_lays_it_out(real, it, tunnel=b"")) == (real, it)


@pytest.mark.parametrize(
    ("change", "command"),
    [
        (AddService(VIRTUAL, SETTINGS), 1),
        (SetService(VIRTUAL, SETTINGS), 2),
        (RemoveService(VIRTUAL), 3),
        (AddDestination(VIRTUAL, REAL, Destination(forwarding=Forwarding.GATE, weight=1)), 5),
        (SetDestination(VIRTUAL, REAL, Destination(forwarding=Forwarding.GATE, weight=1)), 6),
        (RemoveDestination(VIRTUAL, REAL), 7),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, int) else str(value),
)
def test_each_change_has_its_command(change, command: int) -> None:
    assert pack(change)[:4] == bytes([command, 1, 0, 0])


def test_ports_are_in_the_networks_byte_order() -> None:
    packed = pack(RemoveDestination(VIRTUAL, REAL))
    assert struct.pack("=HH", 6, 4) + b"\x00\x50" in packed
    assert struct.pack("=HH", 6, 2) + b"\x1f\x90" in packed


def test_an_ipv6_netmask_is_a_number_and_an_ipv4_one_four_bytes() -> None:
    six = AddressKey(Protocol.TCP, Endpoint(IPv6Address("fd00::1"), 80))
    assert pack_u32(9, 64) in pack(AddService(six, Settings(netmask=64)))
    assert b"\xff\xff\xff\x00" in pack(AddService(VIRTUAL, Settings(netmask=IPv4Address("255.255.255.0"))))


def test_flags_are_written_whole_so_that_a_set_clears_as_well() -> None:
    assert struct.pack("=HHII", 12, 7, 0, 0xFFFFFFFF) in pack(SetService(VIRTUAL, SETTINGS))


def test_the_kernels_own_flag_is_not_shown() -> None:
    hashed = pack(AddService(VIRTUAL, SETTINGS)).replace(
        struct.pack("=HHI", 12, 7, 0), struct.pack("=HHI", 12, 7, 0x0002)
    )
    assert unpack_service(hashed) == (VIRTUAL, SETTINGS)


def test_a_service_of_a_protocol_that_we_do_not_manage_is_passed_over() -> None:
    sctp = pack(AddService(VIRTUAL, SETTINGS)).replace(pack_u16(2, 6), pack_u16(2, 132))
    assert unpack_service(sctp) is None


@pytest.mark.parametrize("method", [1, 4, 7])
def test_forwarding_that_no_configuration_asks_for_reads_as_gate(method: int) -> None:
    it = Destination(forwarding=Forwarding.GATE, weight=1)
    odd = pack(AddDestination(VIRTUAL, REAL, it)).replace(pack_u32(3, 3), pack_u32(3, method))
    assert unpack_destination(odd) == (REAL, it)


@pytest.mark.parametrize(
    "change",
    [
        AddService(MarkKey(0), SETTINGS),
        RemoveService(MarkKey(0)),
        AddService(MarkKey(5, 6), SETTINGS),
        AddService(VIRTUAL, Settings(netmask=64)),
        AddService(VIRTUAL, Settings(netmask=IPv4Address(0), persistence=LONGEST_PERSISTENCE + 1)),
        AddService(VIRTUAL, Settings(netmask=IPv4Address(0), persistence=-1)),
        AddService(VIRTUAL, Settings(netmask=IPv4Address(0), scheduler="\udcff")),
        AddDestination(VIRTUAL, REAL, Destination(forwarding=Forwarding.GATE, weight=2**32)),
        AddDestination(VIRTUAL, REAL, Destination(forwarding=Forwarding.GATE, weight=-1)),
        AddDestination(VIRTUAL, REAL.at_port(65536), Destination(forwarding=Forwarding.GATE, weight=1)),
    ],
    ids=str,
)
def test_what_does_not_fit_a_message_is_refused_before_it_is_sent(change) -> None:
    with pytest.raises(WireError):
        pack(change)


@pytest.mark.parametrize("unpack", [unpack_service, unpack_destination])
@given(st.binary(max_size=400))
def test_rubbish_is_refused_with_an_error_of_our_own(unpack, rubbish: bytes) -> None:
    with pytest.raises(WireError):
        unpack(rubbish)


@pytest.mark.parametrize("unpack", [unpack_service, unpack_destination])
@given(SERVICES, st.tuples(ENDPOINTS, DESTINATIONS), st.integers(0, 400), st.binary(min_size=1, max_size=4))
def test_a_message_with_a_hole_is_read_or_refused(unpack, service, destination, at: int, hole: bytes) -> None:
    for message in (pack(AddService(*service)), as_the_kernel_lays_it_out(*destination)):
        try:
            unpack(message[:at] + hole + message[at + len(hole) :])
        except WireError:
            continue
