"""How places are written: files, names and addresses of machines, interfaces."""

import re
from ipaddress import ip_address

from ldirectord_py.checks.building.sni import is_name
from ldirectord_py.config.grammar import json_types
from ldirectord_py.config.grammar.directive import Reader, Unreadable
from ldirectord_py.config.grammar.value_types import QUOTED_OR_TEXT
from ldirectord_py.model.address import IPAddress
from ldirectord_py.model.cluster.vips import VipPlace

NONE = "none"
"""Takes back, in a section, what the global part says."""


def _path(text: str) -> str:
    path = QUOTED_OR_TEXT.read(text)
    if not path.startswith("/") or not path.isprintable():
        raise Unreadable("expected the whole path of a file, such as /etc/ssl/ca.pem")
    return path


def _server_name(text: str) -> str:
    name = QUOTED_OR_TEXT.read(text)
    if is_name(name):
        return name
    try:
        return str(ip_address(name))
    except ValueError:
        raise Unreadable("expected the server's name, such as www.example.org, or its address") from None


def _source(text: str) -> IPAddress | None:
    if text.strip() == NONE:
        return None
    try:
        address = ip_address(text.strip())
    except ValueError:
        raise Unreadable("expected an address of this machine, such as 192.0.2.1 or 2001:db8::1, or none") from None
    if address.is_unspecified or address.is_multicast or "%" in str(address):
        raise Unreadable("expected one address of this machine, such as 192.0.2.1 or 2001:db8::1, or none")
    return address


_DEVICE = re.compile(r"(?!\.\.?\s*\Z)[!-.0-9;-~]{1,15}\s*", re.ASCII)
"""What the kernel takes for the name of an interface: dev_valid_name() of net/core/dev.c."""
_SWITCHES = {"yes", "no", "on", "off", "true", "false", "none"}
"""What nobody means as the name of an interface."""


def _device(text: str) -> str | None:
    if not _DEVICE.fullmatch(text):
        raise Unreadable("expected an interface's name of at most 15 characters, such as eth0, or none")
    return None if text.strip() == NONE else text.strip()


def _vips(text: str) -> VipPlace | None:
    word = text.strip()
    if word in {"yes", "no"}:
        return VipPlace() if word == "yes" else None
    if word.lower() in _SWITCHES or not _DEVICE.fullmatch(text):
        raise Unreadable("expected yes, no, or an interface's name of at most 15 characters, such as eth0")
    return VipPlace(word)


def _vips_text(value: VipPlace | None) -> str:
    return "no" if value is None else value.device or "yes"


def _user(text: str) -> str | None:
    name = text.strip()
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,31}\$?", name):
        raise Unreadable("expected the name of a user, such as nobody, or none")
    return None if name == NONE else name


def _group(text: str) -> str | None:
    name = text.strip()
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,31}\$?", name):
        raise Unreadable("expected the name of a group, such as adm, or none")
    return None if name == NONE else name


def _host_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip().lower() for name in text.split(","))
    if not all(is_name(name) for name in names):
        raise Unreadable("expected host names, such as lb1.example.com, with commas between them")
    return names


def _client_names(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(","))
    if not all(name and name.isprintable() and len(name) <= 255 for name in names):
        raise Unreadable("expected names as certificates have them, such as ops, with commas between them, or *")
    return names


def _or_none(value: object) -> str:
    return NONE if value is None else str(value)


PATH = Reader('PATH or "PATH"', _path, QUOTED_OR_TEXT.write, QUOTED_OR_TEXT.plain, quoted=True)
SERVER_NAME = Reader('NAME or "NAME"', _server_name, QUOTED_OR_TEXT.write, quoted=True)
SOURCE = Reader("ADDRESS | none", _source, _or_none)
DEVICE = Reader("INTERFACE | none", _device, _or_none)
VIPS = Reader("yes | no | INTERFACE", _vips, _vips_text, r"\S+\s*", schema=json_types.SWITCH_OR_NAME)
USER = Reader("USER | none", _user, _or_none)
GROUP = Reader("GROUP | none", _group, _or_none)
HOST_NAMES = Reader("HOST, …", _host_names, ", ".join, between=", ")
CLIENT_NAMES = Reader("NAME, … | *", _client_names, ", ".join, between=", ")
