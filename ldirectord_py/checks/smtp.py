"""The SMTP check (RFC 5321), for mail servers and, at their port, for submission (RFC 6409)."""

import re
from dataclasses import dataclass

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.goodbye import say_goodbye
from ldirectord_py.checks.matching.patterns import Receive
from ldirectord_py.checks.quoting import quoted
from ldirectord_py.checks.text_lines import Lines
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

_REPLY = re.compile(rb"[1-5][0-9]{2}(?![0-9])")
_CONTINUED = re.compile(rb"[1-5][0-9]{2}-")
_LONGEST = 100

_KNOWS_EHLO = up("greeted, and answered EHLO")
_KNOWS_HELO = up("greeted, and answered HELO")


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """Expects a 2xx greeting and a 2xx reply to EHLO or, where that is refused, to HELO (RFC 5321 §3.1, §3.2).

    The extensions that the server offers are passed over, STARTTLS too: nothing is said that needs them.
    """

    helo: bytes = b"localhost.localdomain"
    """Who we say we are, as in the original."""
    receive: Receive | None = None
    """What one of the lines that the server says has to match."""

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        lines = Lines(peer, self.receive)
        if objection := _objection("greeted with", await _reply(lines)):
            return objection
        await peer.send(b"EHLO %b\r\n" % self.helo)
        reply = await _reply(lines)
        if reply.startswith(b"5"):
            return await self._ask_the_old_way(peer, lines)
        if objection := _objection("EHLO answered with", reply):
            return objection
        await say_goodbye(peer, b"QUIT\r\n")
        return await lines.judge(_KNOWS_EHLO)

    async def _ask_the_old_way(self, peer: Peer, lines: Lines) -> Outcome:
        await peer.send(b"HELO %b\r\n" % self.helo)
        if objection := _objection("EHLO refused, HELO answered with", await _reply(lines)):
            return objection
        await say_goodbye(peer, b"QUIT\r\n")
        return await lines.judge(_KNOWS_HELO)


async def _reply(lines: Lines) -> bytes:
    """Return the last line of a reply: the one without a hyphen after its code (RFC 5321 §4.2.1)."""
    while _CONTINUED.match(line := await lines.next()):
        pass
    return line


def _objection(did: str, reply: bytes) -> Outcome | None:
    """Return the outcome of a reply that is not 2xx."""
    if not _REPLY.match(reply):
        return down(Reason.PROTOCOL, f"{did} {quoted(reply, _LONGEST)}, which is no SMTP reply; expected 2xx")
    if not reply.startswith(b"2"):
        return down(Reason.STATUS, f"{did} {quoted(reply, _LONGEST)}, expected 2xx")
    return None


def build_smtp(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of services smtp and submission."""
    asked = f"{configured.service} greeting and EHLO of {configured.endpoint}"
    return BuiltCheck(check=Smtp(receive=Receive.of(configured.receive)), target=configured.target(), asked=asked)
