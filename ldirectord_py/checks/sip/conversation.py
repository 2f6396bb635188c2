"""The SIP check: OPTIONS (RFC 3261 §11)."""

import re
import secrets
from dataclasses import dataclass, field

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.building.invalid_option import InvalidOption
from ldirectord_py.checks.codecs.digest import Credentials
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.checks.redaction import redacted
from ldirectord_py.checks.sip.answer import SipAnswer, read_datagram, read_stream
from ldirectord_py.model.checks.conversation import Peer, Transport
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

_METHOD = "OPTIONS"
_SENT_BY = "ldirectord-py.invalid"
"""Where we are, in `Via`: a name that nobody has (RFC 2606), so that the server goes by where the request came from."""
_COOKIE = "z9hG4bK"
"""How each branch begins, RFC 3261 §8.1.1.7."""
_AUTHORIZATION = {401: (b"www-authenticate", "Authorization"), 407: (b"proxy-authenticate", "Proxy-Authorization")}
"""The header that asks for a password, and the one that answers it (RFC 3261 §22)."""
_MOST_STRANGE = 64
"""Answers that are passed over, so that a flood of them holds nobody up."""
_STRANGE = down(Reason.PROTOCOL, f"{_MOST_STRANGE} answers came, and none was the final answer to what was asked")
_NO_URI = re.compile(r'[\x00-\x20\x7f<>"\\]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Sip:
    """Asks a server for its abilities and expects the answer 200.

    A server that wants to know who asks is told so, once, if there are credentials.
    """

    transport: Transport = Transport.TCP
    uri: str = field(repr=False)
    """Who is asked for, and who asks."""
    credentials: Credentials | None = None

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        call, tag = secrets.token_hex(16), secrets.token_hex(8)
        answer = await self._ask(peer, call, tag, number=1)
        if isinstance(answer, Outcome):
            return answer
        if self.credentials is not None and answer.status in _AUTHORIZATION:
            authorization = self._authorized(self.credentials, answer)
            if authorization is None:
                shown = self._shown(b"; ".join(answer.values(_AUTHORIZATION[answer.status][0])))
                return down(Reason.PROTOCOL, f"expected a challenge of Digest with MD5 or SHA-256, but got {shown}")
            answer = await self._ask(peer, call, tag, authorization, number=2)
            if isinstance(answer, Outcome):
                return answer
        return self._judged(answer)

    async def _ask(self, peer: Peer, call: str, tag: str, *more: str, number: int) -> SipAnswer | Outcome:
        """Send the request *number* of a call, and return the final answer to it."""
        await peer.send(self._request(call, tag, *more, number=number))
        for _ in range(_MOST_STRANGE):
            answer = await (read_datagram if self.transport is Transport.UDP else read_stream)(peer, self._shown)
            if isinstance(answer, Outcome):
                return answer
            # Provisional answers are followed by another (RFC 3261 §7.2); a late one may be of an earlier request.
            if answer.status >= 200 and answer.is_about(call.encode(), number):
                return answer
        return _STRANGE

    def _request(self, call: str, tag: str, *more: str, number: int) -> bytes:
        lines = (
            f"{_METHOD} {self.uri} SIP/2.0",
            # `rport` asks for the answer to come back to where the request came from (RFC 3581).
            f"Via: SIP/2.0/{self.transport.upper()} {_SENT_BY};rport;branch={_COOKIE}{secrets.token_hex(8)}",
            "Max-Forwards: 70",
            f"To: <{self.uri}>",
            f"From: <{self.uri}>;tag={tag}",
            f"Call-ID: {call}",
            f"CSeq: {number} {_METHOD}",
            f"Contact: <{self.uri}>",
            *more,
            "Accept: application/sdp",
            "User-Agent: ldirectord-py",
            "Content-Length: 0",
            "\r\n",
        )
        return "\r\n".join(lines).encode("utf-8", "surrogateescape")

    def _authorized(self, credentials: Credentials, answer: SipAnswer) -> str | None:
        asked, header = _AUTHORIZATION[answer.status]
        challenges = [value.decode("utf-8", "surrogateescape") for value in answer.values(asked)]
        cnonce = secrets.token_hex(8)
        authorization = credentials.answer(challenges, method=_METHOD, uri=self.uri, cnonce=cnonce)
        return None if authorization is None else f"{header}: {authorization}"

    def _judged(self, answer: SipAnswer) -> Outcome:
        shown = self._shown(answer.phrase)
        if answer.status == 200:
            return up(f"{_METHOD} answered with {shown}")
        hint = ""
        if answer.status in _AUTHORIZATION:
            hint = (
                ": the server wants a password, set passwd" if self.credentials is None else ": wrong login or passwd"
            )
        return down(Reason.STATUS, f"{_METHOD} answered with {shown}, expected 200{hint}")

    def _shown(self, text: bytes) -> str:
        known = self.credentials
        told = (self.uri.removeprefix("sip:"), *((known.passwd, known.username) if known else ()))
        return redacted(text, *(one.encode("utf-8", "surrogateescape") for one in told))


def build_sip(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of service sip.

    The login is the address that is asked for; without one, the server itself is.  Its part before the `@` is who
    logs in, if there is a password.
    """
    options, endpoint = configured.options, configured.endpoint
    if found := _NO_URI.search(options.login):
        shown = quoted(found[0].encode("utf-8", "surrogateescape"))
        raise InvalidOption(
            "login", f"expected a user and a host, such as ldirectord@example.org, but there is a {shown}"
        )
    credentials = (
        Credentials(username=options.login.partition("@")[0], passwd=options.passwd) if options.passwd else None
    )
    check = Sip(transport=configured.transport, uri=f"sip:{options.login or endpoint}", credentials=credentials)
    asked = f"sip OPTIONS of {endpoint}{' over UDP' if configured.transport is Transport.UDP else ''}"
    return BuiltCheck(check=check, target=configured.target(), asked=asked)
