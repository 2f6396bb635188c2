"""Real servers and fallbacks in YAML: a line as in `ldirectord.cf`, or a mapping."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ldirectord_py.config.grammar import value_types
from ldirectord_py.config.grammar.directive import Unreadable
from ldirectord_py.config.grammar.server_lines import DEFAULT_WEIGHT, HOST, PORT, FallbackLine, RealLine, forwarding
from ldirectord_py.config.grammar.tree import Checks, Line
from ldirectord_py.config.syntax.yaml_nodes import Mapping, Node, Sequence
from ldirectord_py.config.syntax.yaml_scalars import Words
from ldirectord_py.model.service import Forwarding

REAL_KEYS = ("address", "range", "port", "forwarding", "weight", "request", "receive", "lower", "upper", "checks")
FALLBACK_KEYS = ("address", "port", "forwarding")
_BARE_IPV6 = re.compile(r"[0-9A-Fa-f]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:]*", re.ASCII)


@dataclass(frozen=True, slots=True)
class ServersReader:
    """Reads them."""

    words: Words
    checks: Callable[[Node], Checks]
    """Reads a list of checks."""

    def reals(self, name: str, node: Node) -> list[Line]:
        """Return the lines, called *name*, of a list of real servers."""
        listed = self.words.expect("reals", node, Sequence, "a list")
        return [line for item in (listed.items if listed else ()) for line in self._line(name, item, self._real)]

    def fallback(self, name: str, node: Node) -> list[Line]:
        """Return the line, called *name*, of a fallback."""
        return self._line(name, node, self._fallback)

    def _line(self, name: str, node: Node, meant: Callable[[str, Mapping], object]) -> list[Line]:
        if isinstance(node, Mapping):
            value = meant(name, node)
            redacted = isinstance(value, RealLine) and value.redacted
            return (
                []
                if value is None
                else [Line(node.line, name, None, name, strict=True, redacted=redacted, meant=value)]
            )
        if isinstance(node, Sequence):
            self.words.problem(node, f"{name}: expected a line such as 10.0.0.5:80 gate, or a mapping, but got a list")
            return []
        text = self.words.word(name, node)
        return [] if text is None else [Line(node.line, name, text, name, strict=True)]

    def _real(self, name: str, mapping: Mapping) -> RealLine | None:
        words, found = self.words, self._found(mapping, REAL_KEYS)
        given = [key for key in ("address", "range") if key in found]
        if len(given) != 1 or "forwarding" not in found:
            words.problem(mapping, f"{name}: expected an address or a range, and forwarding: gate, masq or ipip")
            return None
        hosts = self._hosts(given[0], found[given[0]], 1 if given[0] == "address" else 2)
        port, way = self._port(found), self._forwarding(found)
        numbers = {
            key: words.read(key, found[key], value_types.NUMBER) for key in ("weight", "lower", "upper") if key in found
        }
        texts = {key: words.text(key, found[key]) for key in ("request", "receive") if key in found}
        checks = self.checks(found["checks"]) if "checks" in found else ()
        if hosts is None or way is None:
            return None
        request, receive = texts.get("request"), texts.get("receive")
        return RealLine(
            host=hosts[0],
            end=hosts[1] if len(hosts) > 1 else None,
            port=port,
            forwarding=way,
            weight=DEFAULT_WEIGHT if (weight := numbers.get("weight")) is None else weight,
            request=None if request is None else value_types.rooted(request[0]),
            receive=None if receive is None else receive[0],
            lower=numbers.get("lower") or 0,
            upper=numbers.get("upper") or 0,
            checks=checks,
            redacted=any(text is not None and text[1] for text in texts.values()),
        )

    def _fallback(self, name: str, mapping: Mapping) -> FallbackLine | None:
        found = self._found(mapping, FALLBACK_KEYS)
        if "address" not in found:
            self.words.problem(mapping, f"{name}: expected an address")
            return None
        hosts, port = self._hosts("address", found["address"], 1), self._port(found)
        way = self._forwarding(found) if "forwarding" in found else Forwarding.GATE
        return None if hosts is None or way is None else FallbackLine(hosts[0], port, way)

    def _found(self, mapping: Mapping, names: tuple[str, ...]) -> dict[str, Node]:
        meant = f"expected {', '.join(names)}"
        return {key.text: node for key, node in self.words.known(mapping, names, lambda _: meant)}

    def _hosts(self, name: str, node: Node, count: int) -> list[str] | None:
        if (text := self.words.word(name, node)) is None:
            return None
        return self.words.tried(name, node, lambda: [_host(part) for part in _parts(text, count)])

    def _port(self, found: dict[str, Node]) -> str | None:
        if "port" not in found or (text := self.words.word("port", found["port"])) is None:
            return None
        if PORT.fullmatch(text):
            return text
        self.words.unfit("port", found["port"], "expected a number, or a name of /etc/services")
        return None

    def _forwarding(self, found: dict[str, Node]) -> Forwarding | None:
        node = found["forwarding"]
        if (text := self.words.word("forwarding", node)) is None:
            return None
        return self.words.tried("forwarding", node, lambda: forwarding(text))


def _parts(text: str, count: int) -> list[str]:
    parts = text.split("->")
    if len(parts) != count:
        shape = "ADDRESS->ADDRESS, such as 10.0.0.1->10.0.0.9" if count > 1 else "one address; several are a range"
        raise Unreadable(f"expected {shape}")
    return parts


def _host(text: str) -> str:
    host = f"[{text}]" if _BARE_IPV6.fullmatch(text) else text
    if not HOST.fullmatch(host):
        raise Unreadable("expected an address or a name, without a port, such as 10.0.0.5 or 2001:db8::5")
    return host
