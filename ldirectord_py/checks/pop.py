"""The POP3 check (RFC 1939)."""

from dataclasses import dataclass

from ldirectord_py.checks.building.built_check import BuiltCheck
from ldirectord_py.checks.building.configured_check import ConfiguredCheck
from ldirectord_py.checks.goodbye import say_goodbye
from ldirectord_py.checks.mailbox import Mailbox, build
from ldirectord_py.checks.redaction import redacted
from ldirectord_py.checks.text_lines import Lines
from ldirectord_py.model.checks.conversation import Peer
from ldirectord_py.model.checks.outcome import Outcome, Reason, down, up

_GREETED = up("greeted")
_LET_IN = up("greeted, and let us in")
_IN_USE = up("greeted, and knows us; the mailbox is in use")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pop(Mailbox):
    """Expects a greeting and, where there is a login, to be let in with USER and PASS (RFC 1939 §4, §7)."""

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        lines = Lines(peer, self.receive)
        if objection := self._objection("greeted with", await lines.next()):
            return objection
        outcome = await self._log_in(peer, lines) if self.login else _GREETED
        if outcome.reason is not Reason.OK:
            return outcome
        await say_goodbye(peer, b"QUIT\r\n")
        return await lines.judge(outcome, self.passwd, self.login)

    async def _log_in(self, peer: Peer, lines: Lines) -> Outcome:
        await peer.send(b"USER %b\r\n" % self.login)
        if objection := self._objection("USER answered with", await lines.next()):
            return objection
        await peer.send(b"PASS %b\r\n" % self.passwd)
        response = await lines.next()
        if response.upper().startswith(b"-ERR [IN-USE]"):
            return _IN_USE  # the password was right, RFC 2449 §8.1.1; another director may be at it
        return self._objection("PASS answered with", response) or _LET_IN

    def _objection(self, did: str, response: bytes) -> Outcome | None:
        """Return the outcome of a response that is not +OK."""
        if response.startswith(b"+OK"):
            return None
        shown = redacted(response, self.passwd, self.login)
        if response.startswith(b"-ERR"):
            return down(Reason.STATUS, f"{did} {shown}, expected +OK")
        return down(Reason.PROTOCOL, f"{did} {shown}, which is no POP3 response; expected +OK")


def build_pop(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of services pop and pops, over TLS from the start (RFC 8314 §3.2)."""
    return build(Pop, "POP3", configured)
