"""How the values of the directives about other directors are written."""

from ipaddress import ip_address

from ldirectord_py.config.grammar.directive import Reader, Unreadable
from ldirectord_py.model.cluster.role import FIFO_PREFIX, VIP_WORD, Role, RoleKind, RoleSource

_SYNTAX = "active | standby | FILE | fifo:PATH | vip | vip:ADDRESS"
_EXPECTED = "expected active, standby, the whole path of a file, fifo:PATH, vip or vip:ADDRESS"


def _role(text: str) -> RoleSource:
    word = text.strip()
    lowered = word.lower()
    if lowered in tuple(Role):
        return RoleSource(fixed=Role(lowered))
    if lowered == VIP_WORD:
        return RoleSource(kind=RoleKind.VIP)
    if lowered.startswith(f"{VIP_WORD}:"):
        return _address_decides(word[len(VIP_WORD) + 1 :])
    fifo = lowered.startswith(FIFO_PREFIX)
    path = word[len(FIFO_PREFIX) :] if fifo else word
    if not path.startswith("/") or path.endswith("/") or not path.isprintable():
        raise Unreadable(_EXPECTED)
    return RoleSource(kind=RoleKind.FIFO if fifo else RoleKind.FILE, path=path)


def _address_decides(text: str) -> RoleSource:
    try:
        address = ip_address(text.strip("[]"))
    except ValueError:
        raise Unreadable("expected vip:ADDRESS with an address of a director, such as vip:192.0.2.1") from None
    if address.is_unspecified or address.is_multicast or address.is_loopback:
        raise Unreadable("expected vip:ADDRESS with an address that one director at a time may have")
    return RoleSource(kind=RoleKind.VIP, address=address)


ROLE = Reader(_SYNTAX, _role, str)
