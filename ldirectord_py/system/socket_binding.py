"""Binds a socket to the source of its check."""

import errno
import os
import socket

from ldirectord_py.model.checks.probe import Origin
from ldirectord_py.model.errors import CheckUnavailable

_IP_BIND_ADDRESS_NO_PORT = 24  # <linux/in.h>; the standard library names it from Python 3.12 on
_WITHOUT_PORTS = frozenset((socket.IPPROTO_ICMP, socket.IPPROTO_ICMPV6))


def bind(opened: socket.SocketType, origin: Origin) -> None:
    """Bind *opened* to *origin*; raises `CheckUnavailable`, for what is in the way is here and not at the server."""
    if origin.device is not None:
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, origin.device.encode() + b"\0")
        except OSError as error:
            raise CheckUnavailable(f"checkdevice: {_device_sentence(origin.device, error)}") from error
    if origin.address is not None:
        try:
            if opened.proto not in _WITHOUT_PORTS:
                # The port is picked by connect(2), for this server alone: one port can serve for many servers.
                opened.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
            opened.bind((str(origin.address), 0))
        except OSError as error:
            raise CheckUnavailable(f"checksource: {_address_sentence(origin, error)}") from error


def _device_sentence(device: str, error: OSError) -> str:
    match error.errno:
        case errno.ENODEV:
            return f"this director has no interface {device}"
        case errno.EPERM:
            return f"not allowed to go through interface {device}: CAP_NET_RAW is needed"
        case number:
            return f"cannot go through interface {device}: {os.strerror(number or 0)}"


def _address_sentence(origin: Origin, error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return f"this director does not have the address {origin.address}"
    return f"cannot be sent from {origin.address}: {os.strerror(error.errno or 0)}"
