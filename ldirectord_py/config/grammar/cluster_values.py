"""How the values of the directives about other directors are written."""

from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from ldirectord_py.config.grammar.directive import Reader, Unreadable
from ldirectord_py.config.grammar.places import DEVICE
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.role import FIFO_PREFIX, VIP_WORD, Role, RoleKind, RoleSource
from ldirectord_py.model.cluster.sync_daemon import SyncSettings

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


def _sync(text: str) -> SyncSettings:
    device, *words = text.split() or [""]
    if DEVICE.read(device) is None:
        raise Unreadable(f"expected {_SYNC_SYNTAX}")
    said: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in _SYNC or f"{name}=" not in word or _SYNC[name][0] in said:
            raise Unreadable(f"expected {_SYNC_SYNTAX}")
        field, most = _SYNC[name]
        said[field] = _group(value) if name == "group" else _number(name, value, most)
    if said.get("peer_id") is not None and said["peer_id"] == said.get("sync_id", 0):
        raise Unreadable("expected two numbers: id is that of this director, peer that of the other one")
    return SyncSettings(device=device, **said)


def _number(name: str, value: str, most: int) -> int:
    least = 0 if name in {"id", "peer"} else 1
    if not value.isascii() or not value.isdecimal() or not least <= int(value[:9]) <= most:
        raise Unreadable(f"expected {name}={least} to {most}")
    return int(value)


def _group(value: str) -> IPAddress:
    try:
        group = ip_address(value)
    except ValueError:
        raise Unreadable("expected group=ADDRESS, such as 224.0.0.81 or ff02::81") from None
    if not group.is_multicast:
        raise Unreadable("expected the address of a multicast group, such as group=224.0.0.81")
    return group


_SYNC: Mapping[str, tuple[str, int]] = {
    "id": ("sync_id", 255),
    "peer": ("peer_id", 255),
    "group": ("group", 0),
    "port": ("port", 65535),
    "ttl": ("ttl", 255),
    "maxlen": ("maxlen", 65535),
}
"""By name: the field of `SyncSettings`, and the largest number."""
_SYNC_SYNTAX = "INTERFACE [id=N] [peer=N] [group=ADDRESS] [port=N] [ttl=N] [maxlen=N]"
SYNC = Reader(_SYNC_SYNTAX, _sync, str)
ROLE = Reader(_SYNTAX, _role, str)
