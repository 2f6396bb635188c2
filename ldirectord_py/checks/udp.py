"""The check of a protocol in datagrams: one is sent, one comes back."""

import re
from dataclasses import dataclass

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.matching.searching import objection_to
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

LARGEST = 65_507
"""Bytes: what IPv4 has room for in one datagram of UDP (RFC 768, RFC 791)."""
SENDS = 3
"""How often the question is sent while there is no answer: datagrams may get lost on their way."""

_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|[nrt0\\])|\\(.{0,3})", re.DOTALL)
_MEANINGS = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"0": b"\0", b"\\": b"\\"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Udp:
    """Sends one datagram and expects one, which matches where there is a pattern.

    An empty datagram is a question too, and an answer: daytime (RFC 867) and its kind answer whatever they are sent.
    """

    request: bytes = b""
    receive: Receive | None = None

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        await peer.send(self.request)
        answer = await peer.some()
        if self.receive is not None:
            objection = await objection_to(peer, self.receive, answer, what="the answer")
            if objection:
                return down(Reason.MISMATCH, objection)
        return up(f"answered {quoted(answer)}")


def build_udp(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of service udp, over UDP whatever the virtual's protocol is."""
    text = configured.bare_request.encode("utf-8", "surrogateescape")
    payload = _ESCAPE.sub(_meant, text)
    if len(payload) > LARGEST:
        raise InvalidOption("request", f"expected at most {LARGEST} bytes for one datagram, but got {len(payload)}")
    check = Udp(request=payload, receive=Receive.of(configured.receive))
    asked = f"udp answer of {configured.endpoint}"
    return BuiltCheck(check=check, target=configured.target(), asked=asked, sends=SENDS)


def _meant(escape: re.Match[bytes]) -> bytes:
    r"""Return the byte that an escape stands for: `\n`, `\r`, `\t`, `\0`, `\\` or `\xNN`."""
    if (known := escape[1]) is None:
        expected = r"expected \n, \r, \t, \0, \\ or \xNN with two hexadecimal digits"
        raise InvalidOption("request", f"{expected}, but got {quoted(escape[0])}")
    return _MEANINGS.get(known) or bytes.fromhex(known[1:].decode())
