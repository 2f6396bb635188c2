"""DNS checks from the words of a configuration."""

from ipaddress import ip_address

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.dns.conversation import Dns
from ldirectord_py.checks.dns.messages import RecordType
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checks.conversation import Transport

_EXAMPLES = "such as www.example.org, www.example.org AAAA, or an address"


def build_dns(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of service dns."""
    stream = configured.transport is Transport.TCP
    name, kind = _question(configured.bare_request)
    pattern = Receive.of(configured.receive)
    try:
        check = Dns(name=name, kind=kind, receive=pattern, stream=stream)
    except ValueError as error:
        sentence = f"expected a name to ask for, {_EXAMPLES}, but got {_shown(configured.request)}: {error}"
        raise InvalidOption("request", sentence) from error
    question = configured.shown_request(f"{name.removesuffix('.') or '.'} {kind}")
    asked = f"query of {question} at {configured.endpoint}{' over TCP' if stream else ''}"
    return BuiltCheck(check=check, target=configured.target(), asked=asked)


def _question(request: str) -> tuple[str, RecordType]:
    """Return the complete name and the type that a request asks for: `NAME`, `NAME TYPE`, or an address."""
    name, *types = request.split() or [""]
    try:
        kinds = [RecordType(word.upper()) for word in types[:2]]
    except ValueError:
        kinds = list(RecordType)
    if len(kinds) > 1:
        raise InvalidOption("request", f"expected a name to ask for, {_EXAMPLES}, but got {_shown(request)}")
    kind = kinds[0] if kinds else None
    if kind in {None, RecordType.PTR} and (reverse := _reverse(name)):
        return reverse, RecordType.PTR
    # Search domains are not appended: what a check asks must not depend on the director's resolv.conf.
    return name.removesuffix(".") + ".", kind or RecordType.A


def _reverse(text: str) -> str | None:
    """Return the name that stands for an address in the tree of addresses; None where *text* is none."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return f"{address.reverse_pointer}."


def _shown(text: str) -> str:
    return quoted(text.encode("utf-8", "surrogateescape"))
