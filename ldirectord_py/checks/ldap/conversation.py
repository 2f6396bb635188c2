"""The LDAP check (RFC 4511)."""

from contextlib import suppress
from dataclasses import dataclass, field

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.codecs.ber import BerError
from ldirectord_py.checks.goodbye import say_goodbye
from ldirectord_py.checks.ldap import messages as wire
from ldirectord_py.checks.ldap.messages import LdapMessage, Operation, Result
from ldirectord_py.checks.matching.patterns import PatternGaveUp, Receive
from ldirectord_py.checks.matching.searching import objection_to
from ldirectord_py.checks.quoting import LONGEST, quoted
from ldirectord_py.checks.redaction import redacted
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

MOST_MESSAGES = 16
"""Messages that an answer may take: one entry, its result, and a few that are passed over."""

_BIND, _SEARCH, _UNBIND = 1, 2, 3
_PASSED_OVER = frozenset((Operation.SEARCH_REFERENCE, Operation.INTERMEDIATE_RESPONSE))

_NO_ENTRY = down(Reason.STATUS, "the search ended well, but without the entry that was asked for")
_TWO_ENTRIES = down(Reason.PROTOCOL, "expected one entry, but got more: the search asked for one name")
_NO_RESULT = down(Reason.PROTOCOL, f"expected the search's result, but it did not come within {MOST_MESSAGES} messages")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ldap:
    """Binds, reads one entry, and expects its name or one of its attributes to match (RFC 4511 §4.2, §4.5)."""

    base: bytes = b""
    """The entry's name; empty: what the server says of itself (the root DSE, RFC 4512 §5.1)."""
    login: bytes = field(default=b"", repr=False)
    passwd: bytes = field(default=b"", repr=False)
    """Without login or passwd the bind is anonymous."""
    receive: Receive | None = None

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        try:
            return await self._bind(peer) or await self._search(peer)
        except BerError as error:
            return down(Reason.PROTOCOL, f"expected an LDAP message, but got something else: {error}")

    async def _bind(self, peer: Peer) -> Outcome | None:
        """Return why we are not let in; None where we are."""
        login, passwd = (self.login, self.passwd) if self.login and self.passwd else (b"", b"")
        await peer.send(wire.bind_request(_BIND, login, passwd))
        answer = await wire.read_message(peer)
        if answer.operation != Operation.BIND_RESPONSE or answer.number != _BIND:
            return self._unexpected(answer, "an answer to the bind")
        result = answer.result()
        return down(Reason.STATUS, f"bind answered with {self._told(result)}") if result.code else None

    async def _search(self, peer: Peer) -> Outcome:
        await peer.send(wire.search_request(_SEARCH, self.base, attributes=self.receive is not None))
        entry: LdapMessage | None = None
        for _ in range(MOST_MESSAGES):
            answer = await wire.read_message(peer)
            if answer.number != _SEARCH:
                return self._unexpected(answer, "an answer to the search")
            if answer.operation == Operation.SEARCH_DONE:
                if (result := answer.result()).code:
                    return down(Reason.STATUS, f"search for {quoted(self.base)} answered with {self._told(result)}")
                await say_goodbye(peer, wire.unbind_request(_UNBIND))
                return await self._judge(peer, entry) if entry else _NO_ENTRY
            if answer.operation == Operation.SEARCH_ENTRY:
                if entry is not None:
                    return _TWO_ENTRIES
                entry = answer
            elif answer.operation not in _PASSED_OVER:
                return self._unexpected(answer, "an answer to the search")
        return _NO_RESULT

    async def _judge(self, peer: Peer, entry: LdapMessage) -> Outcome:
        name = entry.name()
        if self.receive is None:
            return up(f"read {self._shown(name)}")
        redact = (self.passwd, self.login)
        objection = await objection_to(peer, self.receive, name, what="the entry's name", redact=redact)
        if not objection:
            return up(f"read {self._shown(name)}, which matches")
        for value in entry.values():
            with suppress(PatternGaveUp):  # and so has not matched
                if await peer.has_match(self.receive, value):
                    return up(f"read {self._shown(name)}, an attribute matches")
        return down(Reason.MISMATCH, f"{objection}; nor does an attribute")

    def _unexpected(self, message: LdapMessage, expected: str) -> Outcome:
        if message.operation == Operation.EXTENDED_RESPONSE and message.number == 0:
            # Notice of Disconnection, RFC 4511 §4.4.1
            return down(Reason.CLOSED, f"the server ended the connection with {self._told(message.result())}")
        return down(
            Reason.PROTOCOL, f"expected {expected}, but got message {message.number} of type {message.operation:#x}"
        )

    def _told(self, result: Result) -> str:
        said = f": {redacted(result.message, self.passwd, self.login)}" if result.message else ""
        return f"{result.name}{said}, expected success"

    def _shown(self, name: bytes) -> str:
        return redacted(name, self.passwd, self.login, longest=LONGEST) if name else "the root DSE"


def build_ldap(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of services ldap and ldaps."""
    entry = configured.shown_request(configured.bare_request)
    asked = f"{configured.service} entry {entry or '(root DSE)'} of {configured.endpoint}"
    return BuiltCheck(check=_ldap(configured), target=configured.target(), asked=asked)


def _ldap(configured: ConfiguredCheck) -> Ldap:
    return Ldap(
        base=_as_bytes(configured.bare_request),
        login=_as_bytes(configured.options.login),
        passwd=_as_bytes(configured.options.passwd),
        receive=Receive.of(configured.receive),
    )


def _as_bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
