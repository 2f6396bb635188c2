"""How a virtual's opening line is written."""

import re
from dataclasses import dataclass

from ldirectord_py.config.grammar.directive import Unreadable, in_brackets, quoted

_HOST = re.compile(r"([0-9A-Za-z._+-]+):([A-Za-z0-9_-]+)", re.ASCII)
_IPV6 = re.compile(r"(\[[0-9A-Fa-f:]+\]):([A-Za-z0-9_-]+)", re.ASCII)
_BARE_IPV6 = re.compile(r"[0-9A-Fa-f]{0,4}(:[0-9A-Fa-f]{0,4}){2,8}(:[a-z]+)?", re.ASCII)
_MARK = re.compile(r"[0-9]+", re.ASCII)
_NOTHING_MORE = re.compile(r"(\s.*|#.*)?", re.ASCII | re.DOTALL)
_COMMENT = re.compile(r"\s*(#.*)?", re.ASCII | re.DOTALL)
_UDP_PORTS = frozenset({"53", "domain"})
_SHAPE = "ADDRESS:PORT or a firewall mark, such as 192.0.2.1:80 or 5"
LARGEST_MARK = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Opening:
    """The value of `virtual` or `virtual6`: host and port, or a mark."""

    family: int
    host: str
    port: str
    mark: int | None
    notes: tuple[str, ...] = ()
    bare: str = ""
    """It looks like an IPv6 address without brackets; what to write."""

    @property
    def udp(self) -> bool:
        """Whether the service is UDP where `protocol` says nothing."""
        return self.port in _UDP_PORTS


def read_opening(name: str, text: str) -> Opening:
    """Return what the line `NAME=TEXT` opens; raises `Unreadable`."""
    family = 6 if name == "virtual6" else 4
    bare = _bare(text)
    if match := _HOST.match(text):
        notes = () if bare else _ignored(text[match.end() :])
        return Opening(family, match[1], match[2], None, notes, bare)
    if bare:
        raise Unreadable(bare)
    if match := _MARK.match(text):
        return _mark(family, text, match)
    if match := _IPV6.match(text):
        if family == 4:
            raise Unreadable('cannot specify an IPv6 address here. please use "virtual6" instead.')
        return Opening(family, match[1], match[2], None, _ignored(text[match.end() :]))
    raise Unreadable(f"invalid address for virtual server: expected {_SHAPE}, but got {quoted(text)}")


def _mark(family: int, text: str, match: re.Match[str]) -> Opening:
    rest = text[match.end() :]
    if rest.startswith("."):
        raise Unreadable(f"invalid address for virtual server: no port: expected {_SHAPE}, but got {quoted(text)}")
    if len(match[0]) > 12 or not 0 < int(match[0]) <= LARGEST_MARK:
        raise Unreadable(f"expected a firewall mark from 1 to {LARGEST_MARK}, but got {quoted(text)}")
    plain = _NOTHING_MORE.fullmatch(rest) is not None
    notes = _ignored(rest) if plain else (f"{quoted(text)} is read as firewall mark {int(match[0])}",)
    return Opening(family, "", "", int(match[0]), notes)


def _bare(text: str) -> str:
    word = re.split(r"[\s#]", text, maxsplit=1)[0]
    if not _BARE_IPV6.fullmatch(word):
        return ""
    return f"an IPv6 address stands in brackets; write virtual6={in_brackets(word)}"


def _ignored(rest: str) -> tuple[str, ...]:
    return () if _COMMENT.fullmatch(rest) else (f"{quoted(rest)} is ignored",)
