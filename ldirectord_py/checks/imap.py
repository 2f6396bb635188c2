"""The IMAP check (RFC 3501, RFC 9051)."""

import re
from dataclasses import dataclass

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.goodbye import say_goodbye
from ldirectord_py.checks.mailbox import Mailbox, build
from ldirectord_py.checks.redaction import redacted
from ldirectord_py.checks.text_lines import Lines
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

_GREETING = re.compile(rb"\* (OK|PREAUTH|BYE)(?![A-Z0-9])", re.IGNORECASE)
_CAPABILITIES = re.compile(rb"[^\[]*+\[CAPABILITY ([^\]]{,65535})", re.IGNORECASE)
"""A response code (RFC 3501 §7.1), so much of it as is searched at once."""
_DISABLED = re.compile(rb"\bLOGINDISABLED\b", re.IGNORECASE)
_BYE = re.compile(rb"\* BYE(?![A-Z0-9])", re.IGNORECASE)
_DONE = re.compile(rb"a1 OK(?![A-Z0-9])", re.IGNORECASE)
_REFUSED = re.compile(rb"a1 (NO|BAD)(?![A-Z0-9])|\* BYE(?![A-Z0-9])", re.IGNORECASE)

_QUOTABLE = re.compile(rb"[\x01-\x09\x0b\x0c\x0e-\x7f]*")
"""What a quoted string can hold: 7-bit characters but NUL, CR and LF (RFC 3501 §9, TEXT-CHAR)."""
_QUOTED_SPECIAL = re.compile(rb'(["\\])')

_GREETED = up("greeted")
_LET_IN = up("greeted, and let us in")
_KNOWN_ALREADY = up("greeted us as known already (PREAUTH), so there is no login")
_LOGIN_DISABLED = down(
    Reason.STATUS, "allows no LOGIN on this connection (LOGINDISABLED): use service=imaps, or check without login"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Imap(Mailbox):
    """Expects a greeting and, where there is a login, to be let in with LOGIN (RFC 3501 §7.1, §6.2.3)."""

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        lines = Lines(peer, self.receive)
        greeting = await lines.next()
        kind = _GREETING.match(greeting)
        if kind is None:
            return self._no("greeted with", greeting, Reason.PROTOCOL, "which is no IMAP greeting; expected * OK")
        if kind[1].upper() == b"BYE":
            return self._no("greeted with", greeting, Reason.STATUS, "expected * OK")
        outcome = _GREETED
        if self.login:
            outcome = await self._log_in(peer, lines, greeting) if kind[1].upper() == b"OK" else _KNOWN_ALREADY
        if outcome.reason is not Reason.OK:
            return outcome
        await say_goodbye(peer, b"a2 LOGOUT\r\n")
        return await lines.judge(outcome, *self._secrets)

    async def _log_in(self, peer: Peer, lines: Lines, greeting: bytes) -> Outcome:
        if (capabilities := _CAPABILITIES.match(greeting)) and _DISABLED.search(capabilities[1]):
            return _LOGIN_DISABLED  # RFC 3501 §6.2.3: then the password must not be sent
        command = b"a1 LOGIN"
        for word in (self.login, self.passwd):
            if _QUOTABLE.fullmatch(word):
                command += b' "%b"' % _escaped(word)
                continue
            # A literal (RFC 3501 §4.3): its length, then itself once the server is ready for it.
            await peer.send(b"%b {%d}\r\n" % (command, len(word)))
            if not (answer := await _answer(lines)).startswith(b"+"):
                return self._refused(answer)
            command = word
        await peer.send(command + b"\r\n")
        answer = await _answer(lines)
        return _LET_IN if _DONE.match(answer) else self._refused(answer)

    def _refused(self, answer: bytes) -> Outcome:
        if _REFUSED.match(answer):
            return self._no("LOGIN answered with", answer, Reason.STATUS, "expected OK")
        return self._no("LOGIN answered with", answer, Reason.PROTOCOL, "which is no IMAP response to it; expected OK")

    def _no(self, did: str, response: bytes, reason: Reason, expected: str) -> Outcome:
        return down(reason, f"{did} {redacted(response, *self._secrets)}, {expected}")

    @property
    def _secrets(self) -> tuple[bytes, ...]:
        return self.passwd, _escaped(self.passwd), self.login, _escaped(self.login)


def _escaped(text: bytes) -> bytes:
    return _QUOTED_SPECIAL.sub(rb"\\\1", text)


async def _answer(lines: Lines) -> bytes:
    """Return the next line that is about our command, or a BYE; what the server tells of itself is passed over."""
    while (line := await lines.next()).startswith(b"* ") and not _BYE.match(line):
        pass
    return line


def build_imap(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of services imap and imaps, over TLS from the start (RFC 8314 §3.2)."""
    return build(Imap, "IMAP", configured, lines=True)
