"""The NNTP check (RFC 3977)."""

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

_RESPONSE = re.compile(rb"[1-5][0-9]{2}(?![0-9])")
_LONGEST = 100

_GREETED = up("greeted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Nntp:
    """Expects a 2xx greeting: 200 where posting is allowed, 201 where it is not (RFC 3977 §5.1)."""

    receive: Receive | None = None
    """What one of the lines that the server says has to match."""

    async def probe(self, peer: Peer) -> Outcome:
        """See `Conversation.probe`."""
        lines = Lines(peer, self.receive)
        greeting = await lines.next()
        if not _RESPONSE.match(greeting):
            sentence = f"greeted with {quoted(greeting, _LONGEST)}, which is no NNTP response; expected 2xx"
            return down(Reason.PROTOCOL, sentence)
        if not greeting.startswith(b"2"):
            return down(Reason.STATUS, f"greeted with {quoted(greeting, _LONGEST)}, expected 2xx")
        await say_goodbye(peer, b"QUIT\r\n")
        return await lines.judge(_GREETED)


def build_nntp(configured: ConfiguredCheck) -> BuiltCheck:
    """Return the check of service nntp."""
    check = Nntp(receive=Receive.of(configured.receive))
    return BuiltCheck(check=check, target=configured.target(), asked=f"nntp greeting of {configured.endpoint}")
