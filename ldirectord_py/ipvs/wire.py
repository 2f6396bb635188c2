"""Services and destinations as the attributes of `<linux/ip_vs.h>`: changes into messages, messages into values.

A message here is what follows the netlink header: the generic netlink header and the attributes.
The kernel's side of each is in `net/netfilter/ipvs/ip_vs_ctl.c`, `ip_vs_genl_*`.
"""

import socket
import struct
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address
from struct import Struct
from typing import Any, assert_never

from ldirectord_py.ipvs.ipvs_commands import IpvsCommand, body, command_message
from ldirectord_py.ipvs.netlink import (
    WireError,
    attributes,
    exactly,
    header_of,
    pack_nest,
    pack_text,
    pack_u16,
    pack_u32,
    text,
    u16,
    u32,
)
from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.service import AddressKey, Forwarding, MarkKey, Protocol, VirtualKey
from ldirectord_py.model.table import (
    AddDestination,
    AddService,
    Change,
    Connections,
    Destination,
    RemoveDestination,
    RemoveService,
    ServiceFlags,
    SetDestination,
    SetService,
    Settings,
)

LONGEST_PERSISTENCE = (2**32 - 1) // 1000
"""Seconds: the kernel counts in ticks, up to 1000 a second, in 32 bits, and takes whatever is left of more."""

# IPVS_CMD_ATTR_*, IPVS_SVC_ATTR_*, IPVS_DEST_ATTR_*
_SERVICE, _DEST = 1, 2
_SVC_AF, _SVC_PROTOCOL, _SVC_ADDR, _SVC_PORT, _SVC_FWMARK = 1, 2, 3, 4, 5
_SVC_SCHED_NAME, _SVC_FLAGS, _SVC_TIMEOUT, _SVC_NETMASK, _SVC_PE_NAME = 6, 7, 8, 9, 11
_DEST_ADDR, _DEST_PORT, _DEST_FWD_METHOD, _DEST_WEIGHT, _DEST_U_THRESH, _DEST_L_THRESH = 1, 2, 3, 4, 5, 6
_DEST_ACTIVE_CONNS, _DEST_INACT_CONNS, _DEST_PERSIST_CONNS = 7, 8, 9
_DEST_ADDR_FAMILY, _DEST_TUN_TYPE, _DEST_TUN_PORT, _DEST_TUN_FLAGS = 11, 13, 14, 15

_UNUSED_MARK = 0xFFFFFFFE

_HASHED = 0x0002  # IP_VS_SVC_F_HASHED, the kernel's own
_FWD_MASK = 0x0007  # IP_VS_CONN_F_FWD_MASK
_ALL_BITS = 0xFFFFFFFF

_METHODS = {Forwarding.MASQ: 0, Forwarding.IPIP: 2, Forwarding.GATE: 3}
# Other methods (1 local, 4 bypass) are nothing that `ldirectord.cf` could ask for; they read as gate, the nearest.  The
# kernel itself enters none of them: an address of its own keeps the method that was written (since 2.6.37).
_FORWARDINGS = {number: forwarding for forwarding, number in _METHODS.items()}
_PROTOCOLS = {Protocol.TCP: socket.IPPROTO_TCP, Protocol.UDP: socket.IPPROTO_UDP}
_PROTOCOLS_READ = {number: protocol for protocol, number in _PROTOCOLS.items()}
_FAMILIES = {4: int(socket.AF_INET), 6: int(socket.AF_INET6)}

_PAIR = Struct("=II")  # struct ip_vs_flags
_ADDRESS = Struct("=HH16s")  # union nf_inet_addr; IPv4 stands in its first four bytes


def pack(change: Change) -> bytes:
    """Return the message that makes *change*.

    Raises `WireError` where a value does not fit its attribute.
    """
    try:
        match change:
            case AddService(virtual, settings):
                return command_message(IpvsCommand.NEW_SERVICE, _service(virtual, settings))
            case SetService(virtual, settings):
                return command_message(IpvsCommand.SET_SERVICE, _service(virtual, settings))
            case RemoveService(virtual):
                return command_message(IpvsCommand.DEL_SERVICE, _service(virtual))
            case AddDestination(virtual, real, destination):
                return command_message(IpvsCommand.NEW_DEST, _service(virtual), _destination(real, destination))
            case SetDestination(virtual, real, destination):
                return command_message(IpvsCommand.SET_DEST, _service(virtual), _destination(real, destination))
            case RemoveDestination(virtual, real):
                return command_message(IpvsCommand.DEL_DEST, _service(virtual), pack_nest(_DEST, _endpoint(real)))
            case _:
                assert_never(change)
    except (struct.error, OverflowError, UnicodeEncodeError) as error:
        raise WireError(f"a value does not fit into an IPVS message ({error})") from error


def ask_info() -> bytes:
    """Return the question for the version of IPVS."""
    return command_message(IpvsCommand.GET_INFO)


