"""Addresses that cluster managers on this machine move."""

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

from ldirectord_py.model.address import IPAddress

_FILES = ("etc/ha.d/haresources", "etc/keepalived/keepalived.conf", "var/lib/pacemaker/cib/cib.xml")
_COMMENT = re.compile(r"(?m)(^|\s)[#!].*")
_BETWEEN = re.compile(r"[\s\"'/<>=,{}]+")


def managed_addresses(root: Path) -> Mapping[str, frozenset[IPAddress]]:
    """Return the addresses that the configurations of cluster managers below *root* name, by their files."""
    found = {}
    for name in _FILES:
        with suppress(OSError):  # it is not there, or this user may not read it
            found[f"/{name}"] = frozenset(_addresses((root / name).read_text(errors="replace")))
    return found


def _addresses(text: str) -> Iterator[IPAddress]:
    for word in _BETWEEN.split(_COMMENT.sub("", text)):
        for piece in (word, word.partition("::")[2]):  # IPaddr2::192.0.2.10 in haresources
            with suppress(ValueError):
                yield ip_address(piece)
