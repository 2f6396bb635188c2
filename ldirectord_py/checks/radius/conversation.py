"""The RADIUS check (RFC 2865)."""

import secrets
from dataclasses import dataclass, field

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.datagrams import own_answer
from ldirectord_py.checks.radius import packet as wire
from ldirectord_py.checks.radius.packet import AttributeType, Code
from ldirectord_py.checks.redaction import redacted
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

_ACCEPTED = up("Access-Accept")
_NO_ANSWER = down(Reason.PROTOCOL, "expected a RADIUS answer to our request, but other datagrams came")
_NO_SECRET = down(
    Reason.STATUS, "service radius needs the secret that the server shares with this director: set secret"
)
_UNSIGNED = down(
    Reason.PROTOCOL,
    "the answer's authenticator is wrong: expected one made with our secret; the server has another for this director",
)
_CHALLENGED = down(
    Reason.STATUS, "Access-Challenge: the server asks for more than a password, expected Access-Accept at once"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Radius:
    """Asks whether a user may come in with a password (PAP), and expects Access-Accept (RFC 2865 §4)."""

    login: bytes = field(repr=False)
    passwd: bytes = field(repr=False)
    secret: bytes = field(repr=False)

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        authenticator = secrets.token_bytes(wire.AUTHENTICATOR)
        request = wire.access_request(secrets.randbelow(256), authenticator, self._asked(authenticator), self.secret)
        await peer.send(request)
        answer = await own_answer(peer, lambda datagram: datagram[1:2] == request[1:2])
        return self._judge(answer, authenticator) if answer else _NO_ANSWER

    def _asked(self, authenticator: bytes) -> bytes:
        """Return the attributes; we say who we are by name, as a conversation knows no address of ours (§4.1)."""
        name = wire.attribute(AttributeType.USER_NAME, self.login) if self.login else b""
        password = wire.attribute(AttributeType.USER_PASSWORD, wire.hidden(self.passwd, authenticator, self.secret))
        return name + password + wire.attribute(AttributeType.NAS_IDENTIFIER, b"ldirectord-py")

    def _judge(self, datagram: bytes, authenticator: bytes) -> Outcome:
        try:
            packet = wire.answer_in(datagram)
            if not wire.is_signed(packet, authenticator, self.secret):
                return _UNSIGNED
            said = b"".join(one.content for one in wire.attributes(packet) if one.kind == AttributeType.REPLY_MESSAGE)
        except wire.RadiusPacketError as error:
            shown = redacted(datagram, self.passwd, self.login, self.secret)
            return down(Reason.PROTOCOL, f"expected a RADIUS answer, but got {shown}: {error}")
        match packet[0]:
            case Code.ACCESS_ACCEPT:
                return _ACCEPTED
            case Code.ACCESS_REJECT:
                words = f"; it says {redacted(said, self.passwd, self.login, self.secret)}" if said else ""
                return down(Reason.STATUS, f"Access-Reject: the server does not accept login and passwd{words}")
            case Code.ACCESS_CHALLENGE:
                return _CHALLENGED
            case code:
                return down(Reason.PROTOCOL, f"expected Access-Accept, but got a packet with code {code}")


def build_radius(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of service radius."""
    options = configured.options
    if not options.secret:
        return BuiltCheck.fixed(_NO_SECRET)
    check = Radius(
        login=_within(options.login, "login", wire.LONGEST_TEXT),
        passwd=_within(options.passwd, "passwd", wire.LONGEST_PASSWORD),
        secret=_within(options.secret, "secret", None),
    )
    return BuiltCheck(check=check, target=configured.target(), asked=f"radius login at {configured.endpoint}")


def _within(text: str, directive: str, longest: int | None) -> bytes:
    """Return *text* as bytes; raises `InvalidOption` where RADIUS has no room for it."""
    data = text.encode("utf-8", "surrogateescape")
    if longest is not None and len(data) > longest:
        raise InvalidOption(directive, f"expected at most {longest} bytes for service radius, but got {len(data)}")
    return data