def ask_modules(settings: Settings) -> bytes:
    """Return a request for a service that no kernel enters, since a prefix length of 0 is none.

    `ip_vs_add_service` looks at that (EINVAL) only after it has found scheduler and persistence engine, which it loads
    if need be, or has not found them (ENOENT).
    """
    key = pack_u16(_SVC_AF, _FAMILIES[6]) + pack_u32(_SVC_FWMARK, _UNUSED_MARK)
    flags = settings.flags & ~ServiceFlags.PERSISTENT
    return command_message(
        IpvsCommand.NEW_SERVICE,
        pack_nest(_SERVICE, key + _setup(replace(settings, flags=flags, persistence=0, netmask=0))),
    )


def ask_services(virtual: VirtualKey | None = None) -> bytes:
    """Return the question for *virtual* alone; without, that for all services, to be sent as a dump."""
    return (
        command_message(IpvsCommand.GET_SERVICE)
        if virtual is None
        else command_message(IpvsCommand.GET_SERVICE, _service(virtual))
    )


def ask_destinations(virtual: VirtualKey) -> bytes:
    """Return the question for the destinations of *virtual*, to be sent as a dump."""
    return command_message(IpvsCommand.GET_DEST, _service(virtual))


def unpack_service(message: bytes) -> tuple[VirtualKey, Settings] | None:
    """Return the service that *message* describes; None for protocols that we do not manage, such as SCTP.

    Raises `WireError` for whatever is not a service.
    """
    found = attributes(_nested(message, _SERVICE))
    virtual = _virtual(found)
    return None if virtual is None else (virtual, _settings(found))


def unpack_destination(message: bytes) -> tuple[Endpoint, Destination]:
    """Return the destination that *message* describes, with its address and port.

    Raises `WireError` for whatever is not a destination.
    """
    if (values := _laid_out(message)) is not None:
        address, port, method, weight, _, _, _, upper, lower, _, _, _, family = values
        return _endpoint_of(family, address, port), _destination_of(method, weight, upper, lower)
    return _walk_destination(message)


def unpack_connections(message: bytes) -> tuple[Endpoint, Connections]:
    """Return the address and port of the destination that *message* describes, and how many connections it has.

    Raises `WireError` for whatever is not a destination.
    """
    if (values := _laid_out(message)) is not None:
        address, port, *_, active, inactive, persistent, family = values
        return _endpoint_of(family, address, port), Connections(active, inactive, persistent)
    found = attributes(_nested(message, _DEST))
    return _named_endpoint(found), Connections(
        u32(found, _DEST_ACTIVE_CONNS), u32(found, _DEST_INACT_CONNS), u32(found, _DEST_PERSIST_CONNS)
    )


def _named_endpoint(found: Mapping[int, bytes]) -> Endpoint:
    return _endpoint_of(u16(found, _DEST_ADDR_FAMILY), exactly(found, _DEST_ADDR, 16), u16(found, _DEST_PORT))


def _walk_destination(message: bytes) -> tuple[Endpoint, Destination]:
    """Read a destination attribute by attribute, in whatever order they come."""
    found = attributes(_nested(message, _DEST))
    method, weight = u32(found, _DEST_FWD_METHOD), u32(found, _DEST_WEIGHT)
    return _named_endpoint(found), _destination_of(
        method, weight, u32(found, _DEST_U_THRESH), u32(found, _DEST_L_THRESH)
    )


# How kernels since 5.3 lay a destination out: `ip_vs_genl_fill_dest` puts the same attributes in the same order always,
# so one look at all headers at once replaces a walk of sixteen steps.
_LAID_OUT = Struct("=6xHI16sIHxxIIIIIBxxxIHxxIHxxIIIIIIIIIIIHxx")
_HEADERS = tuple(
    header_of(kind, length)
    for kind, length in (
        (_DEST_ADDR, 16),
        (_DEST_PORT, 2),
        (_DEST_FWD_METHOD, 4),
        (_DEST_WEIGHT, 4),
        (_DEST_TUN_TYPE, 1),
        (_DEST_TUN_PORT, 2),
        (_DEST_TUN_FLAGS, 2),
        (_DEST_U_THRESH, 4),
        (_DEST_L_THRESH, 4),
        (_DEST_ACTIVE_CONNS, 4),
        (_DEST_INACT_CONNS, 4),
        (_DEST_PERSIST_CONNS, 4),
        (_DEST_ADDR_FAMILY, 2),
    )
)


def _laid_out(message: bytes) -> tuple[Any, ...] | None:
    """Return the value of each attribute of `_HEADERS`; None: they are not laid out like this."""
    if len(message) < _LAID_OUT.size:
        return None
    fields = _LAID_OUT.unpack_from(message)
    return fields[2::2] if fields[0] == _DEST and fields[1::2] == _HEADERS else None


# Thousands of destinations are read every few seconds and hardly ever differ from the last time: equal ones are made
# once.  Past these sizes reading goes on as before, only slower.
@lru_cache(maxsize=65536)
def _endpoint_of(family: int, address: bytes, port: int) -> Endpoint:
    ip = IPv6Address(address) if _version(family) == 6 else IPv4Address(address[:4])
    return Endpoint(ip, socket.ntohs(port))


