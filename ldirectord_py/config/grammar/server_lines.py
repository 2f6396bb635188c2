"""How real servers, fallbacks and virtuals are written; names are resolved elsewhere."""

import re
from dataclasses import dataclass

from ldirectord_py.config.grammar.directive import Reader, Unreadable, Void, in_brackets, quoted, shown, unknown_word
from ldirectord_py.config.grammar.json_types import LARGEST
from ldirectord_py.config.grammar.tree import Checks
from ldirectord_py.config.grammar.value_types import rooted
from ldirectord_py.model.service import Forwarding

DEFAULT_WEIGHT = 1
"""Of a real server whose line names none."""

_NAME = r"[A-Za-z0-9.-]+"
# A name begins where no other begins, so that looking for the first one takes linear time.
_HOST = rf"(?:(?<![A-Za-z0-9.-]){_NAME}|\[[0-9A-Fa-f:]+\])"
HOST = re.compile(_HOST, re.ASCII)
PORT = re.compile(r"[A-Za-z0-9_-]+", re.ASCII)
_REAL = re.compile(rf"({_HOST})(?:->({_NAME}|\[[0-9A-Fa-f:]+\]))?(?::([A-Za-z0-9_-]+))?\s+(.*)", re.ASCII | re.DOTALL)
_EARLY_PORT = re.compile(rf"{_HOST}:[A-Za-z0-9_-]+->", re.ASCII)
_LITERAL = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|\[.*\]", re.ASCII)
_METHOD = re.compile(r"(\w*)(.*)", re.ASCII | re.DOTALL)
_PAIR = re.compile(r'\s"(.*)"[,\s]\s*"(.*)"', re.ASCII | re.DOTALL)
_HOST_PORT = re.compile(r"(.*):([A-Za-z0-9_-]+)", re.ASCII | re.DOTALL)
_BARE_REAL = re.compile(rf"{_HOST}(->({_HOST}))?(:[A-Za-z0-9_-]+)?\s*", re.ASCII)
_BARE_IPV6 = re.compile(r"([0-9A-Fa-f]*:){2,}[0-9A-Fa-f:]*([0-9]{1,3}(\.[0-9]{1,3}){3})?", re.ASCII)
_MEANT = {"nat": "masq", "masquerade": "masq", "dr": "gate", "route": "gate", "direct": "gate", "tun": "ipip"} | {
    "tunnel": "ipip",
    "g": "gate",
    "m": "masq",
    "i": "ipip",
}
"""What other programs call the forwarding methods."""
_METHODS = "gate, masq or ipip"
_SHAPE = "ADDRESS[:PORT] gate|masq|ipip, such as 10.0.0.5:80 gate"


@dataclass(frozen=True, slots=True, kw_only=True)
class RealLine:
    """The value of `real` or `real6`."""

    host: str
    end: str | None
    """The last host of a range."""
    port: str | None
    forwarding: Forwarding
    weight: int = DEFAULT_WEIGHT
    request: str | None = None
    receive: str | None = None
    lower: int = 0
    upper: int = 0
    notes: tuple[str, ...] = ()
    """What the operator should know of how the line was read."""
    checks: Checks = ()
    """Its own checks, instead of its virtual's."""
    redacted: bool = False
    """Its request or receive comes from elsewhere and is shown in no message."""


@dataclass(frozen=True, slots=True)
class FallbackLine:
    """The value of `fallback` or `fallback6`."""

    host: str
    port: str | None
    forwarding: Forwarding
    notes: tuple[str, ...] = ()


def _something(text: str) -> bool:
    return re.search(r"\S", text, re.ASCII) is not None


def forwarding(word: str) -> Forwarding:
    """Return the forwarding method called *word*; raises `Unreadable`."""
    try:
        return Forwarding(word)
    except ValueError:
        meant = _MEANT.get(word.lower())
        sentence = f'unknown forwarding method "{shown(word)}": did you mean {meant}?'
        raise Unreadable(
            sentence if meant else unknown_word("forwarding method", word, tuple(Forwarding)), complete=True
        ) from None


