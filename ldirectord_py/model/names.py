"""From the names of servers and virtual services, as `str` and `target_name` write them, to what they name.

Each raises `ValueError` for what is no such name.
"""

from ipaddress import ip_address

from ldirectord_py.model.address import Endpoint
from ldirectord_py.model.commands import Target
from ldirectord_py.model.service import AddressKey, MarkKey, Protocol, RealKey, VirtualKey

_MARKS = {"fwm": 4, "fwm6": 6}


def endpoint(text: str) -> Endpoint:
    """Return the endpoint that `str` has written."""
    address, _, port = text.rpartition(":")
    return Endpoint(ip_address(address.removeprefix("[").removesuffix("]")), int(port))


def virtual_key(text: str) -> VirtualKey:
    """Return the key that `str` has written."""
    kind, _, rest = text.partition(":")
    return MarkKey(int(rest), _MARKS[kind]) if kind in _MARKS else AddressKey(Protocol(kind), endpoint(rest))


def target(text: str) -> Target:
    """Return what `target_name` was given."""
    real, at, virtual = text.partition("@")
    if at:
        return RealKey(virtual_key(virtual), endpoint(real))
    try:
        return ip_address(text)
    except ValueError:
        return virtual_key(text)