@lru_cache(maxsize=4096)
def _destination_of(method: int, weight: int, upper: int, lower: int) -> Destination:
    forwarding = _FORWARDINGS.get(method & _FWD_MASK, Forwarding.GATE)
    return Destination(forwarding=forwarding, weight=weight, upper=upper, lower=lower)


def _version(family: int) -> int:
    match family:
        case socket.AF_INET:
            return 4
        case socket.AF_INET6:
            return 6
        case _:
            raise WireError(f"expected an address of family IPv4 or IPv6, but got family {family}")


def _virtual(found: Mapping[int, bytes]) -> VirtualKey | None:
    family = u16(found, _SVC_AF)
    if _SVC_FWMARK in found:
        return MarkKey(u32(found, _SVC_FWMARK), _version(family))
    protocol = _PROTOCOLS_READ.get(u16(found, _SVC_PROTOCOL))
    if protocol is None:
        return None
    return AddressKey(protocol, _endpoint_of(family, exactly(found, _SVC_ADDR, 16), u16(found, _SVC_PORT)))


def _settings(found: Mapping[int, bytes]) -> Settings:
    flags, _ = _PAIR.unpack(exactly(found, _SVC_FLAGS, 8))
    netmask = exactly(found, _SVC_NETMASK, 4)
    inet6 = u16(found, _SVC_AF) == socket.AF_INET6
    return Settings(
        scheduler=text(found, _SVC_SCHED_NAME),
        flags=ServiceFlags(flags & ~_HASHED),
        persistence=u32(found, _SVC_TIMEOUT),
        netmask=int.from_bytes(netmask, sys.byteorder) if inet6 else IPv4Address(netmask),
        engine=text(found, _SVC_PE_NAME),
    )


def _service(virtual: VirtualKey, settings: Settings | None = None) -> bytes:
    """Return the service attribute: which service and, with *settings*, all of how it is set up."""
    match virtual:
        case AddressKey(protocol, endpoint):
            key = (
                pack_u16(_SVC_AF, _FAMILIES[endpoint.address.version])
                + pack_u16(_SVC_PROTOCOL, _PROTOCOLS[protocol])
                + _ADDRESS.pack(20, _SVC_ADDR, endpoint.address.packed)
                + pack_u16(_SVC_PORT, socket.htons(endpoint.port))
            )
        case MarkKey(0):
            raise WireError("expected a firewall mark above 0, but got 0")  # the kernel would enter an unnamed service
        case MarkKey(mark, version):
            key = pack_u16(_SVC_AF, _FAMILIES[version]) + pack_u32(_SVC_FWMARK, mark)
        case _:
            assert_never(virtual)
    if settings is None:
        return pack_nest(_SERVICE, key)
    if isinstance(settings.netmask, IPv4Address) is not (virtual.family == 4):
        raise WireError(f"expected a netmask of the family of {virtual}, but got {settings.netmask}")
    return pack_nest(_SERVICE, key + _setup(settings))


def _setup(settings: Settings) -> bytes:
    """Return what the kernel calls a full entry: it takes none of these for granted (`ip_vs_genl_parse_service`).

    The mask covers all flags, so that a SET also clears; HASHED the kernel adds for itself.
    """
    netmask = settings.netmask
    if settings.persistence > LONGEST_PERSISTENCE:
        raise WireError(f"expected a persistence of at most {LONGEST_PERSISTENCE} s, but got {settings.persistence} s")
    bits = int.from_bytes(netmask.packed, sys.byteorder) if isinstance(netmask, IPv4Address) else netmask
    return (
        pack_text(_SVC_SCHED_NAME, settings.scheduler)
        + (pack_text(_SVC_PE_NAME, settings.engine) if settings.engine else b"")
        + pack_nest(_SVC_FLAGS, _PAIR.pack(settings.flags, _ALL_BITS))
        + pack_u32(_SVC_TIMEOUT, settings.persistence)
        + pack_u32(_SVC_NETMASK, bits)
    )


def _endpoint(real: Endpoint) -> bytes:
    return (
        _ADDRESS.pack(20, _DEST_ADDR, real.address.packed)
        + pack_u16(_DEST_PORT, socket.htons(real.port))
        + pack_u16(_DEST_ADDR_FAMILY, _FAMILIES[real.address.version])
    )


def _destination(real: Endpoint, destination: Destination) -> bytes:
    """Return the destination attribute with all fields: what is left out, the kernel resets to 0."""
    return pack_nest(
        _DEST,
        _endpoint(real)
        + pack_u32(_DEST_FWD_METHOD, _METHODS[destination.forwarding])
        + pack_u32(_DEST_WEIGHT, destination.weight)
        + pack_u32(_DEST_U_THRESH, destination.upper)
        + pack_u32(_DEST_L_THRESH, destination.lower),
    )


def _nested(message: bytes, kind: int) -> bytes:
    """Return the attributes within the attribute *kind* of *message*."""
    outer = attributes(body(message))
    if kind not in outer:
        raise WireError(f"expected a message with the attribute {kind}, but got {message[:32]!r}")
    return outer[kind]