class _Rest:
    """What follows the forwarding method: whatever is found is taken out together with what stands before it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.notes: list[str] = []

    def take(self, match: re.Match[str] | None) -> re.Match[str] | None:
        if match is not None:
            self.skip(self.text[: match.start()])
            self.text = self.text[match.end() :]
        return match

    def skip(self, text: str) -> None:
        if _something(text):
            self.notes.append(f"{quoted(text.strip())} is ignored")

    def number(self, prefix: str, meaning: str) -> int | None:
        match = self.take(re.search(rf"\s{prefix}([0-9]+)", self.text, re.ASCII))
        if match is None:
            return None
        if len(match[1]) > 12 or int(match[1]) > LARGEST:
            raise Unreadable(f"expected a {meaning} up to {LARGEST}")
        return int(match[1])

    def pair(self) -> tuple[str, str] | None:
        # Where the first quote does not lead to a match, no later one does.
        start = re.search(r'\s"', self.text, re.ASCII)
        match = (
            self.take(_PAIR.search(self.text, start.start()))
            if start and _PAIR.match(self.text, start.start())
            else None
        )
        return (match[1], match[2]) if match else None


def _read_real(text: str) -> RealLine:
    match = _REAL.search(text)
    if match is None:
        raise _shapeless(text)
    notes = _in_front(text[: match.start()], match, text)
    server = _server(match)
    word, after = _split_method(match[4], server)
    rest = _Rest(after)
    weight = rest.number("", "weight")
    pair = rest.pair()
    lower = rest.number("l:", "threshold") or 0
    upper = rest.number("u:", "threshold") or 0
    if _something(rest.text):
        if not (pair and pair[0].startswith("/")):
            raise Unreadable(_left_over(rest.text, weight, after), about=server)
        # The original reads nothing behind a request with a slash.
        rest.skip(rest.text)
    if lower and lower > upper:
        notes.append(f"l:{lower} needs a u: that is not below it, or else the kernel refuses the server")
    return RealLine(
        host=match[1],
        end=match[2],
        port=match[3],
        forwarding=word,
        weight=DEFAULT_WEIGHT if weight is None else weight,
        request=rooted(pair[0]) if pair else None,
        receive=pair[1] if pair else None,
        lower=lower,
        upper=upper,
        notes=(*notes, *rest.notes),
    )


def _server(match: re.Match[str]) -> str:
    """Return what messages call the server of a line."""
    end, port = match[2], match[3]
    return shown(f"{match[1]}{'' if end is None else f'->{end}'}{'' if port is None else f':{port}'}")


def _split_method(text: str, server: str) -> tuple[Forwarding, str]:
    match = _METHOD.match(text)
    word, after = match.groups() if match else ("", text)
    if not word or word.isdecimal():
        raise Unreadable(f"add {_METHODS} in front of {quoted(text.strip())}", about=server)
    try:
        return forwarding(word), after
    except Unreadable as exc:
        raise Unreadable(str(exc), about=server) from None


def _shapeless(text: str) -> Unreadable:
    """Return what is wrong with a line that has no server and forwarding method."""
    server = text.strip()
    if _BARE_REAL.fullmatch(server):
        return Unreadable(f"add {_METHODS}", about=shown(server))
    if server and _BARE_IPV6.fullmatch(server.split()[0]):
        return Unreadable(_brackets(server.split()[0]), about=shown(server))
    return Unreadable(f"expected {_SHAPE}")


def _brackets(address: str) -> str:
    return f"an IPv6 address stands in brackets, as in {shown(in_brackets(address))}"


def _left_over(text: str, weight: int | None, after: str) -> str:
    """Say what is wrong with what nobody took of all that stands behind the forwarding method."""
    words = text.split()
    if text[0].isspace() and words[0].startswith('"'):
        return f'request and receive stand in quotes, both of them: "REQUEST", "RECEIVE", got {shown(text.strip())}'
    if weight is not None and text[0].isspace():
        return f'"{shown(text.strip())}" is not understood; expected [WEIGHT] ["REQUEST", "RECEIVE"] [l:N] [u:N]'
    got = after.split(maxsplit=1)[0] if weight is not None else words[0]
    for name in ("l:", "u:"):
        if got.startswith(name):
            return f'{name} must be followed by a number, got "{shown(got)}"'
    return f'weight must be {"0 or more" if re.fullmatch("-[0-9]+", got) else "a number"}, got "{shown(got)}"'


def _in_front(front: str, match: re.Match[str], text: str) -> list[str]:
    """Judge what stands in front of the address that was found: only what cannot be part of one is ignored."""
    if not _something(front):
        return []
    if _EARLY_PORT.match(text):
        raise Void("a range has its port behind its end, as in 10.0.0.1->10.0.0.9:80; this line names no server")
    if _LITERAL.fullmatch(match[1]) and not re.search(r"[0-9:_\[\]]", front):
        return [f"{quoted(front)} in front of {match[1]} is ignored"]
    written = text.split(maxsplit=1)[0]
    if re.fullmatch(r"[0-9.]+/", front):
        raise Unreadable(
            "a network is no server; write each, or a range such as 10.0.0.1->10.0.0.9", about=shown(written)
        )
    if re.fullmatch(r"[0-9.]+::", front):
        raise Unreadable("a single colon stands in front of the port", about=shown(written))
    if ":" in front:
        raise Unreadable(_brackets(written), about=shown(written))
    raise Unreadable(f"{quoted(front)} cannot be part of an address or of a name", about=shown(written))


def _read_fallback(text: str) -> FallbackLine:
    words = re.findall(r"\S+", text, re.ASCII)
    notes = [f"{quoted(' '.join(words[:-2]))} is ignored"] if len(words) > 2 else []
    host, *method = words[-2:] or [""]
    way = forwarding(method[0]) if method else Forwarding.GATE
    match = _HOST_PORT.fullmatch(host)
    if not host:
        notes.append("expected ADDRESS[:PORT] [gate|masq|ipip]; without a value, the local host is the fallback")
    return FallbackLine(match[1] if match else host, match[2] if match else None, way, tuple(notes))


def _write_real(real: RealLine) -> str:
    words = [_host_port(real.host, real.end, real.port), real.forwarding, str(real.weight)]
    if real.request is not None or real.receive is not None:
        words.append(f'"{real.request or ""}", "{real.receive or ""}"')
    words += [f"{name}:{number}" for name, number in (("l", real.lower), ("u", real.upper)) if number]
    return " ".join(words)


def _write_fallback(fallback: FallbackLine) -> str:
    host = _host_port(fallback.host, None, fallback.port)
    # Without a value, the local host is the fallback, at its own port and with the default method.
    return f"{host} {fallback.forwarding}" if host else ""


def _host_port(host: str, end: str | None, port: str | None) -> str:
    return f"{host}{'' if end is None else f'->{end}'}{'' if port is None else f':{port}'}"


REAL_LINE = Reader(
    'ADDRESS[->ADDRESS][:PORT] gate|masq|ipip [WEIGHT] ["REQUEST", "RECEIVE"] [l:LOWER] [u:UPPER]',
    _read_real,
    _write_real,
)
FALLBACK_LINE = Reader("ADDRESS[:PORT] [gate|masq|ipip]", _read_fallback, _write_fallback)
